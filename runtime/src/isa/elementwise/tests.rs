//! What the instruction set does of elementwise operators, against their definitions.

#![allow(unsafe_code)] // Functions of instruction sets are called one by one.

use super::*;
use crate::kernels::gate::{GATE_TABLE, sigmoid};
use crate::kernels::sink::Out;
use crate::random::Random;
use crate::rounding::{self, Scale};
use proptest::prelude::*;
use std::vec::Vec;

/// Elements of an operand.
const COUNT: usize = 149;

/// Values of int8 or int16, many of them at the ends of the range.
#[derive(Clone)]
struct Values {
    narrow: bool,
    i8: Vec<i8>,
    i16: Vec<i16>,
    zero_point: i32,
}

impl Values {
    fn new(random: &mut Random, narrow: bool) -> Self {
        let mut draw = || match random.next_u32() % 4 {
            0 => i16::MIN,
            1 => i16::MAX,
            _ => random.next_u32() as i16,
        };
        let i16: Vec<i16> = (0..COUNT).map(|_| draw()).collect();
        let i8 = i16.iter().map(|&value| (value >> 8) as i8).collect();
        let zero_point = if narrow { i32::from(draw() >> 8) } else { 0 };
        Self {
            narrow,
            i8,
            i16,
            zero_point,
        }
    }

    fn operand(&self) -> Operand<'_> {
        Operand {
            values: match self.narrow {
                true => Integers::I8(&self.i8),
                false => Integers::I16(&self.i16),
            },
            zero_point: self.zero_point,
        }
    }

    /// The value with its zero point, and without.
    fn at(&self, index: usize) -> (i32, i32) {
        let value = match self.narrow {
            true => self.i8[index].into(),
            false => self.i16[index].into(),
        };
        (value, value - self.zero_point)
    }
}

/// A scale word of any shift.
fn word(random: &mut Random) -> u32 {
    let shift = Scale::MIN_SHIFT + random.next_u32() % (Scale::MAX_SHIFT - Scale::MIN_SHIFT + 1);
    1 << 30 | (random.next_u32() & 0x3FFF_FF00) | shift.min(31 + random.next_u32() % 12)
}

/// What `run` stores, and the same number of elements by `expected`; how many.
fn both(
    random: &mut Random,
    narrow: bool,
    count: usize,
    run: impl FnOnce(&mut Sink<'_>) -> usize,
    expected: impl Fn(usize) -> i32,
) -> (Vec<i32>, Vec<i32>) {
    let zero_point = if narrow {
        i32::from(random.next_u32() as i8)
    } else {
        0
    };
    let (low, high) = match (narrow, random.next_u32().is_multiple_of(2)) {
        (true, true) => (-128, 127),
        (false, true) => (-32768, 32767),
        _ => (-17, 90),
    };
    let (mut bytes, mut words) = (std::vec![0i8; count], std::vec![0i16; count]);
    let sink = |out| Sink {
        out,
        zero_point,
        low,
        high,
    };
    let done = match narrow {
        true => run(&mut sink(Out::I8(&mut bytes))),
        false => run(&mut sink(Out::I16(&mut words))),
    };
    // The scalar definition stores the elements that were done into a sink of its own.
    let (mut scalar_bytes, mut scalar_words) = (std::vec![0i8; count], std::vec![0i16; count]);
    let mut scalar = match narrow {
        true => sink(Out::I8(&mut scalar_bytes)),
        false => sink(Out::I16(&mut scalar_words)),
    };
    (0..done).for_each(|index| scalar.put(index, expected(index)));
    let all = |bytes: &[i8], words: &[i16]| match narrow {
        true => bytes.iter().map(|&value| value.into()).collect(),
        false => words.iter().map(|&value| value.into()).collect(),
    };
    if done == 0 {
        std::eprintln!("skipped: this processor has no elementwise operators of its own");
    } else {
        assert!(done + 16 > count, "{done} of {count}");
    }
    (all(&bytes, &words), all(&scalar_bytes, &scalar_words))
}

/// Two terms with guard bits, see `Add` and `Gate`.
fn joined(a: i32, b: i32) -> i32 {
    a.saturating_add(b).saturating_add(1 << 7) >> 8
}

proptest! {
    #[test]
    fn sums_are_those_of_the_definition(narrow: [bool; 3], seed: u64) {
        let mut random = Random::new(seed);
        let [a, b] = [narrow[0], narrow[1]].map(|narrow| Values::new(&mut random, narrow));
        let scales = [word(&mut random), word(&mut random)];
        let sum = Sum { operands: [a.operand(), b.operand()], scales, count: COUNT };
        let (found, expected) = both(&mut random, narrow[2], COUNT, |sink| add(&sum, sink), |index| {
            let [a, b] = [(&a, scales[0]), (&b, scales[1])].map(|(x, scale)| {
                Scale::loaded(scale).requantise(x.at(index).1 << 15)
            });
            joined(a, b)
        });
        prop_assert_eq!(found, expected);
    }

    /// Either operand, or both, where the result goes.
    #[test]
    fn sums_in_place_are_those_of_the_definition(narrow: [bool; 2], replaced in 1usize..4, seed: u64) {
        let mut random = Random::new(seed);
        let mut values = narrow.map(|narrow| Values::new(&mut random, narrow));
        // What is replaced has the type of the result.
        let replaced = [replaced & 1 != 0, replaced & 2 != 0];
        let out_narrow = narrow[usize::from(!replaced[0])];
        if replaced == [true; 2] {
            values[1] = Values { zero_point: values[1].zero_point, ..values[0].clone() };
        }
        let scales = [word(&mut random), word(&mut random)];
        let expected: Vec<i32> = (0..COUNT).map(|index| {
            let [a, b] = [0, 1].map(|i| {
                Scale::loaded(scales[i]).requantise(values[i].at(index).1 << 15)
            });
            joined(a, b)
        }).collect();
        let operands = [0, 1].map(|i| Operand {
            values: if replaced[i] { Integers::Replaced } else { values[i].operand().values },
            zero_point: values[i].zero_point,
        });
        let own = values[usize::from(!replaced[0])].clone();
        let (mut bytes, mut words) = (own.i8, own.i16);
        let (low, high) = if out_narrow { (-128, 127) } else { (-32768, 32767) };
        let zero_point = if out_narrow { 5 } else { 0 };
        let out = if out_narrow { Out::I8(&mut bytes) } else { Out::I16(&mut words) };
        let mut sink = Sink { out, zero_point, low, high };
        let done = add(&Sum { operands, scales, count: COUNT }, &mut sink);
        for (index, &expected) in expected.iter().enumerate().take(done) {
            let found = if out_narrow { bytes[index].into() } else { i32::from(words[index]) };
            prop_assert_eq!(found, (expected + zero_point).max(low).min(high), "{}", index);
        }
    }

    #[test]
    fn gates_are_those_of_the_definition(narrow: [bool; 4], seed: u64) {
        let mut random = Random::new(seed);
        let [a, b, x] = [narrow[0], narrow[1], narrow[2]].map(|narrow| Values::new(&mut random, narrow));
        let scales = [word(&mut random), word(&mut random)];
        let table: Vec<i16> = (0..GATE_TABLE).map(|_| random.next_u32() as i16 & i16::MAX).collect();
        let parts = Gate {
            operands: [a.operand(), b.operand(), x.operand()],
            narrow: narrow[1],
            scales,
            table: &table,
            count: COUNT,
        };
        let (found, expected) = both(&mut random, narrow[3], COUNT, |sink| gate(&parts, sink), |index| {
            let s = sigmoid(&table, b.at(index).0 << if narrow[1] { 8 } else { 0 });
            let product = Scale::loaded(scales[0]).requantise(a.at(index).1 * s);
            joined(product, Scale::loaded(scales[1]).requantise(x.at(index).1 << 15))
        });
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn rescaled_values_are_those_of_the_definition(narrow: bool, out: bool, seed: u64) {
        let mut random = Random::new(seed);
        let x = Values::new(&mut random, narrow);
        let scale = word(&mut random);
        // Rows of any width, with gaps of any width between them.
        let (width, gap) = (1 + random.next_u32() as usize % COUNT, random.next_u32() as usize % 20);
        let (count, first) = (COUNT / width, random.next_u32() as usize % 9);
        let pitch = width + gap;
        let length = first + pitch * (count - 1) + width;
        let run = |sink: &mut Sink<'_>| {
            let operand = x.operand();
            let done = rescale(&Rows { operand, count, width, first, pitch }, scale, sink);
            if done { length } else { 0 }
        };
        let (mut found, mut expected) = both(&mut random, out, length, run, |index| {
            let (row, at) = ((index.max(first) - first) / pitch, (index.max(first) - first) % pitch);
            match index >= first && at < width {
                true => Scale::loaded(scale).requantise(x.at(row * width + at).1),
                false => 0,
            }
        });
        // What lies between rows stays as it was.
        for index in 0..length {
            if index < first || (index - first) % pitch >= width {
                prop_assert_eq!(found[index], 0);
                (found[index], expected[index]) = (0, 0);
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn quantised_values_are_those_of_the_definition(narrow: bool, exponent in -20i32..4, seed: u64) {
        let mut random = Random::new(seed);
        let scale = f32::from_bits(((127 + exponent) as u32) << 23) * 1.37;
        let special = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e30, -1e30];
        let x: Vec<f32> = (0..COUNT).map(|index| match random.next_u32() % 4 {
            0 => special[index % special.len()],
            // Halves of a step: where rounding decides.
            1 => (random.next_u32() as i16) as f32 * 0.5 * scale,
            2 => f32::from_bits(random.next_u32()),
            _ => random.next_u32() as i16 as f32 * 1e-3,
        }).collect();
        let run = |sink: &mut Sink<'_>| quantise(&x, scale, sink);
        let (found, expected) = both(&mut random, narrow, COUNT, run, |index| {
            rounding::quantise(x[index], scale, 0, i32::MIN, i32::MAX)
        });
        prop_assert_eq!(found, expected);
    }
}

/// What AVX2 has, on processors that have more, too.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::super::super::x86::Avx2;
    use super::super::super::{avx2_elementwise, x86};
    use super::*;

    proptest! {
        #[test]
        fn sums_are_those_of_the_definition(seed: u64) {
            let mut random = Random::new(seed);
            let [a, b] = [(); 2].map(|()| Values::new(&mut random, true));
            let scales = [word(&mut random), word(&mut random)];
            let sum = Sum { operands: [a.operand(), b.operand()], scales, count: COUNT };
            let run = |sink: &mut Sink<'_>| match Avx2::is_here() {
                // SAFETY: the processor has the function's features.
                true => unsafe { avx2_elementwise::add(&sum, sink) }.unwrap_or(0),
                false => 0,
            };
            let (found, expected) = both(&mut random, true, COUNT, run, |index| {
                let [a, b] = [(&a, scales[0]), (&b, scales[1])].map(|(x, scale)| {
                    Scale::loaded(scale).requantise(x.at(index).1 << 15)
                });
                joined(a, b)
            });
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn quantised_values_are_those_of_the_definition(narrow: bool, seed: u64) {
            let mut random = Random::new(seed);
            let scale = 0.0137;
            let x: Vec<f32> = (0..COUNT).map(|index| match random.next_u32() % 4 {
                0 => [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 1e30][index % 5],
                1 => (random.next_u32() as i16) as f32 * 0.5 * scale,
                2 => f32::from_bits(random.next_u32()),
                _ => random.next_u32() as i16 as f32 * 1e-3,
            }).collect();
            let run = |sink: &mut Sink<'_>| match Avx2::is_here() {
                // SAFETY: the processor has the function's features.
                true => unsafe { avx2_elementwise::quantise(&x, scale, sink) }.unwrap_or(0),
                false => 0,
            };
            let (found, expected) = both(&mut random, narrow, COUNT, run, |index| {
                rounding::quantise(x[index], scale, 0, i32::MIN, i32::MAX)
            });
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn means_are_those_of_the_definition(
            lines in 1usize..6, columns in 1usize..6, channels in 1usize..80, more in 0usize..4,
            zero in -128i32..=127, seed: u64,
        ) {
            let mut random = Random::new(seed);
            let (stride, first) = (channels + more, more * 3);
            let pitch = stride * columns + more;
            let length = first + (lines - 1) * pitch + (columns - 1) * stride + channels;
            let image: Vec<i8> = (0..length).map(|_| random.next_u32() as i8).collect();
            let inside = lines * columns;
            let all = inside + more;
            let taps = Pooled { first, lines, columns, stride, pitch, inside, all };
            let mut out = std::vec![0i8; channels];
            if !Avx2::is_here() {
                std::eprintln!("skipped: this processor has no AVX2");
                return Ok(());
            }
            // SAFETY: the processor has the function's features.
            unsafe { avx2_elementwise::means(&taps, &image, zero, &mut out) }.unwrap();
            let mut best = out.clone();
            x86::means(&taps, &image, zero, &mut best).unwrap();
            for (c, (out, best)) in out.into_iter().zip(best).enumerate() {
                let mut sum = 0i64;
                for line in 0..lines { for column in 0..columns {
                    sum += i64::from(image[first + line * pitch + column * stride + c]) - i64::from(zero);
                }}
                let n = all as i64;
                let expected = (2 * sum + n).div_euclid(2 * n) + i64::from(zero);
                prop_assert_eq!((i64::from(out), i64::from(best)), (expected, expected));
            }
        }
    }
}

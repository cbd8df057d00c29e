//! Sums of int8 in 32 bits: no product of 64, which takes a small chip dozens of instructions.
//!
//! ```text
//! requantise((x − z) · 2¹⁵, k · 2⁸ / 2ᵗ) = ⌊((x − z) · k + 2ˢ⁻¹) / 2ˢ⌋        s = t − 23
//! ```
//!
//! k is below 2²³ and |x − z| at most 255: with s up to 23 the sum fits 32 bits. Greater ones are for
//! operands that come to less than a step of the result, and left to the general loop.

use crate::isa::elementwise::Sum;
use crate::kernels::sink::{Out, Sink};
use crate::kernels::types::Integers;
use crate::kernels::{rows, rows_mut};

/// What an operand's elements come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub factor: i32,
    /// `2ˢ⁻¹ − z · k`.
    pub offset: i32,
    pub shift: u32,
}

impl Term {
    /// For elements with this scale word and zero point; `None` where they do not fit 32 bits.
    pub fn new(word: u32, zero_point: i32) -> Option<Self> {
        let factor = (word >> 8) as i32;
        // From 8 on: t is at least 31.
        let shift = (word & 0xFF).checked_sub(23).filter(|&s| s <= 23)?;
        let zero = factor.wrapping_mul(zero_point);
        Some(Self {
            factor,
            offset: (1i32 << shift >> 1).wrapping_sub(zero),
            shift,
        })
    }

    #[inline(always)]
    fn of(self, x: i8) -> i32 {
        let product = i32::from(x).wrapping_mul(self.factor);
        product.wrapping_add(self.offset) >> self.shift
    }
}

/// From the sum of two terms to int8.
#[derive(Clone, Copy)]
struct Finish {
    /// A half of the eight guard bits, and the zero point in front of them.
    round: i32,
    low: i32,
    high: i32,
}

impl Finish {
    #[inline(always)]
    fn of(self, sum: i32) -> i8 {
        let value = sum.wrapping_add(self.round) >> 8;
        value.max(self.low).min(self.high) as i8
    }
}

/// `Add` of int8, b of `repeated` elements: how many it has done, all or none.
#[cfg_attr(target_arch = "x86_64", inline(always))] // Compiled anew for AVX2.
pub(crate) fn add(sum: &Sum<'_>, repeated: usize, sink: &mut Sink<'_>) -> usize {
    match add_int8(sum, repeated, sink) {
        Some(()) => sum.count,
        None => 0,
    }
}

/// `None` where types or terms do not fit.
#[cfg_attr(target_arch = "x86_64", inline(always))] // Compiled anew for AVX2.
fn add_int8(sum: &Sum<'_>, repeated: usize, sink: &mut Sink<'_>) -> Option<()> {
    let [a, b] = sum.operands;
    let [scale_a, scale_b] = sum.scales;
    let terms = [
        Term::new(scale_a, a.zero_point)?,
        Term::new(scale_b, b.zero_point)?,
    ];
    let finish = Finish {
        round: (sink.zero_point << 8).wrapping_add(1 << 7),
        low: sink.low,
        high: sink.high,
    };
    let Out::I8(out) = &mut sink.out else {
        return None;
    };
    add_rows(
        int8(a.values)?,
        int8(b.values)?,
        out,
        repeated,
        terms,
        finish,
    );
    Some(())
}

/// Elements of int8, none of an operand that is replaced.
fn int8(values: Integers<'_>) -> Option<&[i8]> {
    match values {
        Integers::I8(values) => Some(values),
        Integers::I16(_) => None,
        Integers::Replaced => Some(&[]),
    }
}

/// An operand without elements stands where the result goes.
#[cfg_attr(target_arch = "x86_64", inline(always))] // Compiled anew for AVX2.
fn add_rows(
    a: &[i8],
    b: &[i8],
    out: &mut [i8],
    repeated: usize,
    [term_a, term_b]: [Term; 2],
    finish: Finish,
) {
    let mut rows_a = rows(a, repeated);
    for out in rows_mut(out, repeated) {
        match (rows_a.next(), b.is_empty()) {
            (Some(a), false) => {
                for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
                    *out = finish.of(term_a.of(a) + term_b.of(b));
                }
            }
            (Some(a), true) => add_to(out, a, term_b, term_a, finish),
            (None, false) => add_to(out, b, term_a, term_b, finish),
            (None, true) => {
                for out in out {
                    *out = finish.of(term_a.of(*out) + term_b.of(*out));
                }
            }
        }
    }
}

/// `own` is the term of what stands in `out`.
#[cfg_attr(target_arch = "x86_64", inline(always))]
#[cfg_attr(not(target_arch = "x86_64"), inline(never))]
fn add_to(out: &mut [i8], x: &[i8], own: Term, term: Term, finish: Finish) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = finish.of(own.of(*out) + term.of(x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounding::Scale;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn equals_its_naive_twin(
            scales in prop::array::uniform2((1u32 << 22..1 << 23, 31u32..=47)),
            zeros in prop::array::uniform3(-128i32..=127),
            bounds in prop::array::uniform2(any::<i8>()),
            (repeated, times) in (1usize..40, 1usize..4),
            kinds in prop::array::uniform2(any::<bool>()),
            seed: u64,
        ) {
            let words = scales.map(|(top, shift)| top << 8 | shift);
            let [Some(term_a), Some(term_b)] = [Term::new(words[0], zeros[0]), Term::new(words[1], zeros[1])] else {
                prop_assert!(scales.iter().any(|&(_, shift)| shift > 46));
                return Ok(());
            };
            let [zero_a, zero_b, zero] = zeros;
            let (low, high) = (bounds[0].min(bounds[1]).into(), bounds[0].max(bounds[1]).into());
            let mut random = crate::random::Random::new(seed);
            let mut draw = |count| (0..count).map(|_| random.next_u32() as i8).collect::<Vec<i8>>();
            let replaced = draw(repeated * times);
            let a = if kinds[0] { draw(repeated * times) } else { Vec::new() };
            // In place it is as long as the output.
            let times_b = if kinds[1] { 1 } else { times };
            let b = if kinds[1] { draw(repeated) } else { Vec::new() };
            let (repeated, times) = if kinds[1] { (repeated, times) } else { (repeated * times_b, 1) };
            let expected: Vec<i8> = (0..repeated * times).map(|index| {
                let a = *a.get(index).unwrap_or(&replaced[index]);
                let b = *b.get(index % repeated).unwrap_or(&replaced[index]);
                let wide = |x: i8, zero: i32, word| {
                    i64::from(Scale::loaded(word).requantise((i32::from(x) - zero) << 15))
                };
                let sum = wide(a, zero_a, words[0]) + wide(b, zero_b, words[1]);
                let value = ((sum + 128) >> 8) + i64::from(zero);
                value.max(low).min(high) as i8
            }).collect();
            let mut out = replaced;
            let finish = Finish { round: (zero << 8) + 128, low: low as i32, high: high as i32 };
            add_rows(&a, &b, &mut out, repeated, [term_a, term_b], finish);
            prop_assert_eq!(out, expected);
        }
    }
}

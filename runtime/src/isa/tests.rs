//! Every instruction set that this machine has, against the naive twin.

#[cfg(target_arch = "x86_64")]
use super::Taps;
use super::{Block, Place, Tile, bytes};
use crate::format::layout::{QUAD, widen};
use crate::format::{DType, Layout, Tensor, TensorRecord};
use crate::kernels::sink::Sink;
#[cfg(target_arch = "x86_64")]
use crate::kernels::window::{Window, testing::axis};
use crate::random::Random;
use crate::rounding::Scale;
use proptest::prelude::*;
use std::vec::Vec;

/// A random product: columns, rows and how results are stored.
#[derive(Clone, Debug)]
struct Case {
    rows: usize,
    k: usize,
    count: usize,
    columns: usize,
    wide: bool,
    out: DType,
    zero_point: i32,
    clamp: (i32, i32),
    /// Shift of the first scale word; further ones count up.
    shift: u32,
    /// Whether weights and activations are as far from zero as they can be.
    extreme: bool,
    seed: u64,
}

fn case(most: usize) -> impl Strategy<Value = Case> {
    let sizes = (1usize..150, 1usize..90, 1..=most, 1..=most);
    let out = (
        prop_oneof![Just(DType::I8), Just(DType::I16), Just(DType::I32)],
        prop_oneof![Just(0i32), -128i32..128],
        any::<bool>(),
    );
    let rest = (any::<bool>(), 31u32..=62, any::<bool>(), any::<u64>());
    (sizes, out, rest).prop_map(|((rows, k, count, columns), (out, zero, narrow), rest)| {
        let (wide, shift, extreme, seed) = rest;
        let (low, high) = match out {
            DType::I8 => (-128, 127),
            DType::I16 => (-32768, 32767),
            _ => (i32::MIN, i32::MAX),
        };
        Case {
            rows,
            k,
            count: count.min(columns),
            columns,
            wide,
            out,
            zero_point: if out == DType::I8 { zero } else { 0 },
            clamp: if narrow { (-17, 90) } else { (low, high) },
            shift,
            extreme,
            seed,
        }
    })
}

/// Results of `T`, and of the definition.
fn both<T: Tile>(case: &Case) -> (Vec<u8>, Vec<u8>) {
    let mut random = Random::new(case.seed);
    let (rows, k, quads) = (case.rows, case.k, case.k.div_ceil(QUAD));
    let mut draw = |bits: u32| match case.extreme {
        true if !random.next_u32().is_multiple_of(4) => i32::MIN >> (32 - bits),
        true => i32::MAX >> (32 - bits),
        false => (random.next_u32() as i32) >> (32 - bits),
    };
    let w: Vec<i8> = (0..rows * k).map(|_| draw(8) as i8).collect();
    let bits = if case.wide { 16 } else { 8 };
    let x: Vec<i16> = (0..case.columns * k).map(|_| draw(bits) as i16).collect();
    let bias: Vec<i32> = (0..rows).map(|_| draw(24)).collect();
    let span = Scale::MAX_SHIFT - Scale::MIN_SHIFT + 1;
    let scales: Vec<u32> = (0..rows as u32)
        .map(|n| {
            let shift = Scale::MIN_SHIFT + (case.shift - Scale::MIN_SHIFT + n) % span;
            1 << 30 | (draw(32) as u32 & 0x3FFF_FF00) | shift
        })
        .collect();
    let record = TensorRecord {
        dtype: case.out,
        layout: Layout::Plain,
        place: crate::format::Place::Arena,
        rank: 1,
        offset: 0,
        scale: 1.0,
        zero_point: case.zero_point,
        dims: [1, 0, 0, 0, 0, 0],
        name_offset: 0,
        name_length: 0,
    }
    .words();
    let results = case.count * rows * case.out.size();
    let (low, high) = case.clamp;
    let mut expected = std::vec![0u32; results.div_ceil(4)];
    let expected: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut expected)[..results];
    let mut sink = Sink::new(Tensor::new(&record), expected, low, high).unwrap();
    for c in 0..case.count {
        for n in 0..rows {
            let products = (0..k).map(|i| i32::from(x[c * k + i]) * i32::from(w[n * k + i]));
            sink.put_accumulator(c * rows + n, bias[n] + products.sum::<i32>(), scales[n]);
        }
    }

    let mut packed: Vec<i8> = T::LAYOUT.pack(&w, k).collect();
    if T::WEIGHTS == DType::I16 {
        let wide = widen(&packed).flat_map(i16::to_le_bytes);
        packed = wide.map(|byte| byte as i8).collect();
    }
    let mut prepared = std::vec![0xA5A5_A5A5_A5A5_A5A5_A5A5_A5A5_A5A5_A5A5u128; bytes(T::LAYOUT, case.columns, quads).unwrap().div_ceil(16)];
    let prepared = bytemuck::cast_slice_mut::<u128, u8>(&mut prepared);
    let prepared = &mut prepared[..bytes(T::LAYOUT, case.columns, quads).unwrap()];
    for c in 0..case.count {
        let mut column = x[c * k..][..k].to_vec();
        column.resize(quads * QUAD, 0);
        // In two parts, as a convolution does with its taps.
        let half = quads / 2;
        let (first, second) = column.split_at(half * QUAD);
        let place = Place {
            column: c,
            columns: case.columns,
            quads,
        };
        for (part, quad) in [(first, 0), (second, half)] {
            match case.wide {
                true => T::prepare_i16(part, quad, place, prepared),
                false => {
                    let part: Vec<i8> = part.iter().map(|&x| x as i8).collect();
                    T::prepare_i8(&part, quad, place, prepared);
                }
            }
        }
    }
    let block = Block {
        prepared,
        columns: case.columns,
        count: case.count,
        quads,
        weights: &packed,
        bias: &bias,
        scales: &scales,
    };
    let mut out = std::vec![0u32; results.div_ceil(4)];
    let out: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut out)[..results];
    let mut sink = Sink::new(Tensor::new(&record), out, low, high).unwrap();
    match case.wide {
        true => T::multiply_i16(&block, &mut sink, 0),
        false => T::multiply_i8(&block, &mut sink, 0),
    }
    (out.to_vec(), expected.to_vec())
}

/// A test of each implementation; one that this machine lacks says so.
macro_rules! tiles {
    ($($name:ident: $tile:ty $(, if $has:expr)?;)+) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(512))]
            $(
                #[test]
                fn $name(case in case(<$tile>::LAYOUT.columns())) {
                    $(if !$has {
                        std::eprintln!("skipped: {} needs {}", stringify!($name), stringify!($has));
                        return Ok(());
                    })?
                    let (found, expected) = both::<$tile>(&case);
                    prop_assert_eq!(found, expected);
                }
            )+
        }
    };
}

tiles! {
    portable_1: super::portable::Portable<1>;
    portable_4: super::portable::Portable<4>;
    portable_16: super::portable::Portable<16>;
    wide_1: super::portable::Wide<1>;
    wide_4: super::portable::Wide<4>;
}

#[cfg(target_arch = "x86_64")]
proptest! {
    #[test]
    fn columns_under_windows_are_their_taps(
        y in axis(), x in axis(), channels in 1usize..40, column in 0usize..3, seed: u64,
    ) {
        let mut random = Random::new(seed);
        let window = Window { y, x, channels, filters: 1 };
        let image: Vec<i8> = (0..window.image()).map(|_| random.next_u32() as i8).collect();
        let outside = random.next_u32() as i8;
        let quads = (window.taps() * channels).div_ceil(QUAD);
        let place = Place { column, columns: 3, quads };
        for (row, start) in window.positions() {
            let count = (3 - column).min(window.x.output - start);
            let mut block = std::vec![0x5A; bytes(Layout::Tile16, 3, quads).unwrap()];
            let taps = Taps { window: &window, position: (row, start), count, image: &image, outside };
            if !super::x86::Best::columns_i8(&taps, place, &mut block) {
                prop_assert!(x.dilation != 1 || !super::x86::Avx512::is_here());
                continue;
            }
            for c in 0..count {
                let mut expected = Vec::new();
                window.for_taps((row, start + c), |source| match source {
                    Some(start) => expected.extend(&image[start..start + channels]),
                    None => expected.extend(std::iter::repeat_n(outside, channels)),
                });
                let found = &block[(column + c) * quads * QUAD..][..expected.len()];
                prop_assert_eq!(bytemuck::cast_slice::<u8, i8>(found), &expected[..]);
            }
            let (first, end) = (column * quads * QUAD, (column + count) * quads * QUAD);
            prop_assert!(block[..first].iter().chain(&block[end..]).all(|&byte| byte == 0x5A));
        }
    }
}

#[cfg(target_arch = "x86_64")]
tiles! {
    avx2: super::x86::Avx2, if super::x86::Avx2::is_here();
    avx512: super::x86::Avx512, if super::x86::Avx512::is_here();
    best_of_x86: super::x86::Best;
}

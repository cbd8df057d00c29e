//! Every instruction set that this machine has, against the naive twin.

#[cfg(target_arch = "x86_64")]
use super::Convolution;
use super::{Block, Place, Tile, bytes};
use crate::format::layout::{QUAD, widen};
use crate::format::{DType, Layout, Tensor, TensorRecord};
use crate::kernels::sink::Sink;
#[cfg(target_arch = "x86_64")]
use crate::kernels::tiled::image::Image;
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

/// An activation of these.
fn record(dtype: DType, zero_point: i32) -> [u32; TensorRecord::LENGTH / 4] {
    TensorRecord {
        dtype,
        layout: Layout::Plain,
        place: crate::format::Place::Arena,
        rank: 1,
        offset: 0,
        scale: 1.0,
        zero_point,
        dims: [1, 0, 0, 0, 0, 0],
        name_offset: 0,
        name_length: 0,
    }
    .words()
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
    let record = record(case.out, case.zero_point);
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

/// Windows over images, dense layers among them: as many rows as pixels.
#[cfg(target_arch = "x86_64")]
fn windows() -> impl Strategy<Value = Window> {
    let channels = prop_oneof![
        Just(1usize),
        Just(3),
        1usize..40,
        (1usize..20).prop_map(|c| 4 * c)
    ];
    let filters = prop_oneof![Just(16usize), Just(32), 1usize..80];
    let dense = prop_oneof![1usize..4, 1usize..40].prop_map(|rows| Window::row(rows, 0, 0));
    let images = (axis(), axis()).prop_map(|(y, x)| Window {
        y,
        x,
        channels: 0,
        filters: 0,
    });
    let wide = (1usize..120, axis()).prop_map(|(width, y)| Window {
        x: Window::row(width, 0, 0).x,
        y,
        channels: 0,
        filters: 0,
    });
    let any = (prop_oneof![images, dense, wide], channels, filters);
    any.prop_map(|(window, channels, filters)| Window {
        channels,
        filters,
        ..window
    })
}

#[cfg(target_arch = "x86_64")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]
    /// Whole steps against the definition, in scratch that ends where the format says.
    #[test]
    fn convolutions_are_their_definition(
        window in windows(), images in 1usize..3, case in case(1), outside: i8,
    ) {
        if !super::x86::Avx512::is_here() {
            std::eprintln!("skipped: convolutions_are_their_definition needs AVX-512 with VNNI");
            return Ok(());
        }
        let Window { channels, filters, .. } = window;
        let k = window.taps() * channels;
        let mut random = Random::new(case.seed);
        let mut draw = || match case.extreme {
            true if !random.next_u32().is_multiple_of(4) => i8::MIN,
            true => i8::MAX,
            false => random.next_u32() as i8,
        };
        let input: Vec<i8> = (0..images * window.image()).map(|_| draw()).collect();
        let w: Vec<i8> = (0..filters * k).map(|_| draw()).collect();
        // Whatever pads tiles reaches no result.
        let mut packed: Vec<i8> = Layout::Tile16.pack(&w, k).collect();
        let quads = k.div_ceil(QUAD);
        let places = |n: usize, at: usize| Layout::Tile16.index(n, at, quads);
        for n in 0..filters.next_multiple_of(16) {
            for at in 0..quads * QUAD {
                if n >= filters || at >= k {
                    packed[places(n, at)] = draw();
                }
            }
        }
        let bias: Vec<i32> = (0..filters).map(|_| random.next_u32() as i32 >> 8).collect();
        let span = Scale::MAX_SHIFT - Scale::MIN_SHIFT + 1;
        // Shifts near each other, as in layers, or all there are.
        let spread = if case.wide { span } else { 2 };
        let scales: Vec<u32> = (0..filters as u32)
            .map(|n| {
                let shift = (case.shift - Scale::MIN_SHIFT + n % spread) % span;
                1 << 30 | (random.next_u32() & 0x3FFF_FF00) | (Scale::MIN_SHIFT + shift)
            })
            .collect();
        let record = record(case.out, case.zero_point);
        let (low, high) = case.clamp;
        let length = images * window.output();
        let mut expected = std::vec![0u32; length];
        let expected = &mut bytemuck::cast_slice_mut(&mut expected)[..length * case.out.size()];
        let mut sink = Sink::new(Tensor::new(&record), expected, low, high).unwrap();
        let mut at = 0;
        for image in input.chunks(window.image()) {
            for position in window.positions() {
                let mut column = Vec::new();
                window.for_taps(position, |source| match source {
                    Some(start) => column.extend(&image[start..start + channels]),
                    None => column.extend(std::iter::repeat_n(outside, channels)),
                });
                for n in 0..filters {
                    let products = column.iter().zip(&w[n * k..]);
                    let sum: i32 = products.map(|(&x, &w)| i32::from(x) * i32::from(w)).sum();
                    sink.put_accumulator(at, bias[n] + sum, scales[n]);
                    at += 1;
                }
            }
        }
        let needed = Image::scratch(&window, images);
        let mut scratch = std::vec![0x5Au8; needed + 256];
        let mut out = std::vec![0u32; length];
        let out = &mut bytemuck::cast_slice_mut(&mut out)[..length * case.out.size()];
        let mut sink = Sink::new(Tensor::new(&record), out, low, high).unwrap();
        let layer = Convolution {
            window,
            images,
            input: &input,
            outside: outside.into(),
            weights: &packed,
            bias: &bias,
            scales: &scales,
        };
        let done = super::x86::Best::convolve_i8(&layer, &mut scratch[..needed], &mut sink);
        prop_assert_eq!(done.is_some(), Image::of(&window, images).is_some());
        if done.is_some() {
            prop_assert_eq!(out, expected);
        }
        prop_assert!(scratch[needed..].iter().all(|&byte| byte == 0x5A));
        if needed > 0 {
            let none: &mut [u32] = &mut [];
            let none = bytemuck::cast_slice_mut(none);
            let mut sink = Sink::new(Tensor::new(&record), none, low, high).unwrap();
            prop_assert!(super::x86::Best::convolve_i8(&layer, &mut scratch, &mut sink).is_none());
        }
    }
}

#[cfg(target_arch = "x86_64")]
tiles! {
    avx2: super::x86::Avx2, if super::x86::Avx2::is_here();
    avx512: super::x86::Avx512, if super::x86::Avx512::is_here();
    best_of_x86: super::x86::Best;
}

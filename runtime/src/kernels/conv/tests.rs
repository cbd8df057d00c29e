//! `Conv` against its naive twin.

use super::super::window::Axis;
use super::super::window::testing::axis;
use super::*;
use crate::format::{DType, Layout, Place, Tensor, TensorRecord, nibble};
use crate::random::Random;
use crate::rounding::Scale;
use proptest::prelude::*;
use std::vec::Vec;

/// The window of `groups` times `inner` channels in and `outer` out.
fn window(y: Axis, x: Axis, groups: usize, inner: usize, outer: usize) -> Window {
    Window {
        y,
        x,
        channels: groups * inner,
        filters: groups * outer,
    }
}

/// Calls `term(output channel, index in its filter, input element)` for all taps inside, in order.
fn naive(
    geometry: &Geometry,
    (image, oy, ox): (usize, usize, usize),
    o: usize,
    mut term: impl FnMut(usize, usize),
) {
    let &Window { y, x, channels, .. } = geometry.window;
    for i in 0..y.kernel {
        for j in 0..x.kernel {
            for c in 0..geometry.inner {
                let sy = (oy * y.stride + i * y.dilation) as isize - y.before as isize;
                let sx = (ox * x.stride + j * x.dilation) as isize - x.before as isize;
                if sy < 0 || sx < 0 || sy >= y.input as isize || sx >= x.input as isize {
                    continue;
                }
                let pixel = (image * y.input + sy as usize) * x.input + sx as usize;
                let channel = o / geometry.outer * geometry.inner + c;
                term(
                    (i * x.kernel + j) * geometry.inner + c,
                    pixel * channels + channel,
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn integer_equals_its_naive_twin(
        y in axis(), x in axis(), images in 1usize..3,
        (groups, inner, outer) in (1usize..4, 1usize..5, 1usize..4),
        zero_point in -128i32..=127, nibbles: bool, seed: u64, factor in 1e-4f64..0.1,
    ) {
        let window = window(y, x, groups, inner, outer);
        let geometry = Geometry { window: &window, inner, outer };
        let (filters, length) = (groups * outer, geometry.length());
        let mut random = Random::new(seed);
        let input: Vec<i8> = (0..images * geometry.window.image()).map(|_| random.next_u32() as i8).collect();
        let shift = if nibbles { 4 } else { 0 };
        let w: Vec<i8> = (0..filters * length).map(|_| (random.next_u32() as i8).max(-127) >> shift).collect();
        let bias: Vec<i32> = (0..filters).map(|_| random.next_u32() as i32 >> 16).collect();
        let scale = Scale::nearest(factor).unwrap();
        // The naive twin subtracts the zero point tap by tap and skips the padding.
        let mut expected = Vec::new();
        for n in 0..images { for oy in 0..y.output { for ox in 0..x.output { for o in 0..filters {
            let mut sum = bias[o];
            naive(&geometry, (n, oy, ox), o, |weight, at| {
                sum += (i32::from(input[at]) - zero_point) * i32::from(w[o * length + weight]);
            });
            expected.push(scale.requantise(sum).clamp(-32768, 32767) as i16);
        }}}}
        let folded: Vec<i32> = (0..filters).map(|o| {
            let sum: i32 = w[o * length..][..length].iter().map(|&w| i32::from(w)).sum();
            bias[o] - zero_point * sum
        }).collect();
        let record = TensorRecord {
            dtype: DType::I16, layout: Layout::Plain, place: Place::Arena, rank: 0, offset: 0,
            scale: 1.0, zero_point: 0, dims: [0; 6], name_offset: 0, name_length: 0,
        };
        let mut out = std::vec![0i16; expected.len()];
        let sink = Sink::new(Tensor::new(&record.words()), bytemuck::cast_slice_mut(&mut out), -32768, 32767).unwrap();
        let words = std::vec![scale.word(); filters];
        if nibbles {
            let packed: Vec<u8> = w.chunks(length).flat_map(nibble::pack_row).collect();
            integer(&geometry, &input, &packed, (&folded, &words), zero_point, sink).unwrap();
        } else {
            integer(&geometry, &input, &w, (&folded, &words), zero_point, sink).unwrap();
        }
        prop_assert_eq!(out, expected);
    }

    #[test]
    fn float_equals_its_naive_twin(
        y in axis(), x in axis(), images in 1usize..3,
        (groups, inner, outer) in (1usize..4, 1usize..5, 1usize..4), seed: u64,
    ) {
        let window = window(y, x, groups, inner, outer);
        let geometry = Geometry { window: &window, inner, outer };
        let (filters, length) = (groups * outer, geometry.length());
        let mut random = Random::new(seed);
        // Small integers: their sums are exact in any order.
        let mut draw = |count: usize| (0..count).map(|_| (random.next_u32() % 17) as f32 - 8.0).collect::<Vec<f32>>();
        let input = draw(images * geometry.window.image());
        let (w, bias) = (draw(filters * length), draw(filters));
        let mut expected = Vec::new();
        for n in 0..images { for oy in 0..y.output { for ox in 0..x.output { for o in 0..filters {
            let mut sum = bias[o];
            naive(&geometry, (n, oy, ox), o, |weight, at| sum += input[at] * w[o * length + weight]);
            expected.push(sum.clamp(-500.0, 500.0));
        }}}}
        let mut out = std::vec![0f32; expected.len()];
        float(&geometry, &input, &w, &bias, (-500.0, 500.0), &mut out).unwrap();
        prop_assert_eq!(out, expected);
    }
}

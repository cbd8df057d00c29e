//! `Conv` against its naive twin.

use super::*;
use crate::format::{Layout, Place};
use crate::random::Random;
use crate::rounding::Scale;
use proptest::prelude::*;
use std::vec::Vec;

/// Output length of an axis, as ONNX defines it.
fn output(axis: &Axis, after: usize) -> Option<usize> {
    let reach = axis.dilation * (axis.kernel - 1) + 1;
    Some((axis.input + axis.before + after).checked_sub(reach)? / axis.stride + 1)
}

fn axis() -> impl Strategy<Value = Axis> {
    (
        1usize..9,
        1usize..4,
        1usize..3,
        1usize..3,
        0usize..3,
        0usize..3,
    )
        .prop_filter_map(
            "kernel outside",
            |(input, kernel, stride, dilation, before, after)| {
                let mut axis = Axis {
                    input,
                    output: 0,
                    kernel,
                    stride,
                    dilation,
                    before,
                };
                axis.output = output(&axis, after)?;
                Some(axis)
            },
        )
}

proptest! {
    #[test]
    fn integer_equals_its_naive_twin(
        y in axis(), x in axis(), channels in 1usize..9, filters in 1usize..5,
        zero_point in -128i32..=127, seed: u64, factor in 1e-4f64..0.1,
    ) {
        let geometry = Geometry { y, x, channels, filters };
        let mut random = Random::new(seed);
        let input: Vec<i8> = (0..y.input * x.input * channels).map(|_| random.next_u32() as i8).collect();
        let length = y.kernel * x.kernel * channels;
        let w: Vec<i8> = (0..filters * length).map(|_| (random.next_u32() as i8).max(-127)).collect();
        let bias: Vec<i32> = (0..filters).map(|_| random.next_u32() as i32 >> 16).collect();
        let scale = Scale::nearest(factor).unwrap();
        // The naive twin subtracts the zero point tap by tap and skips the padding.
        let mut expected = Vec::new();
        for oy in 0..y.output { for ox in 0..x.output { for o in 0..filters {
            let mut sum = bias[o];
            for i in 0..y.kernel { for j in 0..x.kernel { for c in 0..channels {
                let sy = (oy * y.stride + i * y.dilation) as isize - y.before as isize;
                let sx = (ox * x.stride + j * x.dilation) as isize - x.before as isize;
                if sy < 0 || sx < 0 || sy >= y.input as isize || sx >= x.input as isize { continue }
                let value = i32::from(input[(sy as usize * x.input + sx as usize) * channels + c]);
                sum += (value - zero_point) * i32::from(w[((o * y.kernel + i) * x.kernel + j) * channels + c]);
            }}}
            expected.push(scale.requantise(sum).clamp(-32768, 32767) as i16);
        }}}
        let folded: Vec<i32> = (0..filters).map(|o| {
            let sum: i32 = w[o * length..][..length].iter().map(|&w| i32::from(w)).sum();
            bias[o] - zero_point * sum
        }).collect();
        let tensor = TensorRecord {
            dtype: DType::I16, layout: Layout::Plain, place: Place::Arena, rank: 0, offset: 0,
            scale: 1.0, zero_point: 0, dims: [0; 6], name_offset: 0, name_length: 0,
        };
        let mut out = std::vec![0i16; expected.len()];
        let sink = Sink::new(&tensor, bytemuck::cast_slice_mut(&mut out), -32768, 32767).unwrap();
        let words = std::vec![scale.word(); filters];
        integer(&geometry, &input, &w, &folded, &words, zero_point, sink).unwrap();
        prop_assert_eq!(out, expected);
    }
}

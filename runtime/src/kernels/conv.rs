//! `Conv`: channels-last convolution, one group.
//!
//! ```text
//! for each output position (y, x), each output channel o:
//!     out[y, x, o] = activation(bias[o] + Σ over taps (i, j) inside the input
//!                                          Σc in[y·sy + i·dy − top, x·sx + j·dx − left, c] · w[o, i, j, c])
//! ```
//!
//! Input `[1, H, W, C]`, weights `[O, kh, kw, C]`; a 1-D convolution has H = 1. Types, bias, scale
//! words and clamp as in `Dense`. The bias has the zero point of *all* taps folded in, so that taps
//! outside an integer input count as zero points. Attributes: kh, kw, sy, sx, dy, dx, top, left,
//! low, high. Bottom and right padding follow from the output's shape.

use super::dense::{check_output, check_weights};
use super::dot::{self, Activation, Weight};
use super::rows;
use super::sink::Sink;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, TensorRecord};
use crate::math;
use crate::step::Step;

/// Extents of one axis.
#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
}

impl Axis {
    /// Input position under `tap` at output `position`, if inside.
    fn source(&self, position: usize, tap: usize) -> Option<usize> {
        let source = (position * self.stride + tap * self.dilation).checked_sub(self.before)?;
        (source < self.input).then_some(source)
    }
}

struct Geometry {
    y: Axis,
    x: Axis,
    channels: usize,
    filters: usize,
}

/// Strides, dilations, paddings and kernels stay below this, so that positions cannot overflow.
const MAX_EXTENT: u32 = 1 << 12;

impl Geometry {
    fn new(step: &Step<'_>, input: &TensorRecord, out: &TensorRecord) -> Option<Self> {
        let (&[1, in_y, in_x, channels], &[1, out_y, out_x, filters]) =
            (input.shape(), out.shape())
        else {
            return None;
        };
        let axis = |input: u32, output: u32, first: usize| Axis {
            input: input as usize,
            output: output as usize,
            kernel: step.attribute(first) as usize,
            stride: step.attribute(first + 2) as usize,
            dilation: step.attribute(first + 4) as usize,
            before: step.attribute(first + 6) as usize,
        };
        Some(Self {
            y: axis(in_y, out_y, 0),
            x: axis(in_x, out_x, 1),
            channels: channels as usize,
            filters: filters as usize,
        })
    }
}

pub(super) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (input, out) = (step.need_input(0)?, step.need_output(0)?);
    let geometry = Geometry::new(step, &input, &out).ok_or(Fault::Shape)?;
    for (index, &word) in step.attributes().iter().take(8).enumerate() {
        if word >= MAX_EXTENT || (index < 6 && word == 0) {
            return Err(Fault::Attribute);
        }
    }
    for axis in [geometry.y, geometry.x] {
        if axis.input.max(axis.output) >= 1 << 16 {
            return Err(Fault::Shape);
        }
    }
    let (taps, channels) = (geometry.y.kernel * geometry.x.kernel, geometry.channels);
    let k = taps.checked_mul(channels).ok_or(Fault::Shape)?;
    check_weights(step, k, geometry.filters)?;
    check_output(step, &input, &out, 8)?;
    let elements = out.elements().ok_or(Fault::Shape)? as u64;
    elements.checked_mul(k as u64).ok_or(Fault::Work)
}

pub(super) fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (input, tensor) = (step.input(0)?, step.output(0)?);
    let geometry = Geometry::new(step, &input, &tensor)?;
    let [x, w, bias, scales] = operands.inputs;
    let [out, _] = operands.outputs;
    let (low, high) = (step.attribute(8), step.attribute(9));
    match (input.dtype, step.input(1)?.dtype) {
        (DType::I8 | DType::I16, _) => {
            let sink = Sink::new(&tensor, out, low as i32, high as i32)?;
            let w: &[i8] = bytemuck::cast_slice(w);
            let bias = bytemuck::try_cast_slice(bias).ok()?;
            let scales = bytemuck::try_cast_slice(scales).ok()?;
            let zero = input.zero_point;
            match input.dtype {
                DType::I8 => integer::<i8>(
                    &geometry,
                    bytemuck::cast_slice(x),
                    w,
                    bias,
                    scales,
                    zero,
                    sink,
                ),
                _ => {
                    let x = bytemuck::try_cast_slice(x).ok()?;
                    integer::<i16>(&geometry, x, w, bias, scales, zero, sink)
                }
            }
        }
        (_, w_type) => {
            let x = bytemuck::try_cast_slice(x).ok()?;
            let bias = bytemuck::try_cast_slice(bias).ok()?;
            let out = bytemuck::try_cast_slice_mut(out).ok()?;
            let clamp = (f32::from_bits(low), f32::from_bits(high));
            match w_type {
                DType::F32 => float::<f32>(
                    &geometry,
                    x,
                    bytemuck::try_cast_slice(w).ok()?,
                    bias,
                    clamp,
                    out,
                ),
                _ => float::<u16>(
                    &geometry,
                    x,
                    bytemuck::try_cast_slice(w).ok()?,
                    bias,
                    clamp,
                    out,
                ),
            }
        }
    }
}

/// Calls `tap(input channels or None outside, weights)` for all taps at `(y, x)`, in order.
#[inline(always)]
fn for_taps<X, W>(
    geometry: &Geometry,
    (y, x): (usize, usize),
    input: &[X],
    filter: &[W],
    mut tap: impl FnMut(Option<&[X]>, &[W]),
) {
    let channels = geometry.channels;
    if channels == 0 {
        return;
    }
    let mut taps = filter.chunks_exact(channels);
    for i in 0..geometry.y.kernel {
        let row = geometry.y.source(y, i);
        for j in 0..geometry.x.kernel {
            let Some(weights) = taps.next() else { return };
            let source = row.zip(geometry.x.source(x, j)).and_then(|(y, x)| {
                let start = (y * geometry.x.input + x) * channels;
                input.get(start..)?.get(..channels)
            });
            tap(source, weights);
        }
    }
}

fn integer<X: Activation>(
    geometry: &Geometry,
    input: &[X],
    w: &[i8],
    bias: &[i32],
    scales: &[u32],
    zero_point: i32,
    mut sink: Sink<'_>,
) -> Option<()> {
    let length = w.len().checked_div(geometry.filters)?;
    if length == 0 {
        return None;
    }
    let mut index = 0;
    for y in 0..geometry.y.output {
        for x in 0..geometry.x.output {
            for ((filter, &bias), &scale) in rows(w, length).zip(bias).zip(scales) {
                let mut sum = bias;
                for_taps(
                    geometry,
                    (y, x),
                    input,
                    filter,
                    |source, weights| match source {
                        Some(source) => sum += dot::integer(source, weights),
                        None if zero_point != 0 => {
                            let weights: i32 = weights.iter().map(|&w| i32::from(w)).sum();
                            sum += zero_point * weights;
                        }
                        None => {}
                    },
                );
                sink.put_accumulator(index, sum, scale);
                index += 1;
            }
        }
    }
    Some(())
}

fn float<W: Weight>(
    geometry: &Geometry,
    input: &[f32],
    w: &[W],
    bias: &[f32],
    (low, high): (f32, f32),
    out: &mut [f32],
) -> Option<()> {
    let length = w.len().checked_div(geometry.filters)?;
    if length == 0 {
        return None;
    }
    let mut outs = out.iter_mut();
    for y in 0..geometry.y.output {
        for x in 0..geometry.x.output {
            for (filter, &bias) in rows(w, length).zip(bias) {
                let mut sum = bias;
                for_taps(geometry, (y, x), input, filter, |source, weights| {
                    if let Some(source) = source {
                        sum += dot::float(source, weights);
                    }
                });
                *outs.next()? = math::clamp(sum, low, high);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
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
}

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
mod tests;

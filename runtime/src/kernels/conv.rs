//! `Conv`: channels-last convolution, in groups.
//!
//! ```text
//! for each image, output position (y, x), output channel o:
//!     first = o / (O / groups) · C / groups
//!     out[y, x, o] = activation(bias[o] + Σ over taps (i, j) inside the input, Σ over c < C / groups:
//!                               in[source of (i, j) at (y, x), first + c] · w[o, i, j, c])
//! ```
//!
//! Input `[N, H, W, C]`, weights `[O, kh, kw, C / groups]`; a 1-D convolution has H = 1, groups = C is
//! depthwise. Types, bias, scale words and clamp as in `Dense`. The bias has the zero point of *all*
//! taps folded in, so that taps outside an integer input count as zero points. Attributes: those of
//! the window, low, high, groups.

use super::dense::{check_output, check_weights};
use super::dot::{self, Activation, Quantised, Weight};
use super::elements;
use super::sink::Sink;
use super::window::Window;
use super::{rows, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::DType;
use crate::math;
use crate::step::Step;

/// A window and its groups.
struct Geometry {
    window: Window,
    /// Input channels of a group.
    inner: usize,
    /// Output channels of a group.
    outer: usize,
}

impl Geometry {
    fn new(step: &Step<'_>, window: Window) -> Option<Self> {
        let groups = step.attribute(10) as usize;
        let part = |channels: usize| match channels.checked_rem(groups) {
            Some(0) => channels.checked_div(groups),
            _ => None,
        };
        Some(Self {
            inner: part(window.channels)?,
            outer: part(window.filters)?,
            window,
        })
    }

    /// Weights of an output channel.
    fn length(&self) -> usize {
        self.window.taps() * self.inner
    }

    /// First input channel of each output channel.
    fn firsts(&self) -> impl Iterator<Item = usize> + use<> {
        let Self { inner, outer, .. } = *self;
        let (mut first, mut within) = (0, 0);
        core::iter::from_fn(move || {
            if within == outer {
                (first, within) = (first + inner, 0);
            }
            within += 1;
            Some(first)
        })
    }
}

pub(super) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (input, out) = (step.need_input(0)?, step.need_output(0)?);
    let window = Window::check(step, 0, &input, &out)?;
    let geometry = Geometry::new(step, window).ok_or(Fault::Attribute)?;
    let k = window.taps().checked_mul(geometry.inner);
    let k = k.ok_or(Fault::Shape)?;
    check_weights(step, k, window.filters)?;
    check_output(step, &input, &out, 8)?;
    let elements = out.elements().ok_or(Fault::Shape)? as u64;
    elements.checked_mul(k as u64).ok_or(Fault::Work)
}

pub(super) fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (input, tensor) = (step.input(0)?, step.output(0)?);
    let geometry = Geometry::new(step, Window::new(step, 0, &input, &tensor)?)?;
    let [x, w, bias, scales] = operands.inputs;
    let [out, _] = operands.outputs;
    let (low, high) = (step.attribute(8), step.attribute(9));
    match (input.dtype, step.input(1)?.dtype) {
        (DType::F32, w_type) => {
            let (x, bias) = (elements::of(x)?, elements::of(bias)?);
            let out = elements::of_mut(out)?;
            let clamp = (f32::from_bits(low), f32::from_bits(high));
            match w_type {
                DType::F32 => float::<f32>(&geometry, x, elements::of(w)?, bias, clamp, out),
                _ => float::<u16>(&geometry, x, elements::of(w)?, bias, clamp, out),
            }
        }
        (x_type, w_type) => {
            let sink = Sink::new(&tensor, out, low as i32, high as i32)?;
            let rows = (elements::of(bias)?, elements::of(scales)?);
            let zero = input.zero_point;
            match (x_type, w_type) {
                (DType::I8, DType::I8) => {
                    let (x, w) = (elements::of(x)?, elements::of(w)?);
                    integer::<i8, i8>(&geometry, x, w, rows, zero, sink)
                }
                (DType::I8, _) => {
                    integer::<i8, u8>(&geometry, elements::of(x)?, w, rows, zero, sink)
                }
                (_, DType::I8) => {
                    let (x, w) = (elements::of(x)?, elements::of(w)?);
                    integer::<i16, i8>(&geometry, x, w, rows, zero, sink)
                }
                _ => integer::<i16, u8>(&geometry, elements::of(x)?, w, rows, zero, sink),
            }
        }
    }
}

/// Channels of one group at one pixel.
#[inline(always)]
fn pixel<T>(image: &[T], start: usize, channels: usize) -> &[T] {
    let tail = image.get(start..).unwrap_or(&[]);
    tail.get(..channels).unwrap_or(&[])
}

fn integer<X: Activation, W: Quantised>(
    geometry: &Geometry,
    input: &[X],
    w: &[W],
    (bias, scales): (&[i32], &[u32]),
    zero_point: i32,
    mut sink: Sink<'_>,
) -> Option<()> {
    let Geometry { window, inner, .. } = geometry;
    let units = W::units(geometry.length());
    let mut index = 0;
    for image in rows(input, window.image()) {
        for position in window.positions() {
            let filters = rows(w, units).zip(bias).zip(scales);
            for (((filter, &bias), &scale), channel) in filters.zip(geometry.firsts()) {
                let mut sum = bias;
                let mut first = 0;
                window.for_taps(position, |source| {
                    match source {
                        Some(start) => {
                            let pixel = pixel(image, start + channel, *inner);
                            sum += W::dot(pixel, filter, first);
                        }
                        None if zero_point != 0 => {
                            sum += zero_point * W::sum(filter, first, *inner);
                        }
                        None => {}
                    }
                    first += inner;
                });
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
    let Geometry { window, inner, .. } = geometry;
    let mut pixels = rows_mut(out, window.filters);
    for image in rows(input, window.image()) {
        for position in window.positions() {
            let filters = rows(w, geometry.length()).zip(bias).zip(geometry.firsts());
            for (((filter, &bias), channel), out) in filters.zip(pixels.next()?) {
                let mut sum = bias;
                let mut taps = rows(filter, *inner);
                window.for_taps(position, |source| {
                    let weights = taps.next().unwrap_or(&[]);
                    if let Some(start) = source {
                        sum += dot::float(pixel(image, start + channel, *inner), weights);
                    }
                });
                *out = math::clamp(sum, low, high);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;

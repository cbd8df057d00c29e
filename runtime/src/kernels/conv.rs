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
use super::kernel::{Kernel, Types};
use super::sink::Sink;
use super::window::Window;
use super::{quotient, rows, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::Opcode;
use crate::isa::{Tiles1, Tiles4, Tiles16, Wide1, Wide4};
use crate::math;
use crate::step::Step;

pub mod depthwise;
mod tiled;

/// int8 activations, int8 weights.
pub const I8_I8: Kernel = kernel([Types::I8, Types::I8], run_integer::<i8, i8>);
/// int8 activations, int4 weights.
pub const I8_I4: Kernel = kernel([Types::I8, Types::I4], run_integer::<i8, u8>);
/// int16 activations, int8 weights.
pub const I16_I8: Kernel = kernel([Types::I16, Types::I8], run_integer::<i16, i8>);
/// int16 activations, int4 weights.
pub const I16_I4: Kernel = kernel([Types::I16, Types::I4], run_integer::<i16, u8>);
/// Floats.
pub const F32_F32: Kernel = kernel([Types::F32, Types::F32], run_float::<f32>);
/// Floats, f16 weights.
pub const F32_F16: Kernel = kernel([Types::F32, Types::F16], run_float::<u16>);
/// int8 activations, int8 weights in tiles of one row.
pub const I8_TILE1: Kernel = tiled::kernel::<Tiles1, i8>(Types::I8);
/// int8 activations, int8 weights in tiles of four rows.
pub const I8_TILE4: Kernel = tiled::kernel::<Tiles4, i8>(Types::I8);
/// int8 activations, int8 weights in tiles of sixteen rows.
pub const I8_TILE16: Kernel = tiled::kernel::<Tiles16, i8>(Types::I8);
/// int16 activations, int8 weights in tiles of one row.
pub const I16_TILE1: Kernel = tiled::kernel::<Tiles1, i16>(Types::I16);
/// int16 activations, int8 weights in tiles of four rows.
pub const I16_TILE4: Kernel = tiled::kernel::<Tiles4, i16>(Types::I16);
/// int16 activations, int8 weights in tiles of sixteen rows.
pub const I16_TILE16: Kernel = tiled::kernel::<Tiles16, i16>(Types::I16);
/// int8 activations, wide weights in tiles of one row.
pub const I8_WIDE1: Kernel = tiled::kernel::<Wide1, i8>(Types::I8);
/// int8 activations, wide weights in tiles of four rows.
pub const I8_WIDE4: Kernel = tiled::kernel::<Wide4, i8>(Types::I8);
/// int16 activations, wide weights in tiles of one row.
pub const I16_WIDE1: Kernel = tiled::kernel::<Wide1, i16>(Types::I16);
/// int16 activations, wide weights in tiles of four rows.
pub const I16_WIDE4: Kernel = tiled::kernel::<Wide4, i16>(Types::I16);
/// int8 activations and weights, each channel alone, with scratch.
pub const I8_DEPTHWISE: Kernel = Kernel::new(
    Opcode::Conv,
    [Types::I8, Types::I8],
    depthwise::check,
    depthwise::run,
)
.costing(depthwise::cost)
.with_scratch();

const fn kernel(types: [Types; 2], run: fn(&Step<'_>, Operands<'_>) -> Option<()>) -> Kernel {
    Kernel::new(Opcode::Conv, types, check, run)
}

/// What a `Conv` without groups multiplies, whose scratch depends on it; `None` where a shape has not four
/// axes or is too large.
///
/// `attributes` are those of the step, `input` and `output` the shapes `[N, H, W, C]`.
#[must_use]
pub fn shape(attributes: &[u32], input: &[u32], output: &[u32]) -> Option<super::tiled::Shape> {
    let images = *input.first()? as usize;
    let window = Window::of(attributes, input, output)?;
    Some(tiled::shape(&window, images))
}

/// A window and its groups.
struct Geometry<'a> {
    window: &'a Window,
    /// Input channels of a group.
    inner: usize,
    /// Output channels of a group.
    outer: usize,
}

impl<'a> Geometry<'a> {
    fn new(step: &Step<'_>, window: &'a Window) -> Option<Self> {
        let groups = step.attribute(10) as usize;
        let part = |channels| quotient(channels, groups);
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

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (input, out) = (step.need_input(0)?, step.need_output(0)?);
    let window = Window::new(step, 0, input, out);
    check_window(step, &window)
}

/// [`check`] of a step with this window.
fn check_window(step: &Step<'_>, window: &Window) -> Result<u64, Fault> {
    let (input, out) = (step.need_input(0)?, step.need_output(0)?);
    window.check(input, out)?;
    let geometry = Geometry::new(step, window).ok_or(Fault::Attribute)?;
    let k = window.taps().checked_mul(geometry.inner);
    let k = k.ok_or(Fault::Shape)?;
    check_weights(step, k, window.filters)?;
    check_output(step, input, out, 8)?;
    let elements = out.elements().ok_or(Fault::Shape)? as u64;
    elements.checked_mul(k as u64).ok_or(Fault::Work)
}

fn run_integer<X: Activation, W: Quantised>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (input, tensor) = (step.input(0)?, step.output(0)?);
    let window = Window::new(step, 0, input, tensor);
    let geometry = Geometry::new(step, &window)?;
    let [x, w, bias, scales] = operands.inputs;
    let [out, _] = operands.outputs;
    let (low, high) = (step.attribute(8) as i32, step.attribute(9) as i32);
    let sink = Sink::new(tensor, out, low, high)?;
    let rows = (elements::of(bias)?, elements::of(scales)?);
    let (x, w) = (elements::of(x)?, elements::of(w)?);
    integer::<X, W>(&geometry, x, w, rows, input.zero_point(), sink)
}

fn run_float<W: Weight>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (input, tensor) = (step.input(0)?, step.output(0)?);
    let window = Window::new(step, 0, input, tensor);
    let geometry = Geometry::new(step, &window)?;
    let [x, w, bias, _] = operands.inputs;
    let [out, _] = operands.outputs;
    let clamp = (
        f32::from_bits(step.attribute(8)),
        f32::from_bits(step.attribute(9)),
    );
    let (x, w, bias) = (elements::of(x)?, elements::of(w)?, elements::of(bias)?);
    float::<W>(&geometry, x, w, bias, clamp, elements::of_mut(out)?)
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
                        None if X::HAS_ZERO_POINT && zero_point != 0 => {
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

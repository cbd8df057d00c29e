//! `Conv` where groups, channels and filters are as many, on int8: each channel alone.
//!
//! The step has scratch; its length follows from the geometry alone, see [`scratch`]. What is done
//! with channels and scratch is for the instruction set to choose, see [`Depthwise`].

#[cfg(any(test, not(any(target_arch = "arm", target_arch = "riscv32"))))]
pub(crate) mod lanes;
pub(crate) mod plane;

use crate::arena::Operands;
use crate::error::Fault;
use crate::isa::depthwise::{Channels, Depthwise};
use crate::kernels::sink::Sink;
use crate::kernels::tiled::check_scratch;
use crate::kernels::window::Window;
use crate::kernels::{elements, rows};
use crate::step::Step;

/// A depthwise layer.
pub(crate) struct Layer<'a> {
    /// Channels and filters are as many.
    pub window: &'a Window,
    /// `[C, kh, kw]`.
    pub weights: &'a [i8],
    /// One for each channel, as are the scale words.
    pub bias: &'a [i32],
    pub scales: &'a [u32],
    /// Zero point of the input: what taps outside read.
    pub zero_point: i32,
}

/// Bytes of scratch that a depthwise `Conv` needs, the same on every target; `None` where they
/// overflow or a shape has not four axes.
///
/// `attributes` are those of the step, `input` and `output` the shapes `[N, H, W, C]`.
#[must_use]
pub fn scratch(attributes: &[u32], input: &[u32], output: &[u32]) -> Option<usize> {
    plane::Cut::new(&Window::of(attributes, input, output)?).bytes()
}

pub(super) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (input, out) = (step.need_input(0)?, step.need_output(0)?);
    let window = Window::new(step, 0, input, out);
    let macs = super::check_window(step, &window)?;
    let groups = step.attribute(10) as usize;
    if groups != window.channels || groups != window.filters {
        return Err(Fault::Attribute);
    }
    let needed = plane::Cut::new(&window).bytes();
    check_scratch(step, needed.ok_or(Fault::Shape)?)?;
    Ok(macs)
}

/// Work besides multiply-accumulates: elements that the step writes, and elements written to planes.
/// Strides and dilations make planes much larger than what is computed of them.
pub(super) fn cost(step: &Step<'_>, written: u64) -> u64 {
    let (Some(input), Some(out)) = (step.input(0), step.output(0)) else {
        return u64::MAX;
    };
    let window = Window::new(step, 0, input, out);
    let planes = plane::Cut::new(&window).work(window.channels);
    let images = input.shape().first().map_or(1, |&images| u64::from(images));
    planes.saturating_mul(images).saturating_add(written)
}

pub(super) fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (input, tensor) = (step.input(0)?, step.output(0)?);
    let [x, w, bias, scales] = operands.inputs;
    let [out, _] = operands.outputs;
    let (low, high) = (step.attribute(8) as i32, step.attribute(9) as i32);
    let mut sink = Sink::new(tensor, out, low, high)?;
    let window = Window::new(step, 0, input, tensor);
    let layer = Layer {
        window: &window,
        weights: elements::of(w)?,
        bias: elements::of(bias)?,
        scales: elements::of(scales)?,
        zero_point: input.zero_point(),
    };
    let mut first = 0;
    for image in rows(elements::of(x)?, layer.window.image()) {
        Channels::image(&layer, image, operands.scratch, &mut sink, first)?;
        first += layer.window.output();
    }
    Some(())
}

#[cfg(test)]
mod tests;

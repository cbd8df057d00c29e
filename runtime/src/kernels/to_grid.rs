//! `ToGrid`: real values to integers as ONNX's QuantizeLinear makes them.
//!
//! ```text
//! y = clamp(round_half_even(x / scale) + zero_point)      f32 → int8, int32
//! ```
//!
//! `Quantise` is for activations: it rounds halves away from zero, at less cost, and takes its
//! numbers from the tensor. This is for integers that the model itself defines, so that they are the
//! very ones. Attributes: scale, zero point, low, high; int32 holds integers of other types.

use super::elements::of;
use super::kernel::{Kernel, Types};
use super::types::bounds;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::rounding;
use crate::step::Step;

/// To int8 or int32.
pub const F32: Kernel = Kernel::new(Opcode::ToGrid, [Types::F32, Types::ANY], check, run);

/// Scale, and zero point, low, high.
fn attributes(step: &Step<'_>) -> (f32, [i32; 3]) {
    let integers = [1, 2, 3].map(|index| step.attribute(index) as i32);
    (f32::from_bits(step.attribute(0)), integers)
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    if x.dtype() != DType::F32 || !matches!(out.dtype(), DType::I8 | DType::I32) {
        return Err(Fault::DType);
    }
    if x.elements() != out.elements() {
        return Err(Fault::Shape);
    }
    let (scale, [zero_point, low, high]) = attributes(step);
    let (least, most) = bounds(out.dtype());
    let ordered = least <= low && low <= zero_point && zero_point <= high && high <= most;
    if !ordered || !scale.is_finite() || scale <= 0.0 {
        return Err(Fault::Attribute);
    }
    Ok(0)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let (scale, [zero_point, low, high]) = attributes(step);
    let is_byte = step.output(0)?.dtype() == DType::I8;
    let x: &[f32] = of(x)?;
    // One loop for both types, as small code is what this is for: bytes of an element, then the next.
    let width = if is_byte { 1 } else { 4 };
    for (out, &x) in super::rows_mut(out, width).zip(x) {
        let q = rounding::to_grid(x, scale, zero_point, low, high);
        super::copy_bytes(out, &q.to_le_bytes());
    }
    Some(())
}

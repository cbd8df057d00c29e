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
use super::types::{self, bounds};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::rounding;
use crate::step::Step;

/// To int8 or int32.
pub const F32: Kernel = Kernel::new(Opcode::ToGrid, [Types::F32, Types::ANY], check, run);

/// Bits of the scale; zero point, low, high.
fn attributes(step: &Step<'_>) -> Option<(u32, [i32; 3])> {
    match *step.attributes() {
        [scale, zero_point, low, high] => {
            Some((scale, [zero_point as i32, low as i32, high as i32]))
        }
        _ => None,
    }
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    types::check(step, &[DType::F32], &[DType::I8, DType::I32])?;
    let (scale, [zero_point, low, high]) = attributes(step).ok_or(Fault::Arity)?;
    let (least, most) = bounds(step.need_output(0)?.dtype());
    let ordered = least <= low && low <= zero_point && zero_point <= high && high <= most;
    // Positive and finite.
    let sound = (1..f32::INFINITY.to_bits()).contains(&scale);
    if ordered && sound {
        Ok(0)
    } else {
        Err(Fault::Attribute)
    }
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let (scale, [zero_point, low, high]) = attributes(step)?;
    let scale = f32::from_bits(scale);
    // One loop for both types, as small code is what this is for: bytes of an element, then the next.
    let is_byte = step.output(0)?.dtype() == DType::I8;
    let width = if is_byte { 1 } else { 4 };
    for (out, &x) in super::rows_mut(out, width).zip(of::<f32>(x)?) {
        let q = rounding::to_grid(x, scale, zero_point, low, high);
        super::copy_bytes(out, &q.to_le_bytes());
    }
    Some(())
}

//! `Concat`: up to four tensors joined along an axis.
//!
//! ```text
//! out[o, :] = x₀[o, :], x₁[o, :], …        for each o below outer
//! ```
//!
//! All have one element type. Attributes: outer, and a word for each of four inputs: zero copies
//! its bits; a scale word requantises int8 or int16 from the input's scale to the output's. Words of
//! inputs that are not there are zero.

use super::kernel::{Kernel, Types};
use super::sink::Sink;
use super::types::bounds;
use super::{copy_bytes, rows};
use crate::arena::{HANDED, Operands};
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::isa::elementwise::{self, Operand};
use crate::rounding::Scale;
use crate::step::Step;

/// Any element type.
pub const ANY: Kernel = Kernel::new(Opcode::Concat, [Types::ANY; 2], check, run);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let out = step.need_output(0)?;
    let outer = step.attribute(0) as usize;
    let mut elements = 0usize;
    for index in 0..HANDED {
        let scale = step.attribute(1 + index);
        let Some(x) = step.input(index) else {
            if scale != 0 {
                return Err(Fault::Attribute);
            }
            continue;
        };
        if x.dtype() != out.dtype() {
            return Err(Fault::DType);
        }
        if scale != 0 {
            if !matches!(x.dtype(), DType::I8 | DType::I16) {
                return Err(Fault::DType);
            }
            Scale::from_word(scale).ok_or(Fault::Scale)?;
        }
        let length = x.elements().ok_or(Fault::Shape)?;
        if length.checked_rem(outer) != Some(0) {
            return Err(Fault::Shape);
        }
        elements = elements.checked_add(length).ok_or(Fault::Shape)?;
    }
    if out.elements() != Some(elements) {
        return Err(Fault::Shape);
    }
    Ok(elements as u64)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let tensor = step.output(0)?;
    let outer = step.attribute(0) as usize;
    let size = tensor.dtype().size();
    // Elements from one row of the output to the next, and behind the inputs joined so far.
    let pitch = tensor.elements()?.checked_div(outer)?;
    let mut joined = 0usize;
    let [out, _] = operands.outputs;
    for (index, bytes) in operands.inputs.into_iter().enumerate() {
        let Some(x) = step.input(index) else {
            break;
        };
        let width = x.elements()?.checked_div(outer)?;
        let scale = step.attribute(1 + index);
        if scale == 0 {
            let mut start = joined.checked_mul(size)?;
            for row in rows(bytes, width.checked_mul(size)?) {
                copy_bytes(out.get_mut(start..)?, row);
                start = start.wrapping_add(pitch.wrapping_mul(size));
            }
        } else {
            let (low, high) = bounds(tensor.dtype());
            let mut sink = Sink::new(tensor, out, low, high)?;
            let x = elementwise::Rows {
                operand: Operand::new(x, bytes)?,
                count: outer,
                width,
                first: joined,
                pitch,
            };
            if !elementwise::rescale(&x, scale, &mut sink) {
                rescale(&x, scale, &mut sink)?;
            }
        }
        joined = joined.checked_add(width)?;
    }
    Some(())
}

/// Rows one element after the other.
fn rescale(x: &elementwise::Rows<'_>, scale: u32, sink: &mut Sink<'_>) -> Option<()> {
    let mut from = 0usize;
    let mut start = x.first;
    for _ in 0..x.count {
        for at in 0..x.width {
            let value = x.operand.values.get(from)?;
            let value = value.wrapping_sub(x.operand.zero_point);
            sink.put_accumulator(start.wrapping_add(at), value, scale);
            from = from.wrapping_add(1);
        }
        start = start.wrapping_add(x.pitch);
    }
    Some(())
}

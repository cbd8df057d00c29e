//! `Pad`: elements spread over a larger box that is filled with one value.
//!
//! ```text
//! every element of out = value
//! for each position (i₀, …) of x:
//!     out[before₀ + i₀ · step₀, …] = x[i₀, …]
//! ```
//!
//! Constant padding has steps of one; a transposed convolution spreads its input by its stride.
//! Attributes: value (its low bytes are one element), six words before, six steps. Those of axes
//! that x does not have are zero. Any element type; input and output have the same, and the same
//! rank. Bits are copied.

use super::kernel::{Kernel, Types};
use super::{copy_bytes, rows, rows_mut, walk};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{MAX_RANK, Opcode};
use crate::step::Step;

/// Words of `before` and `step` of axis `index`.
fn axis(step: &Step<'_>, index: usize) -> (u32, u32) {
    (
        step.attribute(1 + index),
        step.attribute(1 + MAX_RANK + index),
    )
}

/// Any element type.
pub const ANY: Kernel = Kernel::new(Opcode::Pad, [Types::ANY; 2], check, run);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    if x.dtype() != out.dtype() {
        return Err(Fault::DType);
    }
    if x.rank() != out.rank() {
        return Err(Fault::Shape);
    }
    for index in 0..MAX_RANK {
        let (before, stride) = axis(step, index);
        let (Some(&from), Some(&to)) = (x.shape().get(index), out.shape().get(index)) else {
            if (before, stride) != (0, 0) {
                return Err(Fault::Attribute);
            }
            continue;
        };
        let last = u64::from(from.saturating_sub(1)) * u64::from(stride);
        if stride == 0 || last.saturating_add(before.into()) >= to.into() {
            return Err(Fault::Attribute);
        }
    }
    Ok(x.elements().ok_or(Fault::Shape)? as u64)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (tensor, out_tensor) = (step.input(0)?, step.output(0)?);
    let size = tensor.dtype().size();
    let walk = walk::spread(
        tensor,
        out_tensor,
        |index| axis(step, index).0,
        |index| axis(step, index).1,
    );
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let value = step.attribute(0).to_le_bytes();
    for element in rows_mut(out, size) {
        copy_bytes(element, &value);
    }
    let [stride, ..] = walk.strides;
    for (row, [mut at, ..]) in rows(x, walk.length.wrapping_mul(size)).zip(walk) {
        for element in rows(row, size) {
            let target = out.get_mut(at.checked_mul(size)?..)?;
            copy_bytes(target.get_mut(..size)?, element);
            at = at.wrapping_add(stride);
        }
    }
    Some(())
}

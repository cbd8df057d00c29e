//! `Where`: one of two values by a condition, all broadcast to the output's shape.
//!
//! ```text
//! out[i] = a[i] where cond[i] is not zero, else b[i]
//! ```
//!
//! cond is a tensor of truth values; a, b and the output have one type and one quantisation. Bits
//! are copied.

use super::kernel::{Kernel, Types};
use super::{copy_bytes, rows_mut, walk};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::step::Step;

/// Any element type.
pub const ANY: Kernel = Kernel::new(Opcode::Where, [Types::ANY; 2], check, run);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (condition, a, b) = (
        step.need_input(0)?,
        step.need_input(1)?,
        step.need_input(2)?,
    );
    let out = step.need_output(0)?;
    if condition.dtype() != DType::Bool || a.dtype() != out.dtype() || b.dtype() != out.dtype() {
        return Err(Fault::DType);
    }
    let quantisation = (out.scale().to_bits(), out.zero_point());
    if [a, b].map(|x| (x.scale().to_bits(), x.zero_point())) != [quantisation; 2] {
        return Err(Fault::Scale);
    }
    walk::broadcast(out, &[condition, a, b]).ok_or(Fault::Shape)?;
    Ok(out.elements().ok_or(Fault::Shape)? as u64)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let out = step.output(0)?;
    let size = out.dtype().size();
    let walk = walk::broadcast(out, &[step.input(0)?, step.input(1)?, step.input(2)?])?;
    let [condition, a, b, _] = operands.inputs;
    let [out, _] = operands.outputs;
    let strides = walk.strides;
    for (row, mut at) in rows_mut(out, walk.length.wrapping_mul(size)).zip(walk) {
        for out in rows_mut(row, size) {
            let [condition_at, a_at, b_at] = at;
            let (source, at_element) = if *condition.get(condition_at)? != 0 {
                (a, a_at)
            } else {
                (b, b_at)
            };
            copy_bytes(out, source.get(at_element.checked_mul(size)?..)?);
            for (at, stride) in at.iter_mut().zip(strides) {
                *at = at.wrapping_add(stride);
            }
        }
    }
    Some(())
}

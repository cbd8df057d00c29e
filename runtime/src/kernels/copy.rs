//! `Copy`: elements picked from the input by strides.
//!
//! ```text
//! for each position (i₀, …, i₅) below the lengths, last index fastest:
//!     next element of out = x[base + i₀·stride₀ + … + i₅·stride₅]
//! ```
//!
//! Transposes, slices, reversals and repetitions are all of this kind: a stride may be negative or
//! zero. Any element type; input and output have the same. Attributes: base, six lengths, six
//! strides (int32, in elements). The shapes of the operands do not matter, only their lengths.

use super::kernel::{Kernel, Types};
use super::{copy_bytes, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::Opcode;
use crate::step::Step;

/// Axes walked.
const AXES: usize = 6;

/// Length and stride of an axis.
fn axis(step: &Step<'_>, index: usize) -> (u32, i32) {
    let (length, stride) = (
        step.attribute(1 + index),
        step.attribute(1 + AXES + index) as i32,
    );
    (length, stride)
}

/// Any element type.
pub const ANY: Kernel = Kernel::new(Opcode::Copy, [Types::ANY; 2], check, run);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    if x.dtype() != out.dtype() {
        return Err(Fault::DType);
    }
    // Indices of the first and the last element that any position picks.
    let mut least = i64::from(step.attribute(0));
    let mut most = least;
    let mut count = 1u32;
    for index in 0..AXES {
        let (length, stride) = axis(step, index);
        let last = length.checked_sub(1).ok_or(Fault::Attribute)?;
        count = count.checked_mul(length).ok_or(Fault::Shape)?;
        // Both factors fit 32 bits and there are six: far below 64 bits, except by their sign.
        let span = i64::from(last).saturating_mul(i64::from(stride));
        if span < 0 {
            least = least.saturating_add(span);
        } else {
            most = most.saturating_add(span);
        }
    }
    let elements = x.elements().ok_or(Fault::Shape)? as i64;
    if least < 0 || most >= elements {
        return Err(Fault::Attribute);
    }
    if out.elements() != Some(count as usize) {
        return Err(Fault::Shape);
    }
    Ok(0)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let size = step.input(0)?.dtype().size();
    let [source, ..] = operands.inputs;
    let [target, _] = operands.outputs;
    // The innermost axis is a loop of its own; the five outer ones count up.
    let (length, stride) = axis(step, AXES - 1);
    let mut position = [0u32; AXES - 1];
    let mut start = i64::from(step.attribute(0));
    // Neighbours go together.
    let (length, together) = match stride {
        1 => (1, length as usize),
        _ => (length, 1),
    };
    let bytes = together.checked_mul(size)?;
    let mut targets = rows_mut(target, bytes);
    loop {
        let mut element = start;
        for _ in 0..length {
            let Some(target) = targets.next() else {
                return Some(());
            };
            let offset = usize::try_from(element).ok()?.checked_mul(size)?;
            copy_bytes(target, source.get(offset..)?);
            element += i64::from(stride);
        }
        let mut carried = true;
        for (index, count) in position.iter_mut().enumerate().rev() {
            let (length, stride) = axis(step, index);
            *count += 1;
            start += i64::from(stride);
            if *count < length {
                carried = false;
                break;
            }
            start -= i64::from(stride) * i64::from(*count);
            *count = 0;
        }
        if carried {
            return Some(());
        }
    }
}

//! `Mean`: over the second last axis, `[…, T, C]` to `[…, C]`.
//!
//! ```text
//! out[i, c] = Σₜ x[i, t, c] / T
//! ```
//!
//! Integers: `requantise(Σₜ (x − zx))` with 1 / T in the scale word. Floats: summed in order of t.
//! Attribute: scale.

use super::kernel::{Kernel, Types};
use super::sink::{BLOCK, Sink};
use super::types::{Integers, bounds};
use super::{rows, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode, Tensor};
use crate::math;
use crate::rounding::Scale;
use crate::step::Step;

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::Mean, [Types::F32, Types::ANY], check, run_f32);
/// int8 and int16.
pub const INTEGER: Kernel = Kernel::new(
    Opcode::Mean,
    [Types::QUANTISED, Types::ANY],
    check,
    run_integer,
);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    let [.., steps, _] = x.shape() else {
        return Err(Fault::Shape);
    };
    let elements = x.elements().ok_or(Fault::Shape)?;
    // Below 2¹⁵ addends of 16 bits cannot overflow the sum.
    if *steps >= 1 << 15 || out.elements() != elements.checked_div(*steps as usize) {
        return Err(Fault::Shape);
    }
    match (x.dtype(), out.dtype()) {
        (DType::F32, DType::F32) => {}
        (DType::I8 | DType::I16, DType::I8 | DType::I16) => {
            Scale::from_word(step.attribute(0)).ok_or(Fault::Scale)?;
        }
        _ => return Err(Fault::DType),
    }
    Ok(elements as u64)
}

/// Lengths of the axis and of the one behind it; neither is zero.
fn axes(tensor: Tensor<'_>) -> Option<(usize, usize)> {
    let [.., steps, columns] = tensor.shape() else {
        return None;
    };
    (*columns != 0).then_some((*steps as usize, *columns as usize))
}

fn run_f32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (steps, columns) = axes(step.input(0)?)?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let x: &[f32] = bytemuck::try_cast_slice(x).ok()?;
    let out: &mut [f32] = bytemuck::try_cast_slice_mut(out).ok()?;
    for (outer, out) in rows_mut(out, columns).enumerate() {
        for (column, out) in out.iter_mut().enumerate() {
            let start = outer * steps * columns + column;
            let mut sum = 0.0;
            for t in 0..steps {
                sum += x.get(start + t * columns)?;
            }
            *out = math::canonical(sum / steps as f32);
        }
    }
    Some(())
}

fn run_integer(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (tensor, out_tensor) = (step.input(0)?, step.output(0)?);
    let (steps, columns) = axes(tensor)?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let (low, high) = bounds(out_tensor.dtype());
    let mut sink = Sink::new(out_tensor, out, low, high)?;
    // The sum of the zero points goes in first: below 2¹⁵ addends of 16 bits, as it may be.
    let start = (steps as i32).wrapping_mul(tensor.zero_point());
    let mut put = |index, sum: i32| {
        sink.put_accumulator(index, sum.wrapping_sub(start), step.attribute(0));
    };
    match Integers::new(tensor.dtype(), x)? {
        Integers::I8(x) => sums(x, steps, columns, &mut put),
        Integers::I16(x) => sums(x, steps, columns, &mut put),
        Integers::Replaced => None,
    }
}

/// Hands the sum of each column of each block of `steps` rows to `put`.
fn sums<T: Copy + Into<i32>>(
    x: &[T],
    steps: usize,
    columns: usize,
    put: &mut dyn FnMut(usize, i32),
) -> Option<()> {
    let mut index = 0;
    for block in rows(x, steps.checked_mul(columns)?) {
        let mut first = 0;
        // Columns side by side go together through all steps.
        while first < columns {
            let mut sums = [0i32; BLOCK];
            let sums = sums.get_mut(..columns.wrapping_sub(first).min(BLOCK))?;
            for row in rows(block, columns) {
                for (sum, &x) in sums.iter_mut().zip(row.get(first..)?) {
                    *sum = sum.wrapping_add(x.into());
                }
            }
            for &mut sum in sums {
                put(index, sum);
                index = index.wrapping_add(1);
            }
            first = first.wrapping_add(BLOCK);
        }
    }
    Some(())
}

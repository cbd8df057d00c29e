//! `Scatter`: rows of a table replaced or combined by index.
//!
//! ```text
//! out = data
//! for each i in order:
//!     out[ids[i], :] = out[ids[i], :] ∘ updates[i, :]
//! ```
//!
//! Inputs: data, seen as rows of E elements; ids int32, n of them; updates, n rows of E. Ids count
//! as in [`super::gather`]. Attributes: kind (0 replaces, 1 adds, 2 multiplies, 3 keeps the greater,
//! 4 the lesser), E. Replacing takes any type and copies bits; the others f32 and int32, by the
//! functions of `Binary`.

use super::binary::Function;
use super::kernel::{Kernel, Types};
use super::{copy_bytes, gather, rows as rows_of};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::step::Step;

/// What a row and its update become; `None` where the update replaces it.
fn combination(kind: u32) -> Result<Option<Function>, Fault> {
    Ok(Some(match kind {
        0 => return Ok(None),
        1 => Function::Add,
        2 => Function::Mul,
        3 => Function::Max,
        4 => Function::Min,
        _ => return Err(Fault::Attribute),
    }))
}

/// Rows of the table.
fn rows(step: &Step<'_>) -> usize {
    let elements = step.input(0).and_then(|data| data.elements());
    let width = step.attribute(1) as usize;
    elements.and_then(|all| all.checked_div(width)).unwrap_or(0)
}

/// Any element type.
pub const ANY: Kernel = Kernel::new(Opcode::Scatter, [Types::ANY; 2], check, run)
    .guarded(|run, step, position| run.check_ids(step, position, rows(step)));

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (data, ids, updates) = (
        step.need_input(0)?,
        step.need_input(1)?,
        step.need_input(2)?,
    );
    let out = step.need_output(0)?;
    let combines = combination(step.attribute(0))?.is_some();
    if combines && !matches!(out.dtype(), DType::F32 | DType::I32)
        || [data.dtype(), updates.dtype()] != [out.dtype(); 2]
        || ids.dtype() != DType::I32
    {
        return Err(Fault::DType);
    }
    let elements = data.elements().ok_or(Fault::Shape)?;
    let width = step.attribute(1) as usize;
    let update = ids.elements().and_then(|n| n.checked_mul(width));
    if elements.checked_rem(width) != Some(0)
        || out.elements() != Some(elements)
        || updates.elements() != Some(update.ok_or(Fault::Shape)?)
    {
        return Err(Fault::Shape);
    }
    Ok(updates.elements().ok_or(Fault::Shape)? as u64)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let function = combination(step.attribute(0)).ok()?;
    let width = step.attribute(1) as usize;
    let dtype = step.output(0)?.dtype();
    let table = rows(step);
    let [data, ids, updates, _] = operands.inputs;
    let [out, _] = operands.outputs;
    let ids: &[i32] = bytemuck::try_cast_slice(ids).ok()?;
    copy_bytes(out, data);
    let bytes = width.checked_mul(dtype.size())?;
    for (&id, update) in ids.iter().zip(rows_of(updates, bytes)) {
        let start = gather::row(id, table)?.checked_mul(bytes)?;
        let row = out.get_mut(start..)?.get_mut(..bytes)?;
        match (function, dtype) {
            (None, _) => copy_bytes(row, update),
            (Some(function), DType::F32) => combine(row, update, |a, b| function.basic_f32(a, b))?,
            (Some(function), _) => combine(row, update, |a, b| function.apply_i32(a, b))?,
        }
    }
    Some(())
}

fn combine<T: bytemuck::Pod>(row: &mut [u8], update: &[u8], f: impl Fn(T, T) -> T) -> Option<()> {
    let row: &mut [T] = bytemuck::try_cast_slice_mut(row).ok()?;
    let update: &[T] = bytemuck::try_cast_slice(update).ok()?;
    for (row, update) in row.iter_mut().zip(update) {
        *row = f(*row, *update);
    }
    Some(())
}

//! `Gather`: rows of a table by index, the embedding.
//!
//! ```text
//! out[i, :] = table[ids[i], :]
//! ```
//!
//! Inputs: table `[V, E]` (constant int8, f32 or f16), ids int32. The output has the table's type
//! and quantisation, f32 for f16. Ids outside the table clamp: those that the caller sets are
//! checked before ([`crate::InputError::Id`]), computed ones must not stop the run.

use super::dot::Weight;
use super::rows_mut;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::DType;
use crate::math;
use crate::step::Step;

pub(super) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let table = step.need_weights(0, &[DType::I8, DType::F32, DType::F16])?;
    let (ids, out) = (step.need_input(1)?, step.need_output(0)?);
    if table.rank != 2 || out.columns() != table.columns() || ids.elements() != Some(out.rows()) {
        return Err(Fault::Shape);
    }
    match (ids.dtype, table.dtype, out.dtype) {
        (DType::I32, DType::I8, DType::I8) | (DType::I32, DType::F32 | DType::F16, DType::F32) => {
            Ok(0)
        }
        _ => Err(Fault::DType),
    }
}

pub(super) fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let table = step.input(0)?;
    let width = table.columns();
    let [rows, ids, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let ids: &[i32] = bytemuck::try_cast_slice(ids).ok()?;
    match table.dtype {
        DType::I8 => gather(rows, ids, width, out, |&q| q),
        DType::F32 => {
            let out: &mut [f32] = bytemuck::try_cast_slice_mut(out).ok()?;
            gather(
                bytemuck::try_cast_slice::<u8, f32>(rows).ok()?,
                ids,
                width,
                out,
                |&x| x,
            )
        }
        _ => {
            let out: &mut [f32] = bytemuck::try_cast_slice_mut(out).ok()?;
            let halves: &[u16] = bytemuck::try_cast_slice(rows).ok()?;
            gather(halves, ids, width, out, |&half| {
                math::canonical(half.widen())
            })
        }
    }
}

fn gather<T, U>(
    table: &[T],
    ids: &[i32],
    width: usize,
    out: &mut [U],
    convert: impl Fn(&T) -> U,
) -> Option<()> {
    if width == 0 {
        return None;
    }
    let last = (table.len() / width).checked_sub(1)?;
    for (&id, out) in ids.iter().zip(rows_mut(out, width)) {
        let row = (id.max(0) as usize).min(last);
        let source = table.get(row * width..)?;
        for (out, value) in out.iter_mut().zip(source) {
            *out = convert(value);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn computed_ids_clamp() {
        let table = [1, 2, 3, 4, 5, 6];
        let mut out = [0; 8];
        super::gather(&table, &[1, -5, 99, 0], 2, &mut out, |&x| x).unwrap();
        assert_eq!(out, [3, 4, 1, 2, 5, 6, 1, 2]);
    }
}

//! `Gather`: rows of a table by index, the embedding.
//!
//! ```text
//! out[o, i, :] = table[o, ids[i], :]
//! ```
//!
//! Inputs: table, seen as `[outer, V, E]` (any type; f16 and int4 only as constants), ids int32.
//! Attributes: V, E. The output has the table's type and quantisation, but f32 for f16. Negative
//! ids count from the end. Ids outside the table clamp: those that the caller sets are checked
//! before ([`crate::InputError::Id`]), computed ones must not stop the run.
//!
//! 1. int4 rows become int8, sixteen times as large: the output's scale is a sixteenth of the
//!    table's. So what reads it, a `Concat` above all, may requantise it to steps as fine as those
//!    of int8 tables. Outer is 1: rows of the first axis start at bytes, others need not.

use super::dot::Weight;
use super::kernel::{Kernel, Types};
use super::{copy_bytes, rows as rows_of, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode, nibble};
use crate::math;
use crate::step::Step;

/// Whether `id` is one of a table of `rows`, from the start or from the end.
pub(crate) fn is_inside(id: i32, rows: usize) -> bool {
    let (id, rows) = (i64::from(id), rows as i64);
    (-rows..rows).contains(&id)
}

/// The row that `id` means in a table of `rows`; `None` where it has none.
pub(super) fn row(id: i32, rows: usize) -> Option<usize> {
    let last = rows.checked_sub(1)?;
    let from_end = if id < 0 { rows as i64 } else { 0 };
    let row = i64::from(id).wrapping_add(from_end).max(0);
    Some((row as usize).min(last))
}

/// Rows of the table.
fn rows(step: &Step<'_>) -> usize {
    step.attribute(0) as usize
}

/// Rows as they are.
pub const PLAIN: Kernel = kernel(
    Types::of(&[DType::F32, DType::I8, DType::I16, DType::I32, DType::Bool]),
    run_plain,
);
/// f16 to f32.
pub const F16: Kernel = kernel(Types::F16, run_f16);
/// int4 to int8.
pub const I4: Kernel = kernel(Types::I4, run_i4);

const fn kernel(table: Types, run: fn(&Step<'_>, Operands<'_>) -> Option<()>) -> Kernel {
    Kernel::new(Opcode::Gather, [table, Types::ANY], check, run)
        .guarded(|run, step, position| run.check_ids(step, position, rows(step)))
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (table, ids) = (step.need_input(0)?, step.need_input(1)?);
    let out = step.need_output(0)?;
    let result = match table.dtype() {
        // Never in the arena.
        DType::F16 => DType::F32,
        DType::I4 => DType::I8,
        DType::Scale => return Err(Fault::DType),
        dtype => dtype,
    };
    if ids.dtype() != DType::I32 || out.dtype() != result {
        return Err(Fault::DType);
    }
    let (length, width) = (rows(step), step.attribute(1) as usize);
    let slice = length.checked_mul(width).ok_or(Fault::Shape)?;
    let elements = table.elements().ok_or(Fault::Shape)?;
    if elements.checked_rem(slice) != Some(0) {
        return Err(Fault::Shape);
    }
    let outer = elements.checked_div(slice).ok_or(Fault::Shape)?;
    // Each row starts at a byte only where it is all that stands behind the first axis.
    let first = table.shape().first().map(|&rows| rows as usize);
    if table.dtype() == DType::I4 && (first != Some(length) || outer != 1) {
        return Err(Fault::Shape);
    }
    let gathered = ids.elements().and_then(|n| n.checked_mul(width));
    let gathered = gathered.and_then(|n| n.checked_mul(outer));
    if out.elements() != Some(gathered.ok_or(Fault::Shape)?) {
        return Err(Fault::Shape);
    }
    Ok(0)
}

fn run_plain(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let row_bytes = (step.attribute(1) as usize).checked_mul(step.input(0)?.dtype().size())?;
    run(step, operands, row_bytes, |target, source| {
        copy_bytes(target, source);
        Some(())
    })
}

fn run_f16(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let row_bytes = (step.attribute(1) as usize).checked_mul(DType::F16.size())?;
    run(step, operands, row_bytes, widen)
}

fn run_i4(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let row_bytes = nibble::row_bytes(step.attribute(1) as usize);
    run(step, operands, row_bytes, |target, source| {
        unpack(target, source);
        Some(())
    })
}

/// Writes, with `put(target, source from the row on)`, the rows of `row_bytes` that the ids name.
#[inline(always)]
fn run(
    step: &Step<'_>,
    operands: Operands<'_>,
    row_bytes: usize,
    put: impl Fn(&mut [u8], &[u8]) -> Option<()>,
) -> Option<()> {
    let out_size = step.output(0)?.dtype().size();
    let (length, width) = (rows(step), step.attribute(1) as usize);
    let [table, ids, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let ids: &[i32] = bytemuck::try_cast_slice(ids).ok()?;
    let slices = rows_of(table, row_bytes.checked_mul(length)?);
    let mut targets = rows_mut(out, width.checked_mul(out_size)?);
    for slice in slices {
        for &id in ids {
            let source = slice.get(row(id, length)?.checked_mul(row_bytes)?..)?;
            put(targets.next()?, source)?;
        }
    }
    Some(())
}

/// f16 to f32.
fn widen(target: &mut [u8], source: &[u8]) -> Option<()> {
    let target: &mut [f32] = bytemuck::try_cast_slice_mut(target).ok()?;
    let source: &[u16] = bytemuck::try_cast_slice(source).ok()?;
    for (target, half) in target.iter_mut().zip(source) {
        *target = math::canonical(half.widen());
    }
    Some(())
}

/// int4 to int8, times sixteen.
fn unpack(target: &mut [u8], source: &[u8]) {
    for (target, q) in target.iter_mut().zip(nibble::unpack_row(source)) {
        *target = (q as u8) << 4;
    }
}

#[cfg(test)]
mod tests {
    use super::{is_inside, row, unpack};
    use crate::format::nibble;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn nibbles_are_sixteenths(row in proptest::collection::vec(-8i8..8, 1..20)) {
            let bytes: Vec<u8> = nibble::pack_row(&row).collect();
            let mut target = std::vec![0; row.len()];
            unpack(&mut target, &bytes);
            let naive: Vec<u8> = row.iter().map(|&q| (i32::from(q) * 16) as i8 as u8).collect();
            prop_assert_eq!(target, naive);
        }
    }

    #[test]
    fn negative_ids_count_from_the_end_and_others_clamp() {
        for (id, expected) in [
            (0, 0),
            (2, 2),
            (3, 2),
            (i32::MAX, 2),
            (-1, 2),
            (-3, 0),
            (-4, 0),
        ] {
            assert_eq!(row(id, 3), Some(expected), "{id}");
            assert_eq!(is_inside(id, 3), (-3..3).contains(&id));
        }
        assert_eq!(row(i32::MIN, 3), Some(0));
        assert_eq!(row(0, 0), None);
    }
}

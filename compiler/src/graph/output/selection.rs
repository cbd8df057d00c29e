//! Output rules of operators that pick or combine elements along axes.

use super::{Fact, Operands, axis_of};
use crate::error::{Error, Result};
use crate::graph::{Dtype, TopK};

pub(super) fn gather(axis: usize, operands: &Operands<'_>) -> Result<Fact> {
    let (table, indices) = (operands.get(0)?, operands.get(1)?);
    axis_of(&table.shape, axis)?;
    if !matches!(indices.dtype, Dtype::I64 | Dtype::I32) {
        return Err(Error::input(format!(
            "indices `{}` are {}, expected i64 or i32",
            indices.name,
            indices.dtype.name()
        )));
    }
    let (head, tail) = (&table.shape[..axis], &table.shape[axis + 1..]);
    let shape = [head, &indices.shape, tail].concat();
    Ok((table.dtype, shape))
}

pub(super) fn reduce(axes: &[usize], keep: bool, operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    for &axis in axes {
        if axis_of(&x.shape, axis)? == 0 {
            return Err(Error::input("an empty axis cannot be reduced"));
        }
    }
    let kept = |(axis, &dim): (usize, &usize)| match (axes.contains(&axis), keep) {
        (false, _) => Some(dim),
        (true, true) => Some(1),
        (true, false) => None,
    };
    let shape = x.shape.iter().enumerate().filter_map(kept).collect();
    Ok((x.dtype, shape))
}

pub(super) fn top_k(top: &TopK, operands: &Operands<'_>) -> Result<Vec<Fact>> {
    let mut shape = operands.floats(0)?.to_vec();
    let length = axis_of(&shape, top.axis)?;
    if top.k > length {
        return Err(Error::input(format!(
            "the best {} of {length} are asked for",
            top.k
        )));
    }
    shape[top.axis] = top.k;
    Ok(vec![(Dtype::F32, shape.clone()), (Dtype::I64, shape)])
}

pub(super) fn arg_max(axis: usize, keep: bool, operands: &Operands<'_>) -> Result<Fact> {
    operands.floats(0)?;
    let (_, shape) = reduce(&[axis], keep, operands)?;
    Ok((Dtype::I64, shape))
}

//! Output rules of operators that pick or combine elements along axes.

use super::{Fact, Operands, axis_of};
use crate::error::{Error, Result};
use crate::graph::{Dtype, TopK, Value};

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
    if x.dtype == Dtype::Bool {
        return Err(Error::input("a reduction of truth values")
            .hint("cast to integers before it and back behind it"));
    }
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

pub(super) fn scatter(operands: &Operands<'_>) -> Result<Fact> {
    let (data, rows, updates) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
    let fits = match (&data.shape[..], &rows.shape[..]) {
        (&[table, width], &[count]) => table > 0 && updates.shape == [count, width],
        _ => false,
    };
    let typed = matches!(rows.dtype, Dtype::I64 | Dtype::I32) && data.dtype == updates.dtype;
    match fits && typed {
        true => Ok((data.dtype, data.shape.clone())),
        false => Err(Error::input(format!(
            "rows {:?} {} of {:?} {} cannot take {:?} {}",
            rows.shape,
            rows.dtype.name(),
            data.shape,
            data.dtype.name(),
            updates.shape,
            updates.dtype.name()
        ))),
    }
}

/// Numbers, which have an order.
fn ordered<'o>(operands: &'o Operands<'_>) -> Result<&'o Value> {
    let x = operands.get(0)?;
    match x.dtype {
        Dtype::Bool => Err(Error::input(format!(
            "`{}` is bool, expected numbers",
            x.name
        ))),
        _ => Ok(x),
    }
}

pub(super) fn top_k(top: &TopK, operands: &Operands<'_>) -> Result<Vec<Fact>> {
    let x = ordered(operands)?;
    let mut shape = x.shape.clone();
    let length = axis_of(&shape, top.axis)?;
    if top.k > length {
        return Err(Error::input(format!(
            "the best {} of {length} are asked for",
            top.k
        )));
    }
    shape[top.axis] = top.k;
    Ok(vec![(x.dtype, shape.clone()), (Dtype::I64, shape)])
}

pub(super) fn arg_max(axis: usize, keep: bool, operands: &Operands<'_>) -> Result<Fact> {
    ordered(operands)?;
    let (_, shape) = reduce(&[axis], keep, operands)?;
    Ok((Dtype::I64, shape))
}

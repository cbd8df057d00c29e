//! Output rules of operators that keep the shape of their operands.

use super::{Fact, Operands, axis_of};
use crate::error::{Error, Result};
use crate::graph::Dtype;

/// Common shape of two operands under numpy broadcasting.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dim = |shape: &[usize], axis: usize| match (axis + shape.len()).checked_sub(rank) {
        Some(index) => shape[index],
        None => 1,
    };
    (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            _ => Err(Error::input(format!(
                "shapes {a:?} and {b:?} do not broadcast"
            ))),
        })
        .collect()
}

pub(super) fn same(operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    Ok((x.dtype, x.shape.clone()))
}

pub(super) fn float(operands: &Operands<'_>) -> Result<Fact> {
    Ok((Dtype::F32, operands.floats(0)?.to_vec()))
}

pub(super) fn along(axis: usize, operands: &Operands<'_>) -> Result<Fact> {
    let shape = operands.floats(0)?;
    axis_of(shape, axis)?;
    Ok((Dtype::F32, shape.to_vec()))
}

pub(super) fn cast(to: Dtype, operands: &Operands<'_>) -> Result<Fact> {
    Ok((to, operands.get(0)?.shape.clone()))
}

pub(super) fn binary(operands: &Operands<'_>) -> Result<Fact> {
    let (a, b) = (operands.get(0)?, operands.get(1)?);
    if a.dtype != b.dtype {
        return Err(Error::input(format!(
            "operands `{}` ({}) and `{}` ({}) differ in type",
            a.name,
            a.dtype.name(),
            b.name,
            b.dtype.name()
        )));
    }
    Ok((a.dtype, broadcast(&a.shape, &b.shape)?))
}

pub(super) fn gate(operands: &Operands<'_>) -> Result<Fact> {
    let shape = operands.floats(0)?;
    if operands.floats(1)? != shape || operands.floats(2)? != shape {
        return Err(Error::input("the operands of a gate differ in shape"));
    }
    Ok((Dtype::F32, shape.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::broadcast;

    #[test]
    fn broadcasting_follows_numpy() {
        assert_eq!(broadcast(&[2, 1, 3], &[4, 1]).unwrap(), [2, 4, 3]);
        assert_eq!(broadcast(&[], &[2]).unwrap(), [2]);
        assert!(broadcast(&[2], &[3]).is_err());
    }
}

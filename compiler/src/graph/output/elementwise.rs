//! Output rules of operators that keep the shape of their operands.

use super::{Fact, Operands, axis_of};
use crate::error::{Error, Result};
use crate::graph::{Binary, Dtype, Grid, Unary};

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

/// Rounding to a grid, as reals or as integers of type `to`.
pub(super) fn to_grid(grid: &Grid, to: Dtype, operands: &Operands<'_>) -> Result<Fact> {
    let shape = operands.floats(0)?;
    check_grid(grid, shape)?;
    Ok((to, shape.to_vec()))
}

pub(super) fn from_grid(grid: &Grid, operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    check_grid(grid, &x.shape)?;
    match x.dtype {
        Dtype::I8 | Dtype::U8 | Dtype::I32 => Ok((Dtype::F32, x.shape.clone())),
        other => Err(Error::input(format!(
            "`{}` is {}, expected integers of a grid",
            x.name,
            other.name()
        ))),
    }
}

/// One scale, or one for each index along the axis; all of them positive.
fn check_grid(grid: &Grid, shape: &[usize]) -> Result<()> {
    let fits = match grid.scale.len() {
        1 => true,
        count => axis_of(shape, grid.axis)? == count,
    };
    let positive = grid.scale.iter().all(|&s| s > 0.0 && s.is_finite());
    match fits && positive && grid.zero_point.len() == grid.scale.len() && grid.low <= grid.high {
        true => Ok(()),
        false => Err(Error::input(format!(
            "scales {:?} and zero points {:?} along axis {} of {shape:?}",
            grid.scale, grid.zero_point, grid.axis
        ))
        .hint("scales are positive numbers, one for all or one for each index of the axis")),
    }
}

pub(super) fn along(axis: usize, operands: &Operands<'_>) -> Result<Fact> {
    let shape = operands.floats(0)?;
    axis_of(shape, axis)?;
    Ok((Dtype::F32, shape.to_vec()))
}

pub(super) fn cast(to: Dtype, operands: &Operands<'_>) -> Result<Fact> {
    Ok((to, operands.get(0)?.shape.clone()))
}

/// One of a few functions exists for integers, one for truth values.
pub(super) fn unary(kind: Unary, operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    let integers = matches!(kind, Unary::Neg | Unary::Abs | Unary::Sign | Unary::Relu);
    let fits = match x.dtype {
        Dtype::F32 => kind != Unary::Not,
        Dtype::Bool => kind == Unary::Not,
        Dtype::I64 | Dtype::I32 | Dtype::I8 | Dtype::U8 => integers,
    };
    match fits {
        true => Ok((x.dtype, x.shape.clone())),
        false => Err(Error::input(format!(
            "{kind:?} of `{}`, which is {}",
            x.name,
            x.dtype.name()
        ))),
    }
}

pub(super) fn choose(operands: &Operands<'_>) -> Result<Fact> {
    let (condition, a, b) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
    if condition.dtype != Dtype::Bool || a.dtype != b.dtype {
        return Err(Error::input(format!(
            "a choice by {} between {} and {}",
            condition.dtype.name(),
            a.dtype.name(),
            b.dtype.name()
        )));
    }
    let shape = broadcast(&broadcast(&condition.shape, &a.shape)?, &b.shape)?;
    Ok((a.dtype, shape))
}

pub(super) fn summed(axis: usize, operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    axis_of(&x.shape, axis)?;
    match x.dtype {
        Dtype::Bool => Err(Error::input("running sums of truth values")),
        dtype => Ok((dtype, x.shape.clone())),
    }
}

pub(super) fn rows(operands: &Operands<'_>) -> Result<Fact> {
    let shape = operands.floats(0)?;
    match shape.last() {
        Some(&width) if width > 0 => Ok((Dtype::F32, shape.to_vec())),
        _ => Err(Error::input("rows without elements")),
    }
}

pub(super) fn binary(kind: Binary, operands: &Operands<'_>) -> Result<Fact> {
    let (a, b) = (operands.get(0)?, operands.get(1)?);
    let truths = matches!(kind, Binary::And | Binary::Or | Binary::Xor);
    if truths != (a.dtype == Dtype::Bool) && kind != Binary::Equal {
        return Err(Error::input(format!(
            "{kind:?} of `{}`, which is {}",
            a.name,
            a.dtype.name()
        )));
    }
    if a.dtype != b.dtype {
        return Err(Error::input(format!(
            "operands `{}` ({}) and `{}` ({}) differ in type",
            a.name,
            a.dtype.name(),
            b.name,
            b.dtype.name()
        )));
    }
    let dtype = if kind.is_truth() {
        Dtype::Bool
    } else {
        a.dtype
    };
    Ok((dtype, broadcast(&a.shape, &b.shape)?))
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

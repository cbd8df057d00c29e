//! Output rules of matrix products.

use super::{Fact, Operands, broadcast};
use crate::error::{Error, Result};
use crate::graph::{Dtype, Gemm};
use qibu::kernels::top_k_groups::lists;

fn mismatch(a: &[usize], b: &[usize]) -> Error {
    Error::input(format!("matrices {a:?} and {b:?} do not multiply"))
}

/// The two axes of a matrix, exchanged on request.
fn matrix(shape: &[usize], transposed: bool) -> Result<(usize, usize)> {
    match (shape, transposed) {
        (&[rows, columns], false) | (&[columns, rows], true) => Ok((rows, columns)),
        _ => Err(Error::input(format!(
            "a matrix is expected, found {shape:?}"
        ))),
    }
}

pub(super) fn gemm(gemm: &Gemm, operands: &Operands<'_>) -> Result<Fact> {
    let (a, b) = (operands.floats(0)?, operands.floats(1)?);
    let (rows, inner) = matrix(a, gemm.transpose_a)?;
    let (other, columns) = matrix(b, gemm.transpose_b)?;
    if inner != other {
        return Err(mismatch(a, b));
    }
    let shape = vec![rows, columns];
    if operands.optional(2).is_some() {
        let addend = operands.floats(2)?;
        if broadcast(&shape, addend)? != shape {
            return Err(Error::input(format!(
                "the addend {addend:?} does not broadcast to {shape:?}"
            )));
        }
    }
    Ok((Dtype::F32, shape))
}

pub(super) fn mat_mul(operands: &Operands<'_>) -> Result<Fact> {
    multiplied(operands, false)
}

pub(super) fn products(operands: &Operands<'_>) -> Result<Fact> {
    multiplied(operands, true)
}

/// Stacks of matrices multiplied; `rows` says that those of the second stack are given by rows.
fn multiplied(operands: &Operands<'_>, rows: bool) -> Result<Fact> {
    let (a, b) = (operands.floats(0)?, operands.floats(1)?);
    let ([heads_a @ .., height, inner], [heads_b @ .., first, second]) = (a, b) else {
        return Err(mismatch(a, b));
    };
    let (other, width) = if rows {
        (second, first)
    } else {
        (first, second)
    };
    if inner != other {
        return Err(mismatch(a, b));
    }
    let mut shape = broadcast(heads_a, heads_b)?;
    shape.extend([height, width]);
    Ok((Dtype::F32, shape))
}

pub(super) fn dense(operands: &Operands<'_>) -> Result<Fact> {
    let (x, weights) = (operands.floats(0)?, operands.floats(1)?);
    let (&[rows, inner], [heads @ .., columns]) = (weights, x) else {
        return Err(mismatch(x, weights));
    };
    if *columns != inner {
        return Err(mismatch(x, weights));
    }
    check_bias(operands, rows)?;
    let mut shape = heads.to_vec();
    shape.push(rows);
    Ok((Dtype::F32, shape))
}

pub(super) fn top_k_dense(k: usize, operands: &Operands<'_>) -> Result<Vec<Fact>> {
    let (_, mut shape) = dense(operands)?;
    if let Some(last) = shape.last_mut() {
        if k > *last {
            return Err(Error::input(format!(
                "the best {k} of {last} are asked for"
            )));
        }
        *last = k;
    }
    Ok(vec![(Dtype::F32, shape.clone()), (Dtype::I64, shape)])
}

pub(super) fn top_k_groups(k: usize, line: usize, operands: &Operands<'_>) -> Result<Vec<Fact>> {
    let facts = top_k_dense(k, operands)?;
    let (entries, groups) = (operands.floats(1)?[0], operands.get(3)?);
    if (groups.dtype, &groups.shape[..]) != (Dtype::I32, &[entries]) {
        return Err(Error::input(format!(
            "groups {:?} {}, expected [{entries}] i32",
            groups.shape,
            groups.dtype.name()
        )));
    }
    let lists = |(dtype, mut shape): Fact| {
        let rows = shape.iter().rev().nth(1).copied().unwrap_or(1);
        let lists = lists(rows, line).ok_or_else(|| {
            Error::input(format!("{rows} positions are no whole lines of {line}"))
        })?;
        let axis = shape.len().checked_sub(2);
        match axis.and_then(|axis| shape.get_mut(axis)) {
            Some(rows) => *rows = lists,
            None => shape.insert(0, lists),
        }
        Ok((dtype, shape))
    };
    facts.into_iter().map(lists).collect()
}

/// A bias, where present, is one float per output channel.
pub(super) fn check_bias(operands: &Operands<'_>, channels: usize) -> Result<()> {
    if operands.optional(2).is_none() || operands.floats(2)? == [channels] {
        return Ok(());
    }
    let found = operands.floats(2)?;
    Err(Error::input(format!(
        "a bias of shape {found:?}, expected [{channels}]"
    )))
}

//! Matrix products.

use super::site::Site;
use crate::error::Result;
use crate::graph::{Gemm, Op, ValueId};

pub(super) fn gemm(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let gemm = Gemm {
        alpha: site.float("alpha", 1.0)?,
        beta: site.float("beta", 1.0)?,
        transpose_a: site.int("transA", 0)? != 0,
        transpose_b: site.int("transB", 0)? != 0,
    };
    site.int("broadcast", 1)?; // of operator sets before 7; shapes say it
    let operands = [Some(site.input(0)?), Some(site.input(1)?), site.optional(2)];
    Ok(vec![site.emit(Op::Gemm(gemm), &operands)?])
}

pub(super) fn mat_mul(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let (a, b) = (site.input(0)?, site.input(1)?);
    Ok(vec![multiply(site, a, b)?])
}

/// A vector is a matrix of one row (left) or one column (right) whose axis is dropped again.
pub(super) fn multiply(site: &mut Site<'_>, mut a: ValueId, mut b: ValueId) -> Result<ValueId> {
    let (left, right) = (site.shape_of(a), site.shape_of(b));
    if let [length] = left[..] {
        a = site.reshape(a, vec![1, length])?;
    }
    if let [length] = right[..] {
        b = site.reshape(b, vec![length, 1])?;
    }
    let product = site.product(a, b)?;
    if left.len() > 1 && right.len() > 1 {
        return Ok(product);
    }
    let mut shape = site.shape_of(product);
    if right.len() == 1 {
        shape.pop();
    }
    if left.len() == 1 {
        shape.remove(shape.len() - if right.len() == 1 { 1 } else { 2 });
    }
    site.reshape(product, shape)
}

//! Operators that reorder and join.

use super::site::{Site, axis};
use crate::error::Result;
use crate::graph::{Op, ValueId};

pub(super) fn transpose(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let permutation = match site.ints("perm")? {
        Some(list) => list.iter().map(|&a| axis(a, rank)).collect::<Result<_>>()?,
        None => (0..rank).rev().collect(),
    };
    let x = site.input(0)?;
    Ok(vec![site.emit(Op::Transpose { permutation }, &[Some(x)])?])
}

pub(super) fn concat(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    // Since operator set 4 the attribute is required.
    let axis = axis(site.int("axis", 1)?, rank)?;
    let operands = site.operands();
    Ok(vec![site.emit(Op::Concat { axis }, &operands)?])
}

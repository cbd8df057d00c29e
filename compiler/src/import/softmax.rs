//! Softmax and its logarithm. Before operator set 13 all axes from the given one on were one.

use super::site::{Site, axis};
use crate::error::Result;
use crate::graph::{Op, ValueId};

pub(super) fn softmax(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let x = site.input(0)?;
    let log = site.op_type() == "LogSoftmax";
    if site.version() >= 13 {
        let axis = axis(site.int("axis", -1)?, shape.len())?;
        return Ok(vec![site.emit(Op::Softmax { axis, log }, &[Some(x)])?]);
    }
    let axis = axis(site.int("axis", 1)?, shape.len())?;
    if axis + 1 == shape.len() {
        return Ok(vec![site.emit(Op::Softmax { axis, log }, &[Some(x)])?]);
    }
    let (heads, tails) = shape.split_at(axis);
    let rows = vec![heads.iter().product(), tails.iter().product()];
    let flat = site.reshape(x, rows)?;
    let y = site.emit(Op::Softmax { axis: 1, log }, &[Some(flat)])?;
    Ok(vec![site.reshape(y, shape)?])
}

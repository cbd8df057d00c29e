//! Gathering: rows along an axis, single elements, or rows named by tuples.
//!
//! The last two are rows of a flattened table: see [`row_numbers`].

use super::row_numbers;
use super::site::{Site, axis};
use crate::error::{Error, Result};
use crate::graph::{Op, ValueId};

pub(super) fn gather(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let axis = axis(site.int("axis", 0)?, rank)?;
    let operands = [Some(site.input(0)?), Some(site.input(1)?)];
    Ok(vec![site.emit(Op::Gather { axis }, &operands)?])
}

pub(super) fn elements(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let axis = axis(site.int("axis", 0)?, shape.len())?;
    let (data, indices) = (site.input(0)?, site.input(1)?);
    let rows = row_numbers::elements(site, &shape, axis, indices)?;
    let table = site.reshape(data, vec![shape.iter().product()])?;
    let gather = Op::Gather { axis: 0 };
    Ok(vec![site.emit(gather, &[Some(table), Some(rows)])?])
}

pub(super) fn tuples(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let batch = usize::try_from(site.int("batch_dims", 0)?)
        .map_err(|_| Error::input("batch_dims is negative"))?;
    let (data, indices) = (site.input(0)?, site.input(1)?);
    let (rows, reach) = row_numbers::tuples(site, &shape, batch, indices)?;
    let (heads, tails) = shape.split_at(reach);
    let height = heads.iter().product();
    let table = site.reshape(data, [&[height], tails].concat())?;
    let gather = Op::Gather { axis: 0 };
    Ok(vec![site.emit(gather, &[Some(table), Some(rows)])?])
}

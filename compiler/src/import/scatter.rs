//! Scattering single elements or rows: [`Op::Scatter`] on a flattened table, see [`row_numbers`].

use super::row_numbers;
use super::site::{Site, axis};
use crate::error::{Error, Result};
use crate::graph::{Op, ScatterKind, ValueId};

fn kind(site: &mut Site<'_>) -> Result<ScatterKind> {
    Ok(match site.text("reduction", "none")?.as_str() {
        "none" => ScatterKind::Replace,
        "add" => ScatterKind::Add,
        "mul" => ScatterKind::Mul,
        "max" => ScatterKind::Max,
        "min" => ScatterKind::Min,
        other => return Err(Error::input(format!("reduction {other} is unknown"))),
    })
}

pub(super) fn elements(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = kind(site)?;
    let shape = site.shape(0)?;
    let axis = axis(site.int("axis", 0)?, shape.len())?;
    let indices = site.input(1)?;
    if site.shape(1)? != site.shape(2)? {
        return Err(Error::input("indices and updates differ in shape"));
    }
    let rows = row_numbers::elements(site, &shape, axis, indices)?;
    place(site, kind, rows, 1)
}

pub(super) fn tuples(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = kind(site)?;
    let shape = site.shape(0)?;
    let indices = site.input(1)?;
    let (rows, reach) = row_numbers::tuples(site, &shape, 0, indices)?;
    let expected = [site.graph.shape(rows), &shape[reach..]].concat();
    if site.shape(2)? != expected {
        return Err(Error::input(format!(
            "updates {:?}, expected {expected:?}",
            site.shape(2)?
        )));
    }
    place(site, kind, rows, shape[reach..].iter().product())
}

/// Scatters rows of `width` elements and gives the result the shape of the data.
fn place(
    site: &mut Site<'_>,
    kind: ScatterKind,
    rows: ValueId,
    width: usize,
) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let count = site.graph.value(rows).len();
    let all = site.value(0)?.len();
    if width == 0 || count == 0 {
        return Err(Error::input("nothing is scattered"));
    }
    let (data, updates) = (site.input(0)?, site.input(2)?);
    let data = site.reshape(data, vec![all / width, width])?;
    let rows = site.reshape(rows, vec![count])?;
    let updates = site.reshape(updates, vec![count, width])?;
    let operands = [Some(data), Some(rows), Some(updates)];
    let y = site.emit(Op::Scatter(kind), &operands)?;
    Ok(vec![site.reshape(y, shape)?])
}

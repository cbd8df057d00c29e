//! Operators that pick or combine elements along axes.

use super::site::{Site, axes, axis};
use crate::error::{Error, Result};
use crate::graph::{ArgMax, Op, ReduceKind, TopK, ValueId};

pub(super) fn gather(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let axis = axis(site.int("axis", 0)?, rank)?;
    let operands = [Some(site.input(0)?), Some(site.input(1)?)];
    Ok(vec![site.emit(Op::Gather { axis }, &operands)?])
}

/// Axes are an attribute in older operator sets and an operand in newer ones; either is taken.
pub(super) fn reduce(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = match site.op_type() {
        "ReduceMean" => ReduceKind::Mean,
        "ReduceSum" => ReduceKind::Sum,
        "ReduceMax" => ReduceKind::Max,
        _ => ReduceKind::Min,
    };
    let rank = site.shape(0)?.len();
    let listed = match site.ints("axes")? {
        Some(list) => Some(list),
        None => site.known_ints(1, "axes")?,
    };
    let keep = site.int("keepdims", 1)? != 0;
    let nothing = site.int("noop_with_empty_axes", 0)? != 0;
    let x = site.input(0)?;
    let axes = match listed {
        Some(list) if !list.is_empty() => axes(&list, rank)?,
        _ if nothing => return Ok(vec![x]),
        _ => (0..rank).collect(),
    };
    Ok(vec![
        site.emit(Op::Reduce { kind, axes, keep }, &[Some(x)])?,
    ])
}

pub(super) fn top_k(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let axis = axis(site.int("axis", -1)?, rank)?;
    let largest = site.int("largest", 1)? != 0;
    site.int("sorted", 1)?; // sorted results are also valid unsorted ones
    let k = match site.known_ints(1, "k")?.as_deref() {
        Some(&[k]) => usize::try_from(k).ok().filter(|&k| k > 0),
        _ => None,
    };
    let k = k.ok_or_else(|| Error::input("k is not one positive integer"))?;
    let x = site.input(0)?;
    site.emit_all(Op::TopK(TopK { k, axis, largest }), &[Some(x)])
}

pub(super) fn arg_max(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let axis = axis(site.int("axis", 0)?, rank)?;
    let keep = site.int("keepdims", 1)? != 0;
    let arg = ArgMax {
        axis,
        keep,
        minimum: site.op_type() == "ArgMin",
        last: site.int("select_last_index", 0)? != 0,
    };
    let x = site.input(0)?;
    Ok(vec![site.emit(Op::ArgMax(arg), &[Some(x)])?])
}

//! Operators that search or accumulate along one axis.

use super::site::{Site, axis};
use crate::error::{Error, Result};
use crate::graph::{ArgMax, CumSum, Op, TopK, ValueId};

/// The number of results is an attribute before operator set 10.
pub(super) fn top_k(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let axis = axis(site.int("axis", -1)?, rank)?;
    let largest = site.int("largest", 1)? != 0;
    site.int("sorted", 1)?; // sorted results are also valid unsorted ones
    let listed = if site.version() < 10 {
        Some(vec![site.int("k", 0)?])
    } else {
        site.known_ints(1, "k")?
    };
    let k = match listed.as_deref() {
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

pub(super) fn cum_sum(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let axis = match site.known_ints(1, "axis")?.as_deref() {
        Some(&[listed]) => axis(listed, rank)?,
        _ => return Err(Error::input("axis is not one integer")),
    };
    let sum = CumSum {
        axis,
        exclusive: site.int("exclusive", 0)? != 0,
        reverse: site.int("reverse", 0)? != 0,
    };
    let x = site.input(0)?;
    Ok(vec![site.emit(Op::CumSum(sum), &[Some(x)])?])
}

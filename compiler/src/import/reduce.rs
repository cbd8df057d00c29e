//! Reductions: sums, means, products, extremes, and what is composed of them.
//!
//! ```text
//! L1 = Σ|x|   L2 = √Σx²   SumSquare = Σx²   LogSum = log Σx
//! LogSumExp = log Σ exp(x − m) + m, m the maximum, kept finite
//! ```
//! Axes are an attribute in older operator sets and an operand in newer ones. Without axes all
//! are reduced, unless the node asks for none: then the elementwise part alone remains.

use super::site::{Site, axes};
use crate::error::Result;
use crate::graph::{Binary, Clamp, Dtype, Op, ReduceKind, Unary, ValueId};

/// What is reduced over, and how the result is shaped.
struct Over {
    axes: Vec<usize>,
    keep: bool,
}

impl Over {
    fn of(site: &mut Site<'_>) -> Result<Self> {
        let rank = site.shape(0)?.len();
        let listed = site.ints_or_known("axes", 1)?;
        let keep = site.int("keepdims", 1)? != 0;
        let nothing = site.int("noop_with_empty_axes", 0)? != 0;
        let axes = match listed {
            Some(list) if !list.is_empty() => axes(&list, rank)?,
            _ if nothing => vec![],
            _ => (0..rank).collect(),
        };
        Ok(Self { axes, keep })
    }

    fn apply(&self, site: &mut Site<'_>, kind: ReduceKind, x: ValueId) -> Result<ValueId> {
        if self.axes.is_empty() {
            return Ok(x);
        }
        let op = Op::Reduce {
            kind,
            axes: self.axes.clone(),
            keep: self.keep,
        };
        site.emit(op, &[Some(x)])
    }
}

pub(super) fn reduce(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let over = Over::of(site)?;
    let x = site.input(0)?;
    let dtype = site.dtype(0)?;
    let y = match site.op_type() {
        "ReduceMax" => extreme(site, &over, ReduceKind::Max, x)?,
        "ReduceMin" => extreme(site, &over, ReduceKind::Min, x)?,
        "ReduceMean" => mean(site, &over, x)?,
        "ReduceProd" => over.apply(site, ReduceKind::Product, x)?,
        "ReduceL1" => {
            let magnitudes = site.unary(Unary::Abs, x)?;
            over.apply(site, ReduceKind::Sum, magnitudes)?
        }
        "ReduceSumSquare" => squares(site, &over, x)?,
        "ReduceL2" => {
            let x = site.cast(x, Dtype::F32)?;
            let sum = squares(site, &over, x)?;
            let root = site.unary(Unary::Sqrt, sum)?;
            site.cast(root, dtype)?
        }
        "ReduceLogSum" => {
            let x = site.cast(x, Dtype::F32)?;
            let sum = over.apply(site, ReduceKind::Sum, x)?;
            let log = site.unary(Unary::Log, sum)?;
            site.cast(log, dtype)?
        }
        "ReduceLogSumExp" => {
            let x = site.cast(x, Dtype::F32)?;
            let log = log_sum_exp(site, &over, x)?;
            site.cast(log, dtype)?
        }
        _ => over.apply(site, ReduceKind::Sum, x)?,
    };
    Ok(vec![y])
}

/// Truth values are ordered as 0 and 1.
fn extreme(site: &mut Site<'_>, over: &Over, kind: ReduceKind, x: ValueId) -> Result<ValueId> {
    if site.dtype(0)? != Dtype::Bool {
        return over.apply(site, kind, x);
    }
    let x = site.cast(x, Dtype::I32)?;
    let y = over.apply(site, kind, x)?;
    site.cast(y, Dtype::Bool)
}

/// The mean of integers is their sum divided, towards zero.
fn mean(site: &mut Site<'_>, over: &Over, x: ValueId) -> Result<ValueId> {
    let (dtype, shape) = (site.dtype(0)?, site.shape(0)?);
    if dtype == Dtype::F32 {
        return over.apply(site, ReduceKind::Mean, x);
    }
    let count: usize = over.axes.iter().map(|&axis| shape[axis]).product();
    let sum = over.apply(site, ReduceKind::Sum, x)?;
    let count = site.integers(dtype, &[], &[count as i64])?;
    site.binary(Binary::Div, sum, count)
}

fn squares(site: &mut Site<'_>, over: &Over, x: ValueId) -> Result<ValueId> {
    let squares = site.binary(Binary::Mul, x, x)?;
    over.apply(site, ReduceKind::Sum, squares)
}

fn log_sum_exp(site: &mut Site<'_>, over: &Over, x: ValueId) -> Result<ValueId> {
    if over.axes.is_empty() {
        return Ok(x);
    }
    let kept = Over {
        axes: over.axes.clone(),
        keep: true,
    };
    let most = kept.apply(site, ReduceKind::Max, x)?;
    // An infinite maximum would give ∞ − ∞.
    let finite = Clamp {
        low: f32::MIN,
        high: f32::MAX,
    };
    let most = site.emit(Op::Clip(finite), &[Some(most)])?;
    let below = site.binary(Binary::Sub, x, most)?;
    let powers = site.unary(Unary::Exp, below)?;
    let sum = kept.apply(site, ReduceKind::Sum, powers)?;
    let log = site.unary(Unary::Log, sum)?;
    let y = site.binary(Binary::Add, log, most)?;
    if over.keep {
        return Ok(y);
    }
    let shape = site.shape(0)?;
    let left = (0..shape.len()).filter(|axis| !over.axes.contains(axis));
    let shape = left.map(|axis| shape[axis]).collect();
    site.reshape(y, shape)
}

//! Normalisations: rows are brought to a common size by one operator, [`Op::Normalise`].
//!
//! The normalised axes are turned or merged into one last axis, and back afterwards; scale and
//! bias are a product and a sum.

use super::site::{Site, axes, axis};
use crate::error::{Error, Result};
use crate::graph::{Norm, Normalise, Op, ReduceKind, Unary, ValueId};

fn rows(site: &mut Site<'_>, x: ValueId, by: Norm, epsilon: f32) -> Result<ValueId> {
    site.emit(Op::Normalise(Normalise { by, epsilon }), &[Some(x)])
}

/// Everything from `from` on as one row; the shape stays.
fn from_axis(
    site: &mut Site<'_>,
    x: ValueId,
    from: usize,
    by: Norm,
    epsilon: f32,
) -> Result<ValueId> {
    let shape = site.shape_of(x);
    let mut merged = shape[..from].to_vec();
    merged.push(shape[from..].iter().product());
    let x = site.view(x, &merged)?;
    let y = rows(site, x, by, epsilon)?;
    site.view(y, &shape)
}

/// `y · scale + bias`, where given; neither may stretch `y`.
fn affine(
    site: &mut Site<'_>,
    mut y: ValueId,
    scale: Option<ValueId>,
    bias: Option<ValueId>,
) -> Result<ValueId> {
    let shape = site.shape_of(y);
    if let Some(scale) = scale {
        y = site.mul(y, scale)?;
    }
    if let Some(bias) = bias {
        y = site.add(y, bias)?;
    }
    if site.shape_of(y) == shape {
        return Ok(y);
    }
    Err(Error::input(format!(
        "scale or bias do not fit an operand of shape {shape:?}"
    )))
}

/// Also gives mean and inverse deviation; nobody computes what nobody reads.
pub(super) fn layer(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    let shape = site.shape_of(x);
    let from = axis(site.int("axis", -1)?, shape.len())?;
    let epsilon = site.float("epsilon", 1e-5)?;
    site.int("stash_type", 1)?; // the type inside is always f32
    let y = from_axis(site, x, from, Norm::Deviation, epsilon)?;
    let (scale, bias) = (site.input(1)?, site.optional(2));
    let mut results = vec![affine(site, y, Some(scale), bias)?];
    if site.output_count() > 1 {
        let axes: Vec<usize> = (from..shape.len()).collect();
        let mean = site.reduced(ReduceKind::Mean, axes.clone(), true, x)?;
        let centred = site.sub(x, mean)?;
        let squares = site.mul(centred, centred)?;
        let variance = site.reduced(ReduceKind::Mean, axes, true, squares)?;
        let epsilon = site.scalar(epsilon)?;
        let sum = site.add(variance, epsilon)?;
        let deviation = site.unary(Unary::Sqrt, sum)?;
        results.extend([mean, site.unary(Unary::Reciprocal, deviation)?]);
    }
    Ok(results)
}

pub(super) fn root_mean_square(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    let from = axis(site.int("axis", -1)?, site.shape_of(x).len())?;
    let epsilon = site.float("epsilon", 1e-5)?;
    site.int("stash_type", 1)?; // the type inside is always f32
    let y = from_axis(site, x, from, Norm::RootMeanSquare, epsilon)?;
    let scale = site.input(1)?;
    Ok(vec![affine(site, y, Some(scale), None)?])
}

pub(super) fn instance(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    let rank = site.shape_of(x).len();
    if rank < 3 {
        return Err(Error::input("instances of [N,C,…] without spatial axes"));
    }
    let epsilon = site.float("epsilon", 1e-5)?;
    let (scale, bias) = (site.input(1)?, site.input(2)?);
    let y = from_axis(site, x, 2, Norm::Deviation, epsilon)?;
    let scale = site.per_channel(scale, rank)?;
    let bias = site.per_channel(bias, rank)?;
    Ok(vec![affine(site, y, Some(scale), Some(bias))?])
}

/// Scale and bias are per channel since operator set 21, per group before; their length tells.
pub(super) fn group(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    let shape = site.shape_of(x);
    let epsilon = site.float("epsilon", 1e-5)?;
    site.int("stash_type", 1)?; // the type inside is always f32
    let groups = usize::try_from(site.int("num_groups", 0)?).unwrap_or(0);
    let &[batch, channels, ..] = &shape[..] else {
        return Err(Error::input(format!("{shape:?} has no channels")));
    };
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(Error::input(format!(
            "{groups} groups of {channels} channels"
        )));
    }
    let inner = shape[1..].iter().product::<usize>() / groups;
    let grouped = site.view(x, &[batch, groups, inner])?;
    let y = rows(site, grouped, Norm::Deviation, epsilon)?;
    let (scale, bias) = (site.input(1)?, site.input(2)?);
    let per_group = site.shape_of(scale) == [groups];
    let (y, rank) = match per_group {
        true => (y, 3),
        false => (site.view(y, &shape)?, shape.len()),
    };
    let scale = site.per_channel(scale, rank)?;
    let bias = site.per_channel(bias, rank)?;
    let y = affine(site, y, Some(scale), Some(bias))?;
    Ok(vec![site.view(y, &shape)?])
}

/// Normalises over `chosen`, turned behind the other axes and merged.
fn over(
    site: &mut Site<'_>,
    x: ValueId,
    chosen: &[usize],
    by: Norm,
    epsilon: f32,
) -> Result<ValueId> {
    let rank = site.shape_of(x).len();
    let mut order: Vec<usize> = (0..rank).filter(|axis| !chosen.contains(axis)).collect();
    let from = order.len();
    order.extend(chosen);
    let mut back = vec![0; rank];
    for (to, &from) in order.iter().enumerate() {
        back[from] = to;
    }
    let turned = site.turn(x, &order)?;
    let y = from_axis(site, turned, from, by, epsilon)?;
    site.turn(y, &back)
}

pub(super) fn length(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    let axis = axis(site.int("axis", -1)?, site.shape_of(x).len())?;
    let by = match site.int("p", 2)? {
        1 => Norm::Absolute,
        2 => Norm::Euclidean,
        p => return Err(Error::input(format!("a norm of order {p}; 1 and 2 exist"))),
    };
    Ok(vec![over(site, x, &[axis], by, 0.0)?])
}

/// ONNX adds 1e-9 to the deviation; under the root that is its square.
pub(super) fn mean_variance(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    let listed = site.ints("axes")?.unwrap_or(vec![0, 2, 3]);
    let axes = axes(&listed, site.shape_of(x).len())?;
    Ok(vec![over(site, x, &axes, Norm::Deviation, 1e-18)?])
}

//! Operators that give the same elements another shape, and shapes as values.

use super::site::{Site, axes, axis};
use crate::error::{Error, Result};
use crate::graph::{Tensor, ValueId};

/// Shapes are fixed, so a shape is a constant.
pub(super) fn shape(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let (start, end) = (site.int("start", 0)?, site.int("end", i64::MAX)?);
    let bound = |index: i64| {
        let rank = shape.len() as i64;
        let index = if index < 0 {
            index.saturating_add(rank)
        } else {
            index
        };
        index.clamp(0, rank) as usize
    };
    let range = bound(start)..bound(end).max(bound(start));
    let dims: Vec<i64> = shape[range].iter().map(|&dim| dim as i64).collect();
    let tensor = Tensor::i64(&[dims.len()], dims)?;
    Ok(vec![site.constant(tensor)])
}

/// The number of elements is as fixed as the shape.
pub(super) fn size(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let count = site.value(0)?.len() as i64;
    let tensor = Tensor::i64(&[], vec![count])?;
    Ok(vec![site.constant(tensor)])
}

/// −1 takes what is left, 0 copies a dimension (unless `allowzero`).
pub(super) fn reshape(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let from = site.shape(0)?;
    let allow_zero = site.int("allowzero", 0)? != 0;
    let wanted = site.known_ints(1, "shape")?;
    let wanted = wanted.ok_or_else(|| Error::input("operand 1, the shape, is missing"))?;
    let mut shape = Vec::new();
    let mut open = None;
    for (position, &dim) in wanted.iter().enumerate() {
        shape.push(match dim {
            -1 if open.is_none() => {
                open = Some(position);
                1
            }
            0 if !allow_zero => *from.get(position).ok_or_else(|| bad_shape(&wanted))?,
            dim => usize::try_from(dim).map_err(|_| bad_shape(&wanted))?,
        });
    }
    if let Some(position) = open {
        let rest = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim));
        let count: usize = from.iter().product();
        shape[position] = match rest {
            Some(rest) if rest > 0 => count / rest,
            _ => return Err(bad_shape(&wanted)),
        };
    }
    let x = site.input(0)?;
    Ok(vec![site.reshape(x, shape)?])
}

fn bad_shape(wanted: &[i64]) -> Error {
    Error::input(format!("the shape {wanted:?} cannot be taken"))
}

pub(super) fn flatten(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let at = match site.int("axis", 1)? {
        end if usize::try_from(end) == Ok(shape.len()) => shape.len(),
        other => axis(other, shape.len())?,
    };
    let halves = [shape[..at].iter().product(), shape[at..].iter().product()];
    let x = site.input(0)?;
    Ok(vec![site.reshape(x, halves.to_vec())?])
}

pub(super) fn squeeze(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let dropped = match site.ints_or_known("axes", 1)? {
        Some(list) => axes(&list, shape.len())?,
        None => (0..shape.len()).filter(|&axis| shape[axis] == 1).collect(),
    };
    if let Some(axis) = dropped.iter().find(|&&axis| shape[axis] != 1) {
        return Err(Error::input(format!("axis {axis} of {shape:?} is not 1")));
    }
    let kept = (0..shape.len()).filter(|axis| !dropped.contains(axis));
    let shape = kept.map(|axis| shape[axis]).collect();
    let x = site.input(0)?;
    Ok(vec![site.reshape(x, shape)?])
}

pub(super) fn unsqueeze(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let mut shape = site.shape(0)?;
    let list = site.ints_or_known("axes", 1)?;
    let list = list.ok_or_else(|| Error::input("the axes are missing"))?;
    for axis in axes(&list, shape.len().saturating_add(list.len()))? {
        shape.insert(axis, 1);
    }
    let x = site.input(0)?;
    Ok(vec![site.reshape(x, shape)?])
}

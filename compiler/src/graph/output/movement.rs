//! Output rules of operators that move elements without computing.

use super::broadcast;
use super::{Fact, Operands, axis_of};
use crate::error::{Error, Result};
use crate::graph::Pad;

pub(super) fn reshape(shape: &[usize], operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    let product = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim));
    if product != Some(x.len()) {
        return Err(Error::input(format!(
            "`{}` of shape {:?} has {} elements and cannot take shape {shape:?}",
            x.name,
            x.shape,
            x.len()
        )));
    }
    Ok((x.dtype, shape.to_vec()))
}

pub(super) fn transpose(permutation: &[usize], operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    let mut seen = vec![false; x.shape.len()];
    for &axis in permutation {
        match seen.get_mut(axis) {
            Some(slot) if !*slot => *slot = true,
            _ => return Err(not_a_permutation(permutation, x.shape.len())),
        }
    }
    if permutation.len() != x.shape.len() {
        return Err(not_a_permutation(permutation, x.shape.len()));
    }
    let shape = permutation.iter().map(|&axis| x.shape[axis]).collect();
    Ok((x.dtype, shape))
}

fn not_a_permutation(permutation: &[usize], rank: usize) -> Error {
    Error::input(format!(
        "{permutation:?} is not a permutation of {rank} axes"
    ))
}

pub(super) fn concat(axis: usize, operands: &Operands<'_>) -> Result<Fact> {
    let first = operands.get(0)?;
    axis_of(&first.shape, axis)?;
    let mut shape = first.shape.clone();
    for index in 1..operands.values.len() {
        let next = operands.get(index)?;
        let mut expected = next.shape.clone();
        if expected.len() == shape.len() {
            expected[axis] = shape[axis];
        }
        if expected != shape || next.dtype != first.dtype {
            return Err(Error::input(format!(
                "`{}` {:?} cannot be joined to `{}` {:?} along axis {axis}",
                next.name, next.shape, first.name, first.shape
            )));
        }
        let length = shape[axis].checked_add(next.shape[axis]);
        shape[axis] = length.ok_or_else(|| Error::input("the joined axis is too long"))?;
    }
    Ok((first.dtype, shape))
}

pub(super) fn slice(
    starts: &[usize],
    lengths: &[usize],
    steps: &[isize],
    operands: &Operands<'_>,
) -> Result<Fact> {
    let x = operands.get(0)?;
    let rank = x.shape.len();
    if starts.len() != rank || lengths.len() != rank || steps.len() != rank {
        return Err(Error::input("a slice names another number of axes"));
    }
    for axis in 0..rank {
        let inside = |index: Option<isize>| {
            index.is_some_and(|index| index >= 0 && (index as usize) < x.shape[axis])
        };
        let reach = isize::try_from(lengths[axis].saturating_sub(1)).ok();
        let start = isize::try_from(starts[axis]).ok();
        let last = reach
            .and_then(|reach| reach.checked_mul(steps[axis]))
            .and_then(|reach| start?.checked_add(reach));
        if lengths[axis] > 0 && !(inside(start) && inside(last)) {
            return Err(Error::input(format!(
                "the slice leaves axis {axis} of `{}` {:?}",
                x.name, x.shape
            )));
        }
    }
    Ok((x.dtype, lengths.to_vec()))
}

pub(super) fn split(axis: usize, sizes: &[usize], operands: &Operands<'_>) -> Result<Vec<Fact>> {
    let x = operands.get(0)?;
    let length = axis_of(&x.shape, axis)?;
    let sum = sizes.iter().try_fold(0usize, |sum, &n| sum.checked_add(n));
    if sum != Some(length) {
        return Err(Error::input(format!(
            "parts {sizes:?} do not sum to the {length} of axis {axis}"
        )));
    }
    let part = |&size: &usize| {
        let mut shape = x.shape.clone();
        shape[axis] = size;
        (x.dtype, shape)
    };
    Ok(sizes.iter().map(part).collect())
}

pub(super) fn expand(shape: &[usize], operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    if broadcast(&x.shape, shape)? != shape {
        return Err(Error::input(format!(
            "`{}` of shape {:?} does not repeat to {shape:?}",
            x.name, x.shape
        )));
    }
    Ok((x.dtype, shape.to_vec()))
}

pub(super) fn pad(pad: &Pad, operands: &Operands<'_>) -> Result<Fact> {
    let x = operands.get(0)?;
    let rank = x.shape.len();
    if [&pad.before, &pad.after, &pad.step].map(Vec::len) != [rank; 3] {
        return Err(Error::input("a padding names another number of axes"));
    }
    let length = |axis: usize| {
        let reach = x.shape[axis].checked_sub(1)?.checked_mul(pad.step[axis])?;
        let whole = reach.checked_add(1)?.checked_add(pad.before[axis])?;
        whole.checked_add(pad.after[axis])
    };
    let shape: Option<Vec<usize>> = (0..rank).map(length).collect();
    match shape {
        Some(shape) if pad.step.iter().all(|&step| step > 0) => Ok((x.dtype, shape)),
        _ => Err(Error::input("a padding is out of range")),
    }
}

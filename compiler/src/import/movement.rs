//! Operators that move elements without computing, and constants.

use super::site::{Site, axes, axis};
use super::tensor;
use crate::error::{Error, Result};
use crate::graph::{Op, Tensor, ValueId};
use crate::onnx::AttributeType;

pub(super) fn constant(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let found = if let Some(a) = site.attribute("value", AttributeType::Tensor)? {
        let proto = a.t.as_ref().ok_or_else(|| Error::input("an empty value"))?;
        tensor::convert(proto, None, &site.graph.limits)?
    } else if let Some(a) = site.attribute("value_int", AttributeType::Int)? {
        Tensor::i64(&[], vec![a.i])?
    } else if let Some(a) = site.attribute("value_float", AttributeType::Float)? {
        Tensor::f32(&[], vec![a.f])?
    } else if let Some(a) = site.attribute("value_floats", AttributeType::Floats)? {
        Tensor::f32(&[a.floats.len()], a.floats.clone())?
    } else if let Some(list) = site.ints("value_ints")? {
        Tensor::i64(&[list.len()], list)?
    } else {
        return Err(Error::input("a constant without a dense numeric value"));
    };
    Ok(vec![site.constant(found)])
}

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
    let dropped = match site.known_ints(1, "axes")? {
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
    let list = site.known_ints(1, "axes")?;
    let list = list.ok_or_else(|| Error::input("operand 1, the axes, is missing"))?;
    for axis in axes(&list, shape.len().saturating_add(list.len()))? {
        shape.insert(axis, 1);
    }
    let x = site.input(0)?;
    Ok(vec![site.reshape(x, shape)?])
}

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
    let axis = axis(site.int("axis", 0)?, rank)?;
    let operands = site.operands();
    Ok(vec![site.emit(Op::Concat { axis }, &operands)?])
}

pub(super) fn split(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let axis = axis(site.int("axis", 0)?, shape.len())?;
    let parts = match site.int("num_outputs", 0)? {
        0 => site.output_count(),
        parts => usize::try_from(parts).unwrap_or(0),
    };
    let sizes = match site.known_ints(1, "split")? {
        Some(list) => {
            let size = |&n: &i64| usize::try_from(n).map_err(|_| Error::input("a negative size"));
            list.iter().map(size).collect::<Result<Vec<_>>>()?
        }
        None => even_parts(shape[axis], parts)?,
    };
    let x = site.input(0)?;
    site.emit_all(Op::Split { axis, sizes }, &[Some(x)])
}

/// Equal parts, the last one smaller where the length does not divide.
fn even_parts(length: usize, parts: usize) -> Result<Vec<usize>> {
    if parts == 0 || parts > length {
        return Err(Error::input(format!(
            "{parts} parts of an axis of {length}"
        )));
    }
    let size = length.div_ceil(parts);
    let sizes = (0..parts).map(|part| size.min(length.saturating_sub(part * size)));
    Ok(sizes.collect())
}

pub(super) fn slice(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let missing = |what: &str| Error::input(format!("the operand {what} is missing"));
    let begins = site
        .known_ints(1, "starts")?
        .ok_or_else(|| missing("starts"))?;
    let ends = site.known_ints(2, "ends")?.ok_or_else(|| missing("ends"))?;
    let listed = site.known_ints(3, "axes")?;
    let listed = listed.unwrap_or_else(|| (0..begins.len() as i64).collect());
    let strides = site
        .known_ints(4, "steps")?
        .unwrap_or_else(|| vec![1; begins.len()]);
    if [ends.len(), listed.len(), strides.len()] != [begins.len(); 3] {
        return Err(Error::input(
            "starts, ends, axes and steps differ in length",
        ));
    }
    axes(&listed, shape.len())?; // refuses repetition
    let mut starts = vec![0; shape.len()];
    let mut lengths = shape.clone();
    let mut steps = vec![1isize; shape.len()];
    for (index, &listed) in listed.iter().enumerate() {
        let axis = axis(listed, shape.len())?;
        let (start, length) = range(shape[axis], begins[index], ends[index], strides[index])?;
        starts[axis] = start;
        lengths[axis] = length;
        steps[axis] = strides[index] as isize;
    }
    let x = site.input(0)?;
    let op = Op::Slice {
        starts,
        lengths,
        steps,
    };
    Ok(vec![site.emit(op, &[Some(x)])?])
}

/// First index and number of elements, as numpy resolves them.
fn range(dim: usize, begin: i64, end: i64, step: i64) -> Result<(usize, usize)> {
    if step == 0 || step.unsigned_abs() > 1 << 30 {
        return Err(Error::input(format!("a step of {step}")));
    }
    let dim = dim as i64;
    let wrap = |index: i64| {
        if index < 0 {
            index.saturating_add(dim)
        } else {
            index
        }
    };
    let (low, high) = if step > 0 { (0, dim) } else { (-1, dim - 1) };
    let start = wrap(begin).clamp(if step > 0 { 0 } else { -1 }, high);
    let stop = wrap(end).clamp(low, high);
    let span = if step > 0 { stop - start } else { start - stop };
    let length = if span <= 0 {
        0
    } else {
        (span - 1) / step.abs() + 1
    };
    Ok((start.max(0) as usize, length as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_resolve_like_numpy() {
        assert_eq!(range(10, 2, 8, 3).unwrap(), (2, 2));
        assert_eq!(range(10, -3, i64::MAX, 1).unwrap(), (7, 3));
        assert_eq!(range(10, -1, i64::MIN, -1).unwrap(), (9, 10));
        assert_eq!(range(10, 5, 2, 1).unwrap(), (5, 0));
        assert!(range(10, 0, 1, 0).is_err());
    }

    #[test]
    fn parts_cover_the_axis() {
        assert_eq!(even_parts(7, 3).unwrap(), [3, 3, 1]);
        assert!(even_parts(2, 3).is_err());
    }
}

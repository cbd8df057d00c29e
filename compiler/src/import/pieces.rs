//! Parts of a tensor: slices and splits, resolved to numbers.

use super::site::{Site, axes, axis};
use crate::error::{Error, Result};
use crate::graph::{Op, ValueId};

pub(super) fn split(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let shape = site.shape(0)?;
    let axis = axis(site.int("axis", 0)?, shape.len())?;
    let parts = match site.int("num_outputs", 0)? {
        0 => site.output_count(),
        parts => usize::try_from(parts).unwrap_or(0),
    };
    let sizes = match site.ints_or_known("split", 1)? {
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
    let missing = |what: &str| Error::input(format!("{what} is missing"));
    let begins = site.ints_or_known("starts", 1)?;
    let begins = begins.ok_or_else(|| missing("starts"))?;
    let ends = site.ints_or_known("ends", 2)?;
    let ends = ends.ok_or_else(|| missing("ends"))?;
    let listed = site.ints_or_known("axes", 3)?;
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

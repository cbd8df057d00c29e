//! OneHot: an index, spread along a new axis, compared with 0, 1, 2, …
//!
//! ```text
//! y[…,d,…] = on where wrap(index[…]) = d, else off
//! ```
//! An index outside −depth … depth−1 equals none of them and leaves `off` everywhere.

use super::row_numbers::wrapped;
use super::site::{Site, axis};
use crate::error::{Error, Result};
use crate::graph::{Binary, Dtype, Op, ValueId};

pub(super) fn one_hot(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let mut shape = site.shape(0)?;
    let at = axis(site.int("axis", -1)?, shape.len() + 1)?;
    let depth = depth(site)?;
    let mut indices = site.input(0)?;
    if !matches!(site.dtype(0)?, Dtype::I64 | Dtype::I32) {
        indices = site.cast(indices, Dtype::I64)?;
    }
    let dtype = site.graph.value(indices).dtype;
    let length = site.integers(dtype, &[], &[depth as i64])?;
    let wrapped = wrapped(site, indices, length)?;
    shape.insert(at, 1);
    let rank = shape.len();
    let spread = site.reshape(wrapped, shape)?;
    let mut ladder = vec![1; rank - at];
    ladder[0] = depth;
    let steps: Vec<i64> = (0..depth as i64).collect();
    let steps = site.integers(dtype, &ladder, &steps)?;
    let hot = site.binary(Binary::Equal, spread, steps)?;
    let (off, on) = (element(site, 0)?, element(site, 1)?);
    Ok(vec![
        site.emit(Op::Where, &[Some(hot), Some(on), Some(off)])?,
    ])
}

/// The new axis' length: one number of any type.
fn depth(site: &Site<'_>) -> Result<usize> {
    let tensor = site.known(1, "depth")?;
    let found = tensor.and_then(|tensor| match tensor.as_f32() {
        Some(&[depth]) => Some(depth as i64),
        Some(_) => None,
        None => tensor.to_i64().filter(|list| list.len() == 1).map(|l| l[0]),
    });
    // A million is beyond any vocabulary that fits.
    let depth = found.and_then(|depth| usize::try_from(depth).ok());
    depth
        .filter(|depth| (1..=1 << 20).contains(depth))
        .ok_or_else(|| Error::input("depth is not one positive number"))
}

/// One of the two values, as a scalar.
fn element(site: &mut Site<'_>, index: usize) -> Result<ValueId> {
    let values = site.input(2)?;
    let slice = Op::Slice {
        starts: vec![index],
        lengths: vec![1],
        steps: vec![1],
    };
    let one = site.emit(slice, &[Some(values)])?;
    site.reshape(one, vec![])
}

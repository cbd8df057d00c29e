//! Where an element or a row lies in a flattened tensor, from coordinates given at run time.
//!
//! ```text
//! elements: row = wrap(index)·stride[axis] + Σ coordinate[a]·stride[a], a ≠ axis
//! tuples:   row = Σ wrap(index[j])·stride[batch + j] + batch·size of one
//! wrap(i) = i + length where i < 0, else i
//! ```
//! Everything but the indices is known, so the sum over coordinates is one constant. Constant
//! indices fold away altogether.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Binary, Op, ReduceKind, ValueId};

/// Row-major strides of a shape, in elements.
fn strides(shape: &[usize]) -> Vec<i64> {
    let mut strides = vec![1i64; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(shape[axis] as i64);
    }
    strides
}

/// For every index of `shape`, in order, the sum of its coordinates times `strides`.
fn offsets(shape: &[usize], strides: &[i64]) -> Vec<i64> {
    let mut sums = vec![0i64];
    for (&length, &stride) in shape.iter().zip(strides) {
        sums = sums
            .iter()
            .flat_map(|&base| (0..length as i64).map(move |i| base + i * stride))
            .collect();
    }
    sums
}

/// Adds `lengths` (broadcast) to indices that count from the end.
pub(super) fn wrapped(site: &mut Site<'_>, indices: ValueId, lengths: ValueId) -> Result<ValueId> {
    let dtype = site.graph.value(indices).dtype;
    let zero = site.integers(dtype, &[], &[0])?;
    let negative = site.binary(Binary::Less, indices, zero)?;
    let turned = site.binary(Binary::Add, indices, lengths)?;
    site.emit(Op::Where, &[Some(negative), Some(turned), Some(indices)])
}

/// Flat positions in a tensor of shape `data` of the elements that `indices` picks along `axis`;
/// of the shape of `indices`.
pub(super) fn elements(
    site: &mut Site<'_>,
    data: &[usize],
    axis: usize,
    indices: ValueId,
) -> Result<ValueId> {
    let (dtype, shape) = (
        site.graph.value(indices).dtype,
        site.graph.shape(indices).to_vec(),
    );
    let within = |(at, (&own, &all)): (usize, (&usize, &usize))| at == axis || own <= all;
    let pairs = shape.iter().zip(data).enumerate();
    if shape.len() != data.len() || !pairs.into_iter().all(within) {
        return Err(Error::input(format!(
            "indices {shape:?} do not lie within {data:?}"
        )));
    }
    let mut strides = strides(data);
    let length = site.integers(dtype, &[], &[data[axis] as i64])?;
    let mut rows = wrapped(site, indices, length)?;
    let stride = std::mem::take(&mut strides[axis]);
    if stride != 1 {
        let stride = site.integers(dtype, &[], &[stride])?;
        rows = site.binary(Binary::Mul, rows, stride)?;
    }
    let mut others = shape.clone();
    others[axis] = 1;
    plus(site, rows, &others, &strides)
}

/// Adds the coordinates of `shape` times `strides`, where that is not nothing.
fn plus(site: &mut Site<'_>, rows: ValueId, shape: &[usize], strides: &[i64]) -> Result<ValueId> {
    let offsets = offsets(shape, strides);
    if offsets.iter().all(|&offset| offset == 0) {
        return Ok(rows);
    }
    let dtype = site.graph.value(rows).dtype;
    let offsets = site.integers(dtype, shape, &offsets)?;
    site.binary(Binary::Add, rows, offsets)
}

/// Rows that tuples along the last axis of `indices` name in a tensor of shape `data`, whose
/// leading `batch` axes are also those of `indices`; with the number of axes that a tuple spans.
pub(super) fn tuples(
    site: &mut Site<'_>,
    data: &[usize],
    batch: usize,
    indices: ValueId,
) -> Result<(ValueId, usize)> {
    let shape = site.graph.shape(indices).to_vec();
    let dtype = site.graph.value(indices).dtype;
    let Some((&span, heads)) = shape.split_last() else {
        return Err(Error::input("the indices have no axes"));
    };
    let reach = batch.saturating_add(span);
    if span == 0 || reach > data.len() || heads.get(..batch) != Some(&data[..batch]) {
        return Err(Error::input(format!(
            "tuples {shape:?} do not index {data:?} behind {batch} axes"
        )));
    }
    let strides = strides(&data[..reach]);
    let lengths: Vec<i64> = data[batch..reach].iter().map(|&n| n as i64).collect();
    let lengths = site.integers(dtype, &[span], &lengths)?;
    let mut rows = wrapped(site, indices, lengths)?;
    if span == 1 {
        rows = site.reshape(rows, heads.to_vec())?;
    } else {
        let factors = site.integers(dtype, &[span], &strides[batch..])?;
        let products = site.binary(Binary::Mul, rows, factors)?;
        let sum = Op::Reduce {
            kind: ReduceKind::Sum,
            axes: vec![heads.len()],
            keep: false,
        };
        rows = site.emit(sum, &[Some(products)])?;
    }
    let mut outer = vec![1; heads.len()];
    outer[..batch].copy_from_slice(&heads[..batch]);
    let mut factors = vec![0; heads.len()];
    factors[..batch].copy_from_slice(&strides[..batch]);
    Ok((plus(site, rows, &outer, &factors)?, reach))
}

//! Resizing, one axis after another.
//!
//! ```text
//! nearest:        a gather along the axis, by indices that are known
//! linear, cubic:  a product with a known matrix [in, out], the axis turned to the end
//! ```
//! Where a crop reaches outside, a choice puts the extrapolation value there. `Upsample` is the
//! same operator under its old name.

mod kernel;
mod plan;

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Dtype, Op, Tensor, ValueId};
use kernel::Kernel;
use plan::Axis;

pub(super) fn resize(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kernel = Kernel::of(site)?;
    let axes = plan::axes(site)?;
    let outside = site.float("extrapolation_value", 0.0)?;
    let mut y = site.input(0)?;
    for axis in axes.iter().filter(|axis| !axis.is_identity()) {
        y = match &kernel {
            Kernel::Nearest(nearest) => {
                let at = |index: usize| nearest.index(axis.source(index), axis.input);
                let indices: Vec<i64> = (0..axis.output).map(at).collect();
                let indices = site.integers(Dtype::I64, &[axis.output], &indices)?;
                let gather = Op::Gather { axis: axis.axis };
                site.emit(gather, &[Some(y), Some(indices)])?
            }
            Kernel::Smooth(smooth) => {
                if site.dtype(0)? != Dtype::F32 {
                    return Err(Error::input("integers are resized to the nearest only"));
                }
                let matrix = [axis.input, axis.output];
                site.graph.limits.check_shape(&matrix, Dtype::F32)?;
                let weights = Tensor::f32(&matrix, smooth.matrix(axis))?;
                multiplied(site, y, axis.axis, weights)?
            }
        };
        y = extrapolated(site, y, axis, outside)?;
    }
    Ok(vec![y])
}

/// The product of an axis with a matrix `[in, out]`.
fn multiplied(site: &mut Site<'_>, x: ValueId, axis: usize, weights: Tensor) -> Result<ValueId> {
    let rank = site.graph.shape(x).len();
    let mut permutation: Vec<usize> = (0..rank).collect();
    permutation.swap(axis, rank - 1);
    let (input, output) = (weights.shape()[0], weights.shape()[1]);
    let weights = site.constant(weights);
    if rank == 1 {
        let row = site.reshape(x, vec![1, input])?;
        let y = site.emit(Op::MatMul, &[Some(row), Some(weights)])?;
        return site.reshape(y, vec![output]);
    }
    if axis + 1 == rank {
        return site.emit(Op::MatMul, &[Some(x), Some(weights)]);
    }
    // The exchange of two axes is its own inverse.
    let turn = Op::Transpose { permutation };
    let turned = site.emit(turn.clone(), &[Some(x)])?;
    let y = site.emit(Op::MatMul, &[Some(turned), Some(weights)])?;
    site.emit(turn, &[Some(y)])
}

/// The value that is given for positions outside the input, where a crop has any.
fn extrapolated(site: &mut Site<'_>, y: ValueId, axis: &Axis, value: f32) -> Result<ValueId> {
    let inside: Vec<i64> = (0..axis.output)
        .map(|index| i64::from(axis.is_inside(index)))
        .collect();
    if !inside.contains(&0) {
        return Ok(y);
    }
    let mut shape = vec![1; site.graph.shape(y).len() - axis.axis];
    shape[0] = axis.output;
    let mask = site.integers(Dtype::Bool, &shape, &inside)?;
    let dtype = site.graph.value(y).dtype;
    let filler = match dtype {
        Dtype::F32 => {
            let tensor = Tensor::f32(&[], vec![value])?;
            site.constant(tensor)
        }
        other => site.integers(other, &[], &[value as i64])?,
    };
    site.emit(Op::Where, &[Some(mask), Some(y), Some(filler)])
}

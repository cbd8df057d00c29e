//! `Reduce` and `Mean`: sums, products, extremes and means along axes.
//!
//! The kernels reduce one run of neighbouring axes. Axes that do not lie together are reduced run
//! by run, the last one first, so that the earlier ones keep their places.

use super::builder::{Builder, Quantisation, plain};
use super::weights::{quantisation_of, scale_word};
use crate::error::{Error, Result};
use crate::graph::{Dtype, Node, ReduceKind};
use crate::program::TensorId;
use qibu::format::{DType, Opcode};
use std::ops::Range;

/// Rows that `Mean` sums in 32 bits.
const MOST_MEANS: usize = 1 << 15;

pub(super) fn lower(
    builder: &mut Builder<'_>,
    node: &Node,
    kind: ReduceKind,
    axes: &[usize],
) -> Result<()> {
    let mut x = builder.input(node, 0)?;
    let value = node.outputs[0];
    let mut shape = builder.tensor(x).shape.clone();
    for run in runs(axes).into_iter().rev() {
        x = reduce_run(builder, node, (kind, x), &shape, run.clone())?;
        for axis in run {
            shape[axis] = 1;
        }
    }
    let shape = builder.graph.shape(value).to_vec();
    let id = builder.seen_as(x, shape)?;
    builder.becomes(id, value);
    Ok(())
}

/// Neighbouring axes together.
fn runs(axes: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for &axis in axes {
        match runs.last_mut() {
            Some(run) if run.end == axis => run.end += 1,
            _ => runs.push(axis..axis + 1),
        }
    }
    runs
}

fn reduce_run(
    builder: &mut Builder<'_>,
    node: &Node,
    (kind, x): (ReduceKind, TensorId),
    shape: &[usize],
    run: Range<usize>,
) -> Result<TensorId> {
    let outer: usize = shape[..run.start].iter().product();
    let inner: usize = shape[run.end..].iter().product();
    let count: usize = shape[run].iter().product();
    let (dtype, from) = quantisation_of(builder, x);
    let out_shape = vec![outer, inner];
    let value = node.outputs[0];
    if kind != ReduceKind::Mean {
        let code = match kind {
            ReduceKind::Sum | ReduceKind::Mean => 0,
            ReduceKind::Product => 1,
            ReduceKind::Max => 2,
            ReduceKind::Min => 3,
        };
        let out = builder.temporary(None, &node.name, out_shape, dtype, from)?;
        let attributes = vec![code, count as u32, inner as u32];
        builder.push(Opcode::Reduce, &node.name, vec![x], vec![out], attributes);
        return Ok(out);
    }
    if builder.graph.value(value).dtype != Dtype::F32 {
        return integer_mean(builder, node, x, [outer, count, inner]);
    }
    if count >= MOST_MEANS {
        return Err(Error::input(format!("a mean of {count} values, at most {MOST_MEANS}")));
    }
    let rows = builder.seen_as(x, vec![outer, count, inner])?;
    let (dtype, to, scale) = if builder.is_real(node) {
        (DType::F32, Quantisation::NONE, 0)
    } else {
        let dtype = builder.type_of(value);
        let least = from.scale / count as f32 * 1.000_001;
        let to = builder.calibrated(value, dtype, least);
        let factor = f64::from(from.scale) / (f64::from(to.scale) * count as f64);
        (dtype, to, scale_word(factor))
    };
    let out = builder.temporary(None, &node.name, out_shape, dtype, to)?;
    builder.push(Opcode::Mean, &node.name, vec![rows], vec![out], vec![scale]);
    Ok(out)
}

/// The mean of whole numbers is their sum divided, rounded towards zero.
fn integer_mean(
    builder: &mut Builder<'_>,
    node: &Node,
    x: TensorId,
    [outer, count, inner]: [usize; 3],
) -> Result<TensorId> {
    let dtype = plain(builder.graph.value(node.outputs[0]).dtype);
    let shape = vec![outer, inner];
    let sum = builder.temporary(None, &node.name, shape.clone(), dtype, Quantisation::NONE)?;
    let attributes = vec![0, count as u32, inner as u32];
    builder.push(Opcode::Reduce, &node.name, vec![x], vec![sum], attributes);
    let bytes = (count as i32).to_le_bytes().to_vec();
    let divisor = builder.weights("count", DType::I32, &[1], 1.0, bytes)?;
    let out = builder.temporary(None, &node.name, shape, dtype, Quantisation::NONE)?;
    let attributes = vec![qibu::Function2::Div as u32];
    builder.push(Opcode::Binary, &node.name, vec![sum, divisor], vec![out], attributes);
    Ok(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn neighbouring_axes_are_one_run() {
        assert_eq!(super::runs(&[0, 2, 3, 5]), [0..1, 2..4, 5..6]);
    }
}

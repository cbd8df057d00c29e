//! `Reduce` and `Mean`: sums, products, extremes and means along axes.
//!
//! The kernels reduce one run of neighbouring axes. Axes that do not lie together are reduced run
//! by run, the last one first, so that the earlier ones keep their places.

use super::builder::{Builder, Quantisation};
use super::weights::{quantisation_of, scale_word};
use crate::error::{Error, Result};
use crate::graph::{Node, ReduceKind};
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
    let mut shape = builder.tensor(x).shape.clone();
    // An axis of length 1 is reduced already, but one step must make the result.
    let long: Vec<usize> = axes
        .iter()
        .copied()
        .filter(|&axis| shape[axis] > 1)
        .collect();
    if long.is_empty() {
        return builder.view(node);
    }
    let mut runs = runs(&long);
    while let Some(run) = runs.pop() {
        let part = Part {
            outer: shape[..run.start].iter().product(),
            count: shape[run.clone()].iter().product(),
            inner: shape[run.end..].iter().product(),
            last: runs.is_empty(),
        };
        x = match kind {
            ReduceKind::Mean => mean(builder, node, x, &part)?,
            ReduceKind::Sum => reduce(builder, node, (0, x), &part)?,
            ReduceKind::Product => reduce(builder, node, (1, x), &part)?,
            ReduceKind::Max => reduce(builder, node, (2, x), &part)?,
            ReduceKind::Min => reduce(builder, node, (3, x), &part)?,
        };
        for axis in run {
            shape[axis] = 1;
        }
    }
    Ok(())
}

/// One run of axes: the tensor seen as `[outer, count, inner]`, and whether none is left behind it.
struct Part {
    outer: usize,
    count: usize,
    inner: usize,
    last: bool,
}

/// What a run results in: the node's result, or something on the way there.
fn result(
    builder: &mut Builder<'_>,
    node: &Node,
    part: &Part,
    dtype: DType,
    quantisation: Quantisation,
) -> Result<TensorId> {
    if part.last {
        return builder.arena(node.outputs[0], dtype, quantisation);
    }
    let shape = vec![part.outer, part.inner];
    builder.temporary(None, &node.name, shape, dtype, quantisation)
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

/// A sum, product or extreme by its code in the runtime.
fn reduce(
    builder: &mut Builder<'_>,
    node: &Node,
    (code, x): (u32, TensorId),
    part: &Part,
) -> Result<TensorId> {
    let (dtype, quantisation) = quantisation_of(builder, x);
    let out = result(builder, node, part, dtype, quantisation)?;
    let attributes = vec![code, part.count as u32, part.inner as u32];
    builder.push(Opcode::Reduce, &node.name, vec![x], vec![out], attributes);
    Ok(out)
}

fn mean(builder: &mut Builder<'_>, node: &Node, x: TensorId, part: &Part) -> Result<TensorId> {
    let value = node.outputs[0];
    let (dtype, from) = quantisation_of(builder, x);
    if dtype == DType::I32 {
        return integer_mean(builder, node, x, part);
    }
    let count = part.count;
    if count >= MOST_MEANS {
        return Err(Error::input(format!(
            "a mean of {count} values, at most {}",
            MOST_MEANS - 1
        )));
    }
    let (dtype, to) = if builder.is_real(node) {
        (DType::F32, Quantisation::NONE)
    } else if part.last {
        let least = from.scale / count as f32 * 1.000_001;
        let dtype = builder.type_of(value);
        (dtype, builder.calibrated(value, dtype, least))
    } else {
        // No mean leaves the range of what it is taken of.
        (dtype, from)
    };
    let scale = match dtype {
        DType::F32 => 0,
        _ => scale_word(f64::from(from.scale) / (f64::from(to.scale) * count as f64)),
    };
    let rows = builder.seen_as(x, vec![part.outer, count, part.inner])?;
    let out = result(builder, node, part, dtype, to)?;
    builder.push(Opcode::Mean, &node.name, vec![rows], vec![out], vec![scale]);
    Ok(out)
}

/// The mean of whole numbers is their sum divided, rounded towards zero.
fn integer_mean(
    builder: &mut Builder<'_>,
    node: &Node,
    x: TensorId,
    part: &Part,
) -> Result<TensorId> {
    let none = Quantisation::NONE;
    let shape = vec![part.outer, part.inner];
    let sum = builder.temporary(None, &node.name, shape, DType::I32, none)?;
    let attributes = vec![0, part.count as u32, part.inner as u32];
    builder.push(Opcode::Reduce, &node.name, vec![x], vec![sum], attributes);
    let bytes = (part.count as i32).to_le_bytes().to_vec();
    let divisor = builder.weights("count", DType::I32, &[1], 1.0, bytes)?;
    let out = result(builder, node, part, DType::I32, none)?;
    let shape = builder.tensor(out).shape.clone();
    let sum = builder.seen_as(sum, shape)?;
    let attributes = vec![qibu::Function2::Div as u32];
    builder.push(
        Opcode::Binary,
        &node.name,
        vec![sum, divisor],
        vec![out],
        attributes,
    );
    Ok(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn neighbouring_axes_are_one_run() {
        assert_eq!(super::runs(&[0, 2, 3, 5]), [0..1, 2..4, 5..6]);
    }
}

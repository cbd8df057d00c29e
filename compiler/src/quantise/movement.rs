//! `Copy`: elements picked by strides. Transposes, slices, parts and repetitions are all of this
//! kind; quantisation passes through.

use super::builder::Builder;
use super::weights::quantisation_of;
use crate::error::{Error, Result};
use crate::graph::{Node, ValueId};
use crate::program::TensorId;
use qibu::format::Opcode;

/// Axes of a copy, outermost first: length and stride.
type Axes = Vec<(usize, isize)>;

pub(super) fn transpose(
    builder: &mut Builder<'_>,
    node: &Node,
    permutation: &[usize],
) -> Result<()> {
    let x = builder.stored(node, 0)?;
    let shape = builder.tensor(x).shape.clone();
    let strides = strides(&shape);
    let axes = permutation
        .iter()
        .map(|&axis| (shape[axis], strides[axis]))
        .collect();
    push(builder, node, (x, node.outputs[0]), 0, axes)
}

pub(super) fn slice(
    builder: &mut Builder<'_>,
    node: &Node,
    starts: &[usize],
    lengths: &[usize],
    steps: &[isize],
) -> Result<()> {
    let x = builder.stored(node, 0)?;
    let strides = strides(&builder.tensor(x).shape);
    let walked = strides
        .iter()
        .zip(steps)
        .map(|(stride, step)| stride * step);
    let axes = lengths.iter().copied().zip(walked).collect();
    let first = strides.iter().zip(starts);
    let base = first.map(|(&stride, start)| stride as usize * start).sum();
    push(builder, node, (x, node.outputs[0]), base, axes)
}

pub(super) fn split(
    builder: &mut Builder<'_>,
    node: &Node,
    axis: usize,
    sizes: &[usize],
) -> Result<()> {
    let x = builder.stored(node, 0)?;
    let shape = builder.tensor(x).shape.clone();
    let strides = strides(&shape);
    let mut start = 0;
    for (&size, &output) in sizes.iter().zip(&node.outputs) {
        let mut lengths = shape.clone();
        lengths[axis] = size;
        let axes = lengths.into_iter().zip(strides.iter().copied()).collect();
        push(
            builder,
            node,
            (x, output),
            start * strides[axis] as usize,
            axes,
        )?;
        start += size;
    }
    Ok(())
}

pub(super) fn expand(builder: &mut Builder<'_>, node: &Node, shape: &[usize]) -> Result<()> {
    let x = builder.stored(node, 0)?;
    let axes = repeated(&builder.tensor(x).shape, shape);
    push(builder, node, (x, node.outputs[0]), 0, axes)
}

/// `id` repeated to `shape` in a tensor of its own, unless it has that shape.
pub(super) fn expanded(
    builder: &mut Builder<'_>,
    node: &Node,
    id: TensorId,
    shape: &[usize],
) -> Result<TensorId> {
    if builder.tensor(id).shape == shape {
        return Ok(id);
    }
    let axes = repeated(&builder.tensor(id).shape, shape);
    let (dtype, quantisation) = quantisation_of(builder, id);
    let out = builder.temporary(None, &node.name, shape.to_vec(), dtype, quantisation)?;
    let attributes = words(&node.name, 0, axes)?;
    builder.push(Opcode::Copy, &node.name, vec![id], vec![out], attributes);
    Ok(out)
}

/// `value`, stored as `id`, in bytes of its own.
pub(super) fn copied(builder: &mut Builder<'_>, value: ValueId, id: TensorId) -> Result<TensorId> {
    let (dtype, quantisation) = quantisation_of(builder, id);
    let name = builder.graph.value(value).name.clone();
    let elements = builder.graph.value(value).len();
    let out = builder.arena(value, dtype, quantisation)?;
    let attributes = words(&name, 0, vec![(elements, 1)])?;
    builder.push(Opcode::Copy, &name, vec![id], vec![out], attributes);
    Ok(out)
}

/// Axes of `shape` over a tensor of shape `own` that is broadcast to it.
fn repeated(own: &[usize], shape: &[usize]) -> Axes {
    let strides = strides(own);
    let missing = shape.len() - own.len();
    let stride = |axis: usize| match axis.checked_sub(missing) {
        Some(at) if own[at] != 1 => strides[at],
        _ => 0,
    };
    (0..shape.len())
        .map(|axis| (shape[axis], stride(axis)))
        .collect()
}

/// Distance between neighbours along each axis, in elements.
pub(super) fn strides(shape: &[usize]) -> Vec<isize> {
    let behind = |axis: usize| shape[axis + 1..].iter().product::<usize>() as isize;
    (0..shape.len()).map(behind).collect()
}

/// Appends the step that picks `value` from `x`.
fn push(
    builder: &mut Builder<'_>,
    node: &Node,
    (x, value): (TensorId, ValueId),
    base: usize,
    axes: Axes,
) -> Result<()> {
    let (dtype, quantisation) = quantisation_of(builder, x);
    let attributes = words(&node.name, base, axes)?;
    let out = builder.arena(value, dtype, quantisation)?;
    builder.push(Opcode::Copy, &node.name, vec![x], vec![out], attributes);
    Ok(())
}

/// Neighbouring axes that one stride walks become one; axes of length 1 vanish.
fn merged(axes: Axes) -> Axes {
    let mut merged: Axes = Vec::new();
    for (length, stride) in axes.into_iter().filter(|&(length, _)| length != 1) {
        match merged.last_mut() {
            Some(last) if last.1 == stride * length as isize => *last = (last.0 * length, stride),
            _ => merged.push((length, stride)),
        }
    }
    merged
}

/// Attribute words of `Copy`.
fn words(name: &str, base: usize, axes: Axes) -> Result<Vec<u32>> {
    let axes = merged(axes);
    let beyond = || Error::input("more than six axes to copy along").at_node(name);
    let missing = 6usize.checked_sub(axes.len()).ok_or_else(beyond)?;
    let padded: Axes = vec![(1, 0); missing].into_iter().chain(axes).collect();
    let lengths = padded.iter().map(|&(length, _)| length as u32);
    let strides = padded.iter().map(|&(_, stride)| stride as i32 as u32);
    Ok([base as u32]
        .into_iter()
        .chain(lengths)
        .chain(strides)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{merged, repeated, strides};

    #[test]
    fn axes_that_stay_together_are_walked_as_one() {
        let s = strides(&[2, 3, 4]);
        assert_eq!(s, [12, 4, 1]);
        assert_eq!(merged(vec![(2, 12), (3, 4), (4, 1)]), [(24, 1)]);
        assert_eq!(merged(vec![(4, 1), (2, 12), (3, 4)]), [(4, 1), (6, 4)]);
        assert_eq!(merged(vec![(1, 9), (5, 0)]), [(5, 0)]);
        assert_eq!(
            merged(repeated(&[3, 1], &[2, 3, 4])),
            [(2, 0), (3, 1), (4, 0)]
        );
    }
}

//! `Transpose`, as a `Copy`: the same elements, axes permuted; quantisation passes through.

use super::builder::Builder;
use super::weights::quantisation_of;
use crate::error::Result;
use crate::graph::Node;
use crate::program::TensorId;
use qibu::format::Opcode;

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, permutation: &[usize]) -> Result<()> {
    let x = builder.input(node, 0)?;
    let shape = builder.tensor(x).shape.clone();
    let strides = strides(&shape);
    let axes = permutation
        .iter()
        .map(|&axis| (shape[axis], strides[axis]))
        .collect();
    push_copy(builder, node, x, 0, axes)
}

/// Distance between neighbours along each axis, in elements.
pub(super) fn strides(shape: &[usize]) -> Vec<isize> {
    let behind = |axis: usize| shape[axis + 1..].iter().product::<usize>() as isize;
    (0..shape.len()).map(behind).collect()
}

/// Appends the step that picks the result of `node` from `x`: `axes` are lengths and strides,
/// outermost first.
pub(super) fn push_copy(
    builder: &mut Builder<'_>,
    node: &Node,
    x: TensorId,
    base: usize,
    axes: Vec<(usize, isize)>,
) -> Result<()> {
    let (dtype, quantisation) = quantisation_of(builder, x);
    let out = builder.arena(node.outputs[0], dtype, quantisation)?;
    let attributes = copy_words(base, merged(axes)).ok_or_else(|| {
        crate::error::Error::input("too many axes to copy along").at_node(&node.name)
    })?;
    builder.push(Opcode::Copy, &node.name, vec![x], vec![out], attributes);
    Ok(())
}

/// Neighbouring axes that one stride walks become one; axes of length 1 vanish.
fn merged(axes: Vec<(usize, isize)>) -> Vec<(usize, isize)> {
    let mut merged: Vec<(usize, isize)> = Vec::new();
    for (length, stride) in axes.into_iter().filter(|&(length, _)| length != 1) {
        match merged.last_mut() {
            Some(last) if last.1 == stride * length as isize => *last = (last.0 * length, stride),
            _ => merged.push((length, stride)),
        }
    }
    merged
}

/// Attribute words of `Copy`; `None` where more than six axes are left.
fn copy_words(base: usize, axes: Vec<(usize, isize)>) -> Option<Vec<u32>> {
    let missing = 6usize.checked_sub(axes.len())?;
    let padded: Vec<(usize, isize)> = vec![(1, 0); missing].into_iter().chain(axes).collect();
    let lengths = padded.iter().map(|&(length, _)| length as u32);
    let strides = padded.iter().map(|&(_, stride)| stride as i32 as u32);
    Some(
        [base as u32]
            .into_iter()
            .chain(lengths)
            .chain(strides)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::{merged, strides};

    #[test]
    fn axes_that_stay_together_are_walked_as_one() {
        let s = strides(&[2, 3, 4]);
        assert_eq!(s, [12, 4, 1]);
        assert_eq!(merged(vec![(2, 12), (3, 4), (4, 1)]), [(24, 1)]);
        assert_eq!(merged(vec![(4, 1), (2, 12), (3, 4)]), [(4, 1), (6, 4)]);
        assert_eq!(merged(vec![(1, 9), (5, 0)]), [(5, 0)]);
    }
}

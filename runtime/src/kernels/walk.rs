//! Positions of a box of up to six axes, with the offsets of up to three operands there.
//!
//! ```text
//! for each position (i₀, …, i₅) below the lengths but the innermost, last index fastest:
//!     next row = base[k] + Σ iₐ · stride[k][a]          for each operand k
//! the innermost axis is left to the caller: Walk::length elements, Walk::strides apart
//! ```
//!
//! Axes of length one are left out, and neighbours that all operands cross in one stride are joined:
//! where nothing is broadcast, all of it is one row.

use crate::format::{MAX_RANK, Tensor};

/// Operands walked.
pub(super) const OPERANDS: usize = 3;

/// One axis: its length and each operand's stride, in elements.
#[derive(Clone, Copy, Default)]
pub(super) struct Axis {
    pub length: usize,
    pub strides: [usize; OPERANDS],
}

/// An iterator over the rows: where each operand starts.
pub(super) struct Walk {
    /// Elements of a row.
    pub length: usize,
    /// Strides inside a row.
    pub strides: [usize; OPERANDS],
    /// Axes outside the row, innermost first; a length of zero ends them.
    outer: [Axis; MAX_RANK],
    position: [usize; MAX_RANK],
    start: [usize; OPERANDS],
    done: bool,
}

impl Walk {
    /// A walk over `axes`, outermost first, of at least one element each.
    #[inline(never)]
    pub fn new(axes: &[Axis; MAX_RANK], base: [usize; OPERANDS]) -> Self {
        let mut joined = [Axis::default(); MAX_RANK];
        let mut free = joined.iter_mut();
        let mut last: Option<&mut Axis> = None;
        for axis in axes.iter().rev().filter(|axis| axis.length != 1) {
            match &mut last {
                Some(inner) if inner.reaches(axis) => {
                    inner.length = inner.length.wrapping_mul(axis.length);
                }
                _ => {
                    if let Some(slot) = free.next() {
                        *slot = *axis;
                        last = Some(slot);
                    }
                }
            }
        }
        let [inner, outer @ ..] = joined;
        let mut walk = Self {
            // Nothing but axes of length one: one element.
            length: inner.length.max(1),
            strides: inner.strides,
            outer: [Axis::default(); MAX_RANK],
            position: [0; MAX_RANK],
            start: base,
            done: false,
        };
        for (slot, axis) in walk.outer.iter_mut().zip(outer) {
            *slot = axis;
        }
        walk
    }
}

impl Axis {
    /// Whether `outer` goes on where this axis ends, for every operand.
    fn reaches(&self, outer: &Self) -> bool {
        let ends = self.strides.iter().map(|s| s.wrapping_mul(self.length));
        ends.eq(outer.strides.iter().copied())
    }
}

impl Iterator for Walk {
    type Item = [usize; OPERANDS];

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let row = self.start;
        self.done = true;
        for (axis, count) in self.outer.iter().zip(&mut self.position) {
            if axis.length == 0 {
                break;
            }
            *count += 1;
            let back = if *count < axis.length { 0 } else { *count };
            for (start, stride) in self.start.iter_mut().zip(axis.strides) {
                // One stride on, and all of them back at the end of the axis.
                *start = start
                    .wrapping_add(stride)
                    .wrapping_sub(stride.wrapping_mul(back));
            }
            if back == 0 {
                self.done = false;
                break;
            }
            *count = 0;
        }
        Some(row)
    }
}

/// Row-major strides of `tensor`, its axes at the end of six; lengths are its dimensions.
fn row_major(tensor: Tensor<'_>) -> [(usize, usize); MAX_RANK] {
    let mut axes = [(1, 0); MAX_RANK];
    let mut stride = 1usize;
    for (axis, &dim) in axes.iter_mut().rev().zip(tensor.shape().iter().rev()) {
        *axis = (dim as usize, stride);
        stride = stride.wrapping_mul(dim as usize);
    }
    axes
}

/// The walk over `out` with operands broadcast to it; `None` where they do not broadcast to its
/// shape. Leading ones make no difference.
pub(super) fn broadcast(out: Tensor<'_>, operands: &[Tensor]) -> Option<Walk> {
    let mut axes = [Axis::default(); MAX_RANK];
    for (axis, (length, _)) in axes.iter_mut().zip(row_major(out)) {
        axis.length = length;
    }
    let mut widest = [1; MAX_RANK];
    for (index, operand) in operands.iter().enumerate() {
        for ((axis, widest), (length, stride)) in
            axes.iter_mut().zip(&mut widest).zip(row_major(*operand))
        {
            if length != 1 {
                if length != axis.length {
                    return None;
                }
                *widest = length;
                *axis.strides.get_mut(index)? = stride;
            }
        }
    }
    let equal = axes.iter().zip(widest).all(|(axis, w)| axis.length == w);
    equal.then(|| Walk::new(&axes, [0; OPERANDS]))
}

/// The walk over all elements of `x`, in order, with their places in `out` as the first operand:
/// index `i` of axis `d` is at `before(d) + i · step(d)`.
pub(super) fn spread(
    x: Tensor<'_>,
    out: Tensor<'_>,
    before: impl Fn(usize) -> u32,
    step: impl Fn(usize) -> u32,
) -> Walk {
    let mut axes = [Axis::default(); MAX_RANK];
    let mut base = 0usize;
    let missing = MAX_RANK.saturating_sub(usize::from(x.rank()));
    let pairs = row_major(x).into_iter().zip(row_major(out));
    for (index, (axis, ((length, _), (_, stride)))) in axes.iter_mut().zip(pairs).enumerate() {
        axis.length = length;
        if let Some(dim) = index.checked_sub(missing) {
            // No position leaves `out`: what wraps here is a stride that is never taken.
            axis.strides = [stride.wrapping_mul(step(dim) as usize), 0, 0];
            base = base.wrapping_add(stride.wrapping_mul(before(dim) as usize));
        }
    }
    Walk::new(&axes, [base, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn visits_what_six_loops_visit(
            lengths in prop::array::uniform6(1usize..4),
            kinds in prop::array::uniform6(0usize..4),
            base in 0usize..5,
        ) {
            // Row-major, dropped (broadcast), doubled, and one of its own.
            let mut axes = [Axis::default(); MAX_RANK];
            let mut stride = 1;
            for (axis, (length, kind)) in axes.iter_mut().zip(lengths.into_iter().zip(kinds)).rev() {
                *axis = Axis { length, strides: [stride, if kind == 0 { 0 } else { stride }, kind] };
                stride *= length;
            }
            let mut expected = Vec::new();
            for flat in 0..stride {
                let (mut rest, mut at) = (flat, [base, 0, 7]);
                for axis in axes.iter().rev() {
                    for (at, stride) in at.iter_mut().zip(axis.strides) {
                        *at += rest % axis.length * stride;
                    }
                    rest /= axis.length;
                }
                expected.push(at);
            }
            let walk = Walk::new(&axes, [base, 0, 7]);
            let (length, strides) = (walk.length, walk.strides);
            let mut visited = Vec::new();
            for row in walk {
                for index in 0..length {
                    visited.push([0, 1, 2].map(|k| row[k] + index * strides[k]));
                }
            }
            prop_assert_eq!(visited, expected);
        }
    }

    #[test]
    fn contiguous_operands_are_one_row() {
        let mut axes = [Axis::default(); MAX_RANK];
        let mut stride = 1;
        for axis in axes.iter_mut().rev() {
            *axis = Axis {
                length: 2,
                strides: [stride, stride, 0],
            };
            stride *= 2;
        }
        assert_eq!(Walk::new(&axes, [0; OPERANDS]).length, 64);
    }
}

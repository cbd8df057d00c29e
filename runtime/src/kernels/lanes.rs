//! An axis of a tensor: `x` seen as `[outer, n, inner]`.
//!
//! ```text
//! lane (o, i) is the n elements x[o, 0, i], x[o, 1, i], …, which stand `inner` apart
//! ```
//!
//! Operators along an axis have n and inner as their first two attributes; outer follows from the
//! number of elements. Rows are lanes with inner = 1.

use crate::error::Fault;
use crate::format::Tensor;
use crate::step::Step;

/// How the lanes of a tensor lie.
#[derive(Clone, Copy)]
pub(super) struct Lanes {
    /// Distance between neighbours of a lane, in elements.
    pub inner: usize,
    /// Elements of a lane.
    pub n: usize,
    /// Blocks of `inner` lanes.
    pub outer: usize,
}

impl Lanes {
    /// The lanes of `x` by the step's first two attributes.
    pub fn of(step: &Step<'_>, x: Tensor<'_>) -> Result<Self, Fault> {
        let (n, inner) = (step.attribute(0) as usize, step.attribute(1) as usize);
        Self::new(x.elements().ok_or(Fault::Shape)?, n, inner)
    }

    /// `elements` elements in lanes of `n`, `inner` beside each other.
    pub fn new(elements: usize, n: usize, inner: usize) -> Result<Self, Fault> {
        if n == 0 || inner == 0 {
            return Err(Fault::Attribute);
        }
        let block = n.checked_mul(inner).ok_or(Fault::Shape)?;
        match (elements.checked_rem(block), elements.checked_div(block)) {
            (Some(0), Some(outer)) => Ok(Self { inner, n, outer }),
            _ => Err(Fault::Shape),
        }
    }

    /// Number of lanes.
    pub fn count(&self) -> usize {
        self.outer * self.inner
    }

    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.count() * self.n
    }

    /// Block and place in it of every lane, in order.
    pub fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Self { inner, outer, .. } = *self;
        (0..outer).flat_map(move |o| (0..inner).map(move |i| (o, i)))
    }

    /// First element of lane `i` of block `o`.
    pub fn start(&self, (o, i): (usize, usize)) -> usize {
        o * self.n * self.inner + i
    }

    /// The elements of `values` from `start` on that belong to the lane.
    pub fn walk<'a, T>(
        &self,
        values: &'a [T],
        start: usize,
    ) -> impl Iterator<Item = &'a T> + use<'a, T> {
        // The maximum is `inner`; it shows the compiler that `step_by` has nothing to panic about.
        let lane = values.get(start..).unwrap_or(&[]);
        lane.iter().step_by(self.inner.max(1)).take(self.n)
    }

    /// [`Lanes::walk`] to write to.
    pub fn walk_mut<'a, T>(
        &self,
        values: &'a mut [T],
        start: usize,
    ) -> impl Iterator<Item = &'a mut T> + use<'a, T> {
        let lane = values.get_mut(start..).unwrap_or(&mut []);
        lane.iter_mut().step_by(self.inner.max(1)).take(self.n)
    }
}

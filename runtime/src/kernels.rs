//! Operators. Each file holds one: what it computes, what loading checks of it, the kernel, and
//! its naive twin in a test.
//!
//! A [`Kernel`] is an operator for some element types, a constant such as [`dense::I16_I8`]; a
//! [`KernelSet`] lists those that a program links.
//!
//! `check` runs at load and returns the step's multiply-accumulates; `run` then relies on what it
//! checked. `run` is written so that the compiler sees no panic: slices are cut with `get`, walked
//! with iterators, and a misfit is `None`.

pub mod arg_max;
pub mod arithmetic;
pub mod binary;
pub mod cast;
pub mod concat;
pub mod conv;
pub mod copy;
pub mod cum_sum;
pub mod dense;
mod dot;
pub(crate) mod elements;
pub mod gate;
pub mod gather;
mod kernel;
mod lanes;
pub mod mat_mul;
pub mod mean;
pub mod normalise;
pub mod pad;
pub mod pool;
pub mod reduce;
mod registry;
pub mod scatter;
pub mod select;
pub(crate) mod sink;
pub mod softmax;
mod source;
pub mod tiled;
pub mod to_grid;
pub mod top_k;
pub mod top_k_dense;
pub mod top_k_groups;
pub mod types;
pub mod unary;
mod walk;
pub(crate) mod window;

use crate::error::Fault;
pub use crate::isa::name as instruction_set;
use crate::step::Step;
pub use kernel::{Kernel, KernelSet};
pub use registry::{ALL, NAMES, name, used};

/// Rows of `width` elements, none where `width` is zero.
///
/// Unlike `chunks_exact`, which panics on zero and whose length is a division: where the compiler
/// does not see the check of `width` from the kernel, both would stay in the code.
pub(crate) fn rows<T>(values: &[T], width: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = if width == 0 { &[] } else { values };
    core::iter::from_fn(move || {
        let (row, tail) = rest.split_at_checked(width).filter(|_| !rest.is_empty())?;
        rest = tail;
        Some(row)
    })
}

/// [`rows`] to write to.
pub(crate) fn rows_mut<T>(values: &mut [T], width: usize) -> impl Iterator<Item = &mut [T]> {
    let mut rest = if width == 0 { &mut [] } else { values };
    core::iter::from_fn(move || {
        let (row, tail) = core::mem::take(&mut rest).split_at_mut_checked(width)?;
        rest = tail;
        (!row.is_empty()).then_some(row)
    })
}

/// Quotient and remainder by shifts and subtractions; `None` where `d` is zero.
///
/// Unlike the operators, which link 400 bytes on a chip that cannot divide, for the few divisions
/// that extents need.
#[inline(never)]
pub(crate) fn divide(n: usize, d: usize) -> Option<(usize, usize)> {
    if d == 0 {
        return None;
    }
    let (mut rest, mut quotient) = (n, 0);
    // As many rounds as the quotient has bits.
    let (mut multiple, mut bit) = (d, 1);
    while multiple <= rest >> 1 {
        (multiple, bit) = (multiple << 1, bit << 1);
    }
    while bit != 0 {
        if multiple <= rest {
            rest -= multiple;
            quotient |= bit;
        }
        (multiple, bit) = (multiple >> 1, bit >> 1);
    }
    Some((quotient, rest))
}

/// `n / d` where that is exact.
pub(crate) fn quotient(n: usize, d: usize) -> Option<usize> {
    match divide(n, d)? {
        (quotient, 0) => Some(quotient),
        _ => None,
    }
}

/// Copies as many bytes as both have.
///
/// Unlike `copy_from_slice`, whose panic on unequal lengths would stay in the code.
pub(crate) fn copy_bytes(target: &mut [u8], source: &[u8]) {
    for (target, source) in target.iter_mut().zip(source) {
        *target = *source;
    }
}

/// The kernel that runs `step`.
fn kernel<'m>(step: &Step<'m>) -> Result<&'m Kernel, Fault> {
    if let Some(kernel) = step.kernel() {
        return Ok(kernel);
    }
    // Element types that no kernel of the operator takes are a fault of the step; others are one of
    // the set.
    let mut kernels = step.model.kernels.iter();
    let kernel = kernels.find(|kernel| kernel.opcode() == step.opcode);
    kernel.map_or(Err(Fault::Kernel), |kernel| (kernel.check)(step))?;
    Err(Fault::Kernel)
}

/// Checks a step's operands; its multiply-accumulates.
pub(crate) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    (kernel(step)?.check)(step)
}

/// Checks a step's operands; what it costs the limit of [`crate::Limits`]: no loop of a kernel is
/// longer, and each unit takes some nanoseconds on a desktop.
pub(crate) fn work(step: &Step<'_>) -> Result<u64, Fault> {
    let kernel = kernel(step)?;
    let macs = (kernel.check)(step)?;
    let written = step.output(0).and_then(|out| out.elements());
    let written = written.unwrap_or(0) as u64;
    let moves = kernel.cost.map_or(written, |cost| cost(step, written));
    Ok(macs.saturating_add(moves))
}

#[cfg(test)]
mod tests {
    use super::{divide, quotient, rows, rows_mut};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quotients_are_those_of_the_operators(n: usize, d in 0usize..300, small in 0usize..9_000, big: usize) {
            for (n, d) in [(n, d), (small, d), (small * d, d), (n, big), (big, big), (small, 1)] {
                let expected = (n.checked_rem(d) == Some(0)).then(|| n / d);
                prop_assert_eq!(quotient(n, d), expected, "{} / {}", n, d);
                prop_assert_eq!(divide(n, d), (d != 0).then(|| (n / d, n % d)));
            }
        }
    }
    use std::vec::Vec;

    #[test]
    fn rows_are_whole_and_of_width_zero_there_are_none() {
        let mut values = [1, 2, 3, 4, 5];
        let expected: [&[i32]; 2] = [&[1, 2], &[3, 4]];
        assert_eq!(rows(&values, 2).collect::<Vec<_>>(), expected);
        assert_eq!(rows_mut(&mut values, 2).collect::<Vec<_>>(), expected);
        for width in [0, 6] {
            assert_eq!(rows(&values, width).count(), 0);
            assert_eq!(rows_mut(&mut values, width).count(), 0);
        }
    }
}

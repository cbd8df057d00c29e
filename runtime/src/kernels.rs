//! Operators. Each file holds one: what it computes, what loading checks of it, the kernel, and
//! its naive twin in a test.
//!
//! `check` runs at load and returns the step's multiply-accumulates; `run` then relies on what it
//! checked. `run` is written so that the compiler sees no panic: slices are cut with `get`, walked
//! with iterators, and a misfit is `None`.

mod arg_max;
mod arithmetic;
pub(crate) mod binary;
mod cast;
mod concat;
mod conv;
mod copy;
mod cum_sum;
mod dense;
mod dot;
mod elements;
pub(crate) mod gate;
pub(crate) mod gather;
mod lanes;
mod mat_mul;
mod mean;
mod normalise;
mod pad;
mod pool;
mod reduce;
pub(crate) mod scatter;
mod select;
mod sink;
mod softmax;
mod source;
mod top_k;
mod top_k_dense;
mod types;
pub(crate) mod unary;
mod walk;
mod window;

use crate::arena::Operands;
use crate::error::Fault;
use crate::format::Opcode;
use crate::step::Step;

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

/// Copies as many bytes as both have.
///
/// Unlike `copy_from_slice`, whose panic on unequal lengths would stay in the code.
pub(crate) fn copy_bytes(target: &mut [u8], source: &[u8]) {
    for (target, source) in target.iter_mut().zip(source) {
        *target = *source;
    }
}

/// Checks a step's operands; its multiply-accumulates.
pub(crate) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    match step.opcode {
        Opcode::Quantise => types::check_quantise(step),
        Opcode::Dequantise => types::check_dequantise(step),
        Opcode::Dense => dense::check(step),
        Opcode::Conv => conv::check(step),
        Opcode::Gate => gate::check(step),
        Opcode::TopKDense => top_k_dense::check(step),
        Opcode::Gather => gather::check(step),
        Opcode::Add => arithmetic::check_add(step),
        Opcode::Mul => arithmetic::check_mul(step),
        Opcode::Mean => mean::check(step),
        Opcode::Unary => unary::check(step),
        Opcode::Copy => copy::check(step),
        Opcode::Binary => binary::check(step),
        Opcode::Where => select::check(step),
        Opcode::Cast => cast::check(step),
        Opcode::Reduce => reduce::check(step),
        Opcode::ArgMax => arg_max::check(step),
        Opcode::TopK => top_k::check(step),
        Opcode::Pool => pool::check(step),
        Opcode::Pad => pad::check(step),
        Opcode::Concat => concat::check(step),
        Opcode::Scatter => scatter::check(step),
        Opcode::Softmax => softmax::check(step),
        Opcode::Normalise => normalise::check(step),
        Opcode::MatMul => mat_mul::check(step),
        Opcode::CumSum => cum_sum::check(step),
    }
}

/// Runs a step; `None` where an operand does not fit, which loading rules out.
pub(crate) fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    match step.opcode {
        Opcode::Quantise => types::run_quantise(step, operands),
        Opcode::Dequantise => types::run_dequantise(step, operands),
        Opcode::Dense => dense::run(step, operands),
        Opcode::Conv => conv::run(step, operands),
        Opcode::Gate => gate::run(step, operands),
        Opcode::TopKDense => top_k_dense::run(step, operands),
        Opcode::Gather => gather::run(step, operands),
        Opcode::Add => arithmetic::run_add(step, operands),
        Opcode::Mul => arithmetic::run_mul(step, operands),
        Opcode::Mean => mean::run(step, operands),
        Opcode::Unary => unary::run(step, operands),
        Opcode::Copy => copy::run(step, operands),
        Opcode::Binary => binary::run(step, operands),
        Opcode::Where => select::run(step, operands),
        Opcode::Cast => cast::run(step, operands),
        Opcode::Reduce => reduce::run(step, operands),
        Opcode::ArgMax => arg_max::run(step, operands),
        Opcode::TopK => top_k::run(step, operands),
        Opcode::Pool => pool::run(step, operands),
        Opcode::Pad => pad::run(step, operands),
        Opcode::Concat => concat::run(step, operands),
        Opcode::Scatter => scatter::run(step, operands),
        Opcode::Softmax => softmax::run(step, operands),
        Opcode::Normalise => normalise::run(step, operands),
        Opcode::MatMul => mat_mul::run(step, operands),
        Opcode::CumSum => cum_sum::run(step, operands),
    }
}

#[cfg(test)]
mod tests {
    use super::{rows, rows_mut};
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

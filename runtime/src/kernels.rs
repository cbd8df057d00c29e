//! Operators. Each file holds one: what it computes, what loading checks of it, the kernel, and
//! its naive twin in a test.
//!
//! `check` runs at load and returns the step's multiply-accumulates; `run` then relies on what it
//! checked. `run` is written so that the compiler sees no panic: slices are cut with `get`, walked
//! with iterators, and a misfit is `None`.

mod arithmetic;
mod conv;
mod dense;
mod dot;
pub(crate) mod gate;
mod gather;
mod mean;
mod sink;
mod top_k_dense;
mod transpose;
mod types;
pub(crate) mod unary;

use crate::arena::Operands;
use crate::error::Fault;
use crate::format::Opcode;
use crate::step::Step;

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
        Opcode::Transpose => transpose::check(step),
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
        Opcode::Transpose => transpose::run(step, operands),
    }
}

//! `Binary`: an elementwise function of two operands, broadcast to the output's shape.
//!
//! ```text
//! out[i₀, …, i₅] = f(a[i₀, …, i₅], b[i₀, …, i₅])         an axis of length one counts as any length
//! ```
//!
//! f32 → f32, int32 → int32; comparisons give truth values, and `And`, `Or`, `Xor` and `Equal` take
//! them. Attribute: the function's code. One loop per pair of element types over a `walk::Walk`,
//! the function chosen inside: small code is worth more here than a loop per function.

mod function;

use super::kernel::{Kernel, Types};
use super::rows_mut;
use super::source::Source;
use super::walk::{self, Walk};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::step::Step;
pub use function::Function;

/// Work of one element: an int32 power squares and multiplies for each bit of the exponent, an f32
/// remainder divides for each eight bits of the quotient, an f32 power is a logarithm and an
/// exponential.
fn cost(step: &Step<'_>, written: u64) -> u64 {
    let float = step.input(0).is_some_and(|a| a.dtype() == DType::F32);
    let each = match (Function::from_code(step.attribute(0)), float) {
        (Some(Function::Pow), false) | (Some(Function::Mod | Function::Fmod), true) => 64,
        (Some(Function::Pow), true) => 16,
        _ => 1,
    };
    written.saturating_mul(each)
}

/// A kernel of floats for these functions, which `apply` computes: no other is linked with it.
macro_rules! floats {
    ($functions:expr, $apply:ident) => {
        Kernel::new(
            Opcode::Binary,
            [Types::F32, Types::ANY],
            check,
            |step, operands| run_f32(step, operands, Function::$apply),
        )
        .costing(cost)
        .of_functions($functions)
    };
}

/// Floats: all but powers and remainders.
pub const F32: Kernel = floats!(!(Function::POWER | Function::REMAINDERS), basic_f32);
/// Floats: `Pow`.
pub const F32_POW: Kernel = floats!(Function::POWER, power_f32);
/// Floats: `Mod`, `Fmod`.
pub const F32_MOD: Kernel = floats!(Function::REMAINDERS, remainder_f32);
/// int32.
pub const I32: Kernel =
    Kernel::new(Opcode::Binary, [Types::I32, Types::ANY], check, run_i32).costing(cost);
/// Truth values.
pub const BOOL: Kernel = Kernel::new(Opcode::Binary, [Types::BOOL, Types::ANY], check, run_bool);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (a, b) = (step.need_input(0)?, step.need_input(1)?);
    let out = step.need_output(0)?;
    let function = Function::from_code(step.attribute(0)).ok_or(Fault::Attribute)?;
    let takes = match a.dtype() {
        DType::F32 | DType::I32 => function.takes_numbers(),
        DType::Bool => function.takes_bools(),
        _ => return Err(Fault::DType),
    };
    if !takes {
        return Err(Fault::Attribute);
    }
    let result = if function.compares() {
        DType::Bool
    } else {
        a.dtype()
    };
    if b.dtype() != a.dtype() || out.dtype() != result {
        return Err(Fault::DType);
    }
    walk::broadcast(out, &[a, b]).ok_or(Fault::Shape)?;
    Ok(out.elements().ok_or(Fault::Shape)? as u64)
}

/// The function, and the walk over the operands.
fn prepare(step: &Step<'_>) -> Option<(Function, Walk)> {
    let function = Function::from_code(step.attribute(0))?;
    let walk = walk::broadcast(step.output(0)?, &[step.input(0)?, step.input(1)?])?;
    Some((function, walk))
}

/// The function is called by address: one loop for each kernel would be more code.
fn run_f32(
    step: &Step<'_>,
    operands: Operands<'_>,
    value: fn(Function, f32, f32) -> f32,
) -> Option<()> {
    let (function, walk) = prepare(step)?;
    if function.compares() {
        return apply(walk, operands, |a: f32, b| {
            u8::from(value(function, a, b) != 0.0)
        });
    }
    apply(walk, operands, |a, b| value(function, a, b))
}

fn run_i32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (function, walk) = prepare(step)?;
    if function.compares() {
        return apply(walk, operands, |a, b| function.apply_i32(a, b) as u8);
    }
    apply(walk, operands, |a, b| function.apply_i32(a, b))
}

fn run_bool(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (function, walk) = prepare(step)?;
    let truth = |byte| i32::from(byte != 0);
    apply(walk, operands, |a: u8, b: u8| {
        function.apply_i32(truth(a), truth(b)) as u8
    })
}

/// Stores `f` of each pair.
fn apply<T: bytemuck::AnyBitPattern, U: bytemuck::Pod>(
    walk: Walk,
    operands: Operands<'_>,
    f: impl Fn(T, T) -> U,
) -> Option<()> {
    let [a, b, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let (a, b): (Source<'_, T>, Source<'_, T>) = (Source::new(a)?, Source::new(b)?);
    let out: &mut [U] = bytemuck::try_cast_slice_mut(out).ok()?;
    let [a_stride, b_stride, _] = walk.strides;
    for (row, [mut a_at, mut b_at, _]) in rows_mut(out, walk.length).zip(walk) {
        for out in row {
            // Only an operand of the output's type, and so of its shape, can be in its place.
            let old = bytemuck::try_cast(*out).unwrap_or_else(|_| T::zeroed());
            *out = f(a.get(a_at, old)?, b.get(b_at, old)?);
            a_at = a_at.wrapping_add(a_stride);
            b_at = b_at.wrapping_add(b_stride);
        }
    }
    Some(())
}

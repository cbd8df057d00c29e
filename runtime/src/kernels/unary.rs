//! `Unary`: an elementwise function.
//!
//! ```text
//! out[i] = f(x[i])
//! ```
//!
//! int8 → int8 by a table of 256 entries made offline (entry i is for q = i − 128); f32, int32 and
//! truth values by [`Function`]. Inputs: x, table (int8 only). Attributes: the function's code, and
//! two f32, α and β, for the functions that have parameters; the table form ignores all three.

mod function;

use super::kernel::{Kernel, Types};
use super::source::Source;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::math;
use crate::step::Step;
pub use function::Function;
use function::Group;

/// α and β.
fn parameters(step: &Step<'_>) -> (f32, f32) {
    let real = |index| f32::from_bits(step.attribute(index));
    (real(1), real(2))
}

/// Work of one element: a function of the reals costs some dozens of operations, and a sine reduces its argument by a number of many words.
fn cost(step: &Step<'_>, written: u64) -> u64 {
    let each = match Function::from_code(step.attribute(0)) {
        Some(Function::Sin | Function::Cos) => 64,
        Some(
            Function::Relu
            | Function::Neg
            | Function::Abs
            | Function::Sign
            | Function::LeakyRelu
            | Function::ThresholdedRelu
            | Function::HardSigmoid
            | Function::HardSwish
            | Function::Softsign
            | Function::Reciprocal
            | Function::Floor
            | Function::Ceil
            | Function::Round
            | Function::Clip,
        ) => 1,
        _ => 16,
    };
    written.saturating_mul(each)
}

/// A kernel of floats for the functions of a group, which `apply` computes: no other is linked with it.
macro_rules! floats {
    ($group:ident, $apply:ident) => {
        Kernel::new(
            Opcode::Unary,
            [Types::F32, Types::ANY],
            check,
            |step, operands| run_f32(step, operands, Function::$apply),
        )
        .costing(cost)
        .of_functions(Group::$group.functions())
    };
}

/// Floats: arithmetic and comparisons.
pub const F32: Kernel = floats!(Basic, basic);
/// Floats: the square root.
pub const F32_SQRT: Kernel = floats!(Sqrt, sqrt);
/// Floats: `Exp`, `Sigmoid`, `Swish`.
pub const F32_EXP: Kernel = floats!(Exp, exp);
/// Floats: `Tanh`, `GeluTanh`.
pub const F32_TANH: Kernel = floats!(Tanh, tanh);
/// Floats: `Elu`, `Selu`, `Celu`.
pub const F32_EXPM1: Kernel = floats!(Expm1, expm1);
/// Floats: `Log`.
pub const F32_LOG: Kernel = floats!(Log, log);
/// Floats: `Erf`, `Gelu`.
pub const F32_ERF: Kernel = floats!(Erf, erf);
/// Floats: `Softplus`, `Mish`.
pub const F32_SOFTPLUS: Kernel = floats!(Softplus, softplus);
/// Floats: `Sin`, `Cos`.
pub const F32_SIN: Kernel = floats!(Sin, sin);
/// int32.
pub const I32: Kernel = Kernel::new(Opcode::Unary, [Types::I32, Types::ANY], check, run_i32);
/// Truth values.
pub const BOOL: Kernel = Kernel::new(Opcode::Unary, [Types::BOOL, Types::ANY], check, run_bool);
/// int8, by a table made offline.
pub const TABLE: Kernel = Kernel::new(Opcode::Unary, [Types::I8, Types::ANY], check, run_table);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    if x.elements() != out.elements() {
        return Err(Fault::Shape);
    }
    if x.dtype() != out.dtype() {
        return Err(Fault::DType);
    }
    let inputs = if x.dtype() == DType::I8 { 2 } else { 1 };
    if step.inputs != inputs {
        return Err(Fault::Arity);
    }
    if x.dtype() == DType::I8 {
        if step.need_weights(1, &[DType::I8])?.elements() != Some(256) {
            return Err(Fault::Shape);
        }
    } else {
        let function = Function::from_code(step.attribute(0)).ok_or(Fault::Attribute)?;
        let logical = function == Function::Not;
        let known = match x.dtype() {
            DType::F32 => !logical,
            DType::I32 => function.apply_i32(0).is_some(),
            DType::Bool => logical,
            _ => return Err(Fault::DType),
        };
        let (alpha, beta) = parameters(step);
        if !known || !function.takes(alpha, beta) {
            return Err(Fault::Attribute);
        }
    }
    Ok(x.elements().ok_or(Fault::Shape)? as u64)
}

/// A function with its parameters.
type Apply = fn(Function, f32, f32, f32) -> f32;

/// One loop for all groups: small code is worth more here than a loop for each.
fn run_f32(step: &Step<'_>, operands: Operands<'_>, apply: Apply) -> Option<()> {
    let function = Function::from_code(step.attribute(0))?;
    let (alpha, beta) = parameters(step);
    replace(operands, |x| {
        Some(math::canonical(apply(function, x, alpha, beta)))
    })
}

fn run_i32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let function = Function::from_code(step.attribute(0))?;
    replace(operands, |x| function.apply_i32(x))
}

fn run_bool(_: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    replace(operands, |x: u8| Some(u8::from(x == 0)))
}

fn run_table(_: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [_, table, ..] = operands.inputs;
    // The byte of q with its sign bit flipped is q + 128.
    replace(operands, |x: u8| table.get(usize::from(x ^ 0x80)).copied())
}

/// Writes `f` of each element.
#[inline(always)]
fn replace<T: bytemuck::Pod>(operands: Operands<'_>, f: impl Fn(T) -> Option<T>) -> Option<()> {
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let x: Source<'_, T> = Source::new(x)?;
    let out: &mut [T] = bytemuck::try_cast_slice_mut(out).ok()?;
    for (index, out) in out.iter_mut().enumerate() {
        *out = f(x.get(index, *out)?)?;
    }
    Some(())
}

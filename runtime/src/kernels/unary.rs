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

use super::source::Source;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::DType;
use crate::math;
use crate::step::Step;
pub use function::Function;

/// α and β.
fn parameters(step: &Step<'_>) -> (f32, f32) {
    let real = |index| f32::from_bits(step.attribute(index));
    (real(1), real(2))
}

/// Work of one element: a table costs one access, a function of the reals some dozens of operations,
/// and a sine reduces its argument by a number of many words.
pub(crate) fn cost(step: &Step<'_>) -> u64 {
    if step.input(0).is_none_or(|x| x.dtype != DType::F32) {
        return 1;
    }
    match Function::from_code(step.attribute(0)) {
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
    }
}

pub(super) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    if x.elements() != out.elements() {
        return Err(Fault::Shape);
    }
    if x.dtype != out.dtype {
        return Err(Fault::DType);
    }
    let inputs = if x.dtype == DType::I8 { 2 } else { 1 };
    if step.inputs != inputs {
        return Err(Fault::Arity);
    }
    if x.dtype == DType::I8 {
        if step.need_weights(1, &[DType::I8])?.elements() != Some(256) {
            return Err(Fault::Shape);
        }
    } else {
        let function = Function::from_code(step.attribute(0)).ok_or(Fault::Attribute)?;
        let logical = function == Function::Not;
        let known = match x.dtype {
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

pub(super) fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [x, table, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let function = Function::from_code(step.attribute(0));
    match step.input(0)?.dtype {
        DType::F32 => {
            let function = function?;
            let (alpha, beta) = parameters(step);
            let x: Source<'_, f32> = Source::new(x)?;
            let out: &mut [f32] = bytemuck::try_cast_slice_mut(out).ok()?;
            for (index, out) in out.iter_mut().enumerate() {
                *out = math::canonical(function.apply(x.get(index, *out)?, alpha, beta));
            }
        }
        DType::I32 => {
            let function = function?;
            let x: Source<'_, i32> = Source::new(x)?;
            let out: &mut [i32] = bytemuck::try_cast_slice_mut(out).ok()?;
            for (index, out) in out.iter_mut().enumerate() {
                *out = function.apply_i32(x.get(index, *out)?)?;
            }
        }
        DType::Bool => {
            let x: Source<'_, u8> = Source::new(x)?;
            for (index, out) in out.iter_mut().enumerate() {
                *out = u8::from(x.get(index, *out)? == 0);
            }
        }
        _ => {
            let x: Source<'_, u8> = Source::new(x)?;
            for (index, out) in out.iter_mut().enumerate() {
                // The byte of q with its sign bit flipped is q + 128.
                *out = *table.get(usize::from(x.get(index, *out)? ^ 0x80))?;
            }
        }
    }
    Some(())
}

//! `Unary`: an elementwise function.
//!
//! int8 → int8 by a table of 256 entries made offline (entry i is for q = i − 128); f32 by
//! [`crate::math`]. Inputs: x, table (int8 only). Attribute: the function's code, for f32.

use super::source::Source;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::DType;
use crate::math;
use crate::step::Step;

/// Elementwise functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Function {
    /// Logistic function.
    Sigmoid = 0,
    /// Hyperbolic tangent.
    Tanh = 1,
    /// Natural exponential.
    Exp = 2,
    /// max(x, 0).
    Relu = 3,
}

impl Function {
    /// The function with this code.
    #[must_use]
    pub const fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            0 => Self::Sigmoid,
            1 => Self::Tanh,
            2 => Self::Exp,
            3 => Self::Relu,
            _ => return None,
        })
    }

    /// Its value.
    #[must_use]
    pub fn apply(self, x: f32) -> f32 {
        match self {
            Self::Sigmoid => math::sigmoid(x),
            Self::Tanh => math::tanh(x),
            Self::Exp => math::exp(x),
            Self::Relu => math::max(x, 0.0),
        }
    }
}

pub(super) fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    if x.elements() != out.elements() {
        return Err(Fault::Shape);
    }
    match (x.dtype, out.dtype, step.inputs) {
        (DType::F32, DType::F32, 1) => {
            Function::from_code(step.attribute(0)).ok_or(Fault::Attribute)?;
        }
        (DType::I8, DType::I8, 2) => {
            if step.need_weights(1, &[DType::I8])?.elements() != Some(256) {
                return Err(Fault::Shape);
            }
        }
        (DType::F32, DType::F32, _) | (DType::I8, DType::I8, _) => return Err(Fault::Arity),
        _ => return Err(Fault::DType),
    }
    Ok(x.elements().ok_or(Fault::Shape)? as u64)
}

pub(super) fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [x, table, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    if step.input(0)?.dtype == DType::F32 {
        let function = Function::from_code(step.attribute(0))?;
        let x: Source<'_, f32> = Source::new(x)?;
        let out: &mut [f32] = bytemuck::try_cast_slice_mut(out).ok()?;
        for (index, out) in out.iter_mut().enumerate() {
            *out = math::canonical(function.apply(x.get(index, *out)?));
        }
        return Some(());
    }
    let x: Source<'_, u8> = Source::new(x)?;
    for (index, out) in out.iter_mut().enumerate() {
        // The byte of q with its sign bit flipped is q + 128.
        *out = *table.get(usize::from(x.get(index, *out)? ^ 0x80))?;
    }
    Some(())
}

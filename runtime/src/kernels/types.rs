//! `Quantise` and `Dequantise`: between real values and their integers.
//!
//! ```text
//! Quantise:    q = clamp(round(x / scale) + zero_point)      f32 → int8, int16
//! Dequantise:  x = (q − zero_point) · scale                  int8, int16, int32 → f32
//! ```

use super::kernel::{Kernel, Types};
use super::sink::{Out, Sink};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::isa::elementwise;
use crate::rounding;
use crate::step::Step;

/// To int8 or int16.
pub const QUANTISE: Kernel = Kernel::new(
    Opcode::Quantise,
    [Types::ANY; 2],
    check_quantise,
    run_quantise,
);
/// From int8, int16 or int32.
pub const DEQUANTISE: Kernel = Kernel::new(
    Opcode::Dequantise,
    [Types::ANY; 2],
    check_dequantise,
    run_dequantise,
);

fn check_quantise(step: &Step<'_>) -> Result<u64, Fault> {
    check(step, &[DType::F32], &[DType::I8, DType::I16])
}

fn check_dequantise(step: &Step<'_>) -> Result<u64, Fault> {
    check(step, &[DType::I8, DType::I16, DType::I32], &[DType::F32])
}

/// Equally many elements of one of these types each. A function of its own, as a model may link several
/// callers.
#[inline(never)]
pub(super) fn check(step: &Step<'_>, from: &[DType], to: &[DType]) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    if !from.contains(&x.dtype()) || !to.contains(&out.dtype()) {
        return Err(Fault::DType);
    }
    if x.elements() != out.elements() {
        return Err(Fault::Shape);
    }
    Ok(0)
}

/// Smallest and largest value of a quantised type.
pub(crate) fn bounds(dtype: DType) -> (i32, i32) {
    match dtype {
        DType::I8 => (-128, 127),
        DType::I16 => (-32768, 32767),
        _ => (i32::MIN, i32::MAX),
    }
}

/// Integers of either activation type, read one by one.
#[derive(Clone, Copy)]
pub(crate) enum Integers<'a> {
    I8(&'a [i8]),
    I16(&'a [i16]),
    /// Of an elementwise operator: in the bytes that the result replaces, as in
    /// [`super::source`]. Read by `Sink::load`.
    Replaced,
}

impl<'a> Integers<'a> {
    /// `bytes` as integers of `dtype`; no tensor is empty, so that no bytes mean `Replaced`.
    pub fn new(dtype: DType, bytes: &'a [u8]) -> Option<Self> {
        Some(match dtype {
            DType::I8 | DType::I16 if bytes.is_empty() => Self::Replaced,
            DType::I8 => Self::I8(bytemuck::try_cast_slice(bytes).ok()?),
            DType::I16 => Self::I16(bytemuck::try_cast_slice(bytes).ok()?),
            _ => return None,
        })
    }

    /// Element `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Option<i32> {
        match self {
            Self::I8(values) => values.get(index).map(|&value| value.into()),
            Self::I16(values) => values.get(index).map(|&value| value.into()),
            Self::Replaced => None,
        }
    }
}

fn run_quantise(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let tensor = step.output(0)?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let x: &[f32] = bytemuck::try_cast_slice(x).ok()?;
    let (low, high) = bounds(tensor.dtype());
    let (scale, zero_point) = (tensor.scale(), tensor.zero_point());
    let mut sink = Sink::new(tensor, out, low, high)?;
    let done = elementwise::quantise(x, scale, &mut sink);
    let q = |x| rounding::quantise(x, scale, zero_point, low, high);
    match sink.out {
        Out::I8(out) => {
            for (out, &x) in out.iter_mut().zip(x).skip(done) {
                *out = q(x) as i8;
            }
        }
        Out::I16(out) => {
            for (out, &x) in out.iter_mut().zip(x).skip(done) {
                *out = q(x) as i16;
            }
        }
        Out::I32(_) => return None,
    }
    Some(())
}

fn run_dequantise(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let tensor = step.input(0)?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let out: &mut [f32] = bytemuck::try_cast_slice_mut(out).ok()?;
    let real = |q: i32| rounding::dequantise(q, tensor.scale(), tensor.zero_point());
    if tensor.dtype() == DType::I32 {
        let x: &[i32] = bytemuck::try_cast_slice(x).ok()?;
        out.iter_mut().zip(x).for_each(|(out, &q)| *out = real(q));
        return Some(());
    }
    let x = Integers::new(tensor.dtype(), x)?;
    for (index, out) in out.iter_mut().enumerate() {
        *out = real(x.get(index)?);
    }
    Some(())
}

//! `Cast`: between f32, int32 and truth values, element by element.
//!
//! ```text
//! f32 → int32         the fraction dropped, clamped to the type, NaN to 0
//! int32 → f32         to nearest, ties to even
//! f32, int32 → truth  x ≠ 0: NaN is true
//! truth → f32, int32  1 or 0
//! ```

use super::kernel::{Kernel, Types};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::step::Step;

/// All conversions.
pub const ANY: Kernel = Kernel::new(Opcode::Cast, [Types::ANY; 2], check, run);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    let numbers = [DType::F32, DType::I32, DType::Bool];
    if x.dtype() == out.dtype() || !numbers.contains(&x.dtype()) || !numbers.contains(&out.dtype())
    {
        return Err(Fault::DType);
    }
    if x.elements() != out.elements() {
        return Err(Fault::Shape);
    }
    Ok(0)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    match (step.input(0)?.dtype(), step.output(0)?.dtype()) {
        (DType::F32, DType::I32) => convert(operands, |x: f32| x as i32),
        (DType::F32, _) => convert(operands, |x: f32| u8::from(x != 0.0)),
        (DType::I32, DType::F32) => convert(operands, |x: i32| x as f32),
        (DType::I32, _) => convert(operands, |x: i32| u8::from(x != 0)),
        (_, DType::F32) => convert(operands, |x: u8| f32::from(u8::from(x != 0))),
        _ => convert(operands, |x: u8| i32::from(x != 0)),
    }
}

fn convert<T: bytemuck::AnyBitPattern, U: bytemuck::Pod>(
    operands: Operands<'_>,
    f: impl Fn(T) -> U,
) -> Option<()> {
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let x: &[T] = bytemuck::try_cast_slice(x).ok()?;
    let out: &mut [U] = bytemuck::try_cast_slice_mut(out).ok()?;
    for (out, x) in out.iter_mut().zip(x) {
        *out = f(*x);
    }
    Some(())
}

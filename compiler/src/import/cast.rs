//! Conversions between element types.
//!
//! 16-bit integers are kept in 32 bits, so narrowing to them wraps by arithmetic: the remainder
//! by 2¹⁶, and for signed ones less 2¹⁶ in its upper half. Floats truncate; outside the range of
//! the integer, ONNX leaves the result open.

use super::site::Site;
use super::value;
use crate::error::Result;
use crate::graph::{Binary, Dtype, Op, ValueId};
use crate::onnx::DataType;

pub(super) fn cast(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let code = i32::try_from(site.int("to", 0)?).unwrap_or(0);
    let to = value::dtype(code)?;
    rounding(site)?;
    let from = site.dtype(0)?;
    let x = site.input(0)?;
    let half = match DataType::try_from(code) {
        Ok(DataType::Int16) if matches!(from, Dtype::I64 | Dtype::I32) => Some(1 << 15),
        Ok(DataType::Uint16) if matches!(from, Dtype::I64 | Dtype::I32 | Dtype::I8) => {
            Some(1 << 16) // an upper half that is never reached
        }
        _ => None,
    };
    let y = site.cast(x, to)?;
    match half {
        Some(half) => Ok(vec![wrapped(site, y, half)?]),
        None => Ok(vec![y]),
    }
}

pub(super) fn cast_like(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let to = site.dtype(1)?;
    rounding(site)?;
    let x = site.input(0)?;
    Ok(vec![site.cast(x, to)?])
}

/// These two concern 8-bit floats alone.
fn rounding(site: &mut Site<'_>) -> Result<()> {
    site.int("saturate", 1)?;
    site.text("round_mode", "up")?;
    Ok(())
}

/// `x` modulo 2¹⁶; less 2¹⁶ from `half` on.
fn wrapped(site: &mut Site<'_>, x: ValueId, half: i64) -> Result<ValueId> {
    let range = site.integers(Dtype::I32, &[], &[1 << 16])?;
    let rest = site.binary(Binary::Mod, x, range)?;
    if half == 1 << 16 {
        return Ok(rest);
    }
    let half = site.integers(Dtype::I32, &[], &[half])?;
    let lower = site.binary(Binary::Less, rest, half)?;
    let below = site.binary(Binary::Sub, rest, range)?;
    site.emit(Op::Where, &[Some(lower), Some(rest), Some(below)])
}

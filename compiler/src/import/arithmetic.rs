//! Elementwise operators of two operands, and the choice between two.
//!
//! All are one [`Op::Binary`]. Before operator set 7, broadcasting was asked for by an attribute
//! and aligned by another: the second operand gets the trailing axes of 1 that numpy wants.

use super::site::{Site, axis};
use crate::error::{Error, Result};
use crate::graph::{Binary, Dtype, Op, ValueId};
use crate::onnx::AttributeType;

pub(super) fn binary(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = match site.op_type() {
        "Add" => Binary::Add,
        "And" => Binary::And,
        "Div" => Binary::Div,
        "Equal" => Binary::Equal,
        "Greater" => Binary::Greater,
        "GreaterOrEqual" => Binary::GreaterOrEqual,
        "Less" => Binary::Less,
        "LessOrEqual" => Binary::LessOrEqual,
        "Mul" => Binary::Mul,
        "Or" => Binary::Or,
        "Sub" => Binary::Sub,
        _ => Binary::Xor,
    };
    let a = site.input(0)?;
    let b = second(site)?;
    Ok(vec![site.binary(kind, a, b)?])
}

/// The second operand, aligned with the first as old operator sets ask.
fn second(site: &mut Site<'_>) -> Result<ValueId> {
    let b = site.input(1)?;
    if site.version() >= 7 {
        return Ok(b);
    }
    site.int("broadcast", 0)?;
    let Some(start) = site.attribute("axis", AttributeType::Int)? else {
        return Ok(b);
    };
    let (rank, mut shape) = (site.shape(0)?.len(), site.shape(1)?);
    let end = axis(start.i, rank)?.saturating_add(shape.len());
    if end > rank {
        return Err(Error::input(format!(
            "shape {shape:?} from axis {} on leaves {rank} axes",
            start.i
        )));
    }
    shape.resize(shape.len() + rank - end, 1);
    site.reshape(b, shape)
}

/// The result has the base's type; the exponent may have another.
pub(super) fn power(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let base = site.input(0)?;
    let exponent = second(site)?;
    let (to, other) = (site.dtype(0)?, site.dtype(1)?);
    if to != Dtype::F32 && other == Dtype::F32 {
        let base = site.cast(base, Dtype::F32)?;
        let power = site.binary(Binary::Pow, base, exponent)?;
        return Ok(vec![site.cast(power, to)?]);
    }
    let exponent = site.cast(exponent, to)?;
    Ok(vec![site.binary(Binary::Pow, base, exponent)?])
}

pub(super) fn remainder(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = match site.int("fmod", 0)? {
        0 if site.dtype(0)? == Dtype::F32 => {
            return Err(Error::input("the remainder of floats with fmod = 0"));
        }
        0 => Binary::Mod,
        _ => Binary::Fmod,
    };
    let (a, b) = (site.input(0)?, site.input(1)?);
    Ok(vec![site.binary(kind, a, b)?])
}

/// Before operator set 7, a slope of several elements belonged to the channels, axis 1.
pub(super) fn sloped(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let (x, mut slope) = (site.input(0)?, site.input(1)?);
    let rank = site.shape(0)?.len();
    if let ([channels], true, true) = (&site.shape(1)?[..], site.version() < 7, rank > 2) {
        let mut shape = vec![1; rank - 1];
        shape[0] = *channels;
        slope = site.reshape(slope, shape)?;
    }
    let y = site.binary(Binary::PRelu, x, slope)?;
    match site.graph.shape(y) == site.shape(0)? {
        true => Ok(vec![y]),
        false => Err(Error::input("the slopes have more elements than x")),
    }
}

pub(super) fn choose(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let operands = [0, 1, 2].map(|index| site.input(index).map(Some));
    let [condition, a, b] = operands;
    Ok(vec![site.emit(Op::Where, &[condition?, a?, b?])?])
}

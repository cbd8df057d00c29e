//! Operators that work element by element.

use super::site::{Site, axis};
use super::value;
use crate::error::{Error, Result};
use crate::graph::{Binary, Clamp, Op, Unary, ValueId};

pub(super) fn binary(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = match site.op_type() {
        "Add" => Binary::Add,
        "Sub" => Binary::Sub,
        "Mul" => Binary::Mul,
        _ => Binary::Div,
    };
    let operands = [Some(site.input(0)?), Some(site.input(1)?)];
    Ok(vec![site.emit(Op::Binary(kind), &operands)?])
}

pub(super) fn unary(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = match site.op_type() {
        "Relu" => Unary::Relu,
        "Sigmoid" => Unary::Sigmoid,
        "Tanh" => Unary::Tanh,
        "Exp" => Unary::Exp,
        _ => Unary::Neg,
    };
    let x = site.input(0)?;
    Ok(vec![site.emit(Op::Unary(kind), &[Some(x)])?])
}

pub(super) fn identity(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    Ok(vec![site.input(0)?])
}

/// At inference a dropout passes its operand on; its mask is not supported.
pub(super) fn dropout(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    site.int("seed", 0)?;
    if let Some(tensor) = site.known(2, "training_mode")?
        && *tensor.data() != crate::graph::Data::Bool([false].into())
    {
        return Err(Error::input("dropout in training mode").hint("export the model for inference"));
    }
    Ok(vec![site.input(0)?])
}

pub(super) fn cast(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let to = i32::try_from(site.int("to", 0)?).unwrap_or(0);
    let to = value::dtype(to)?;
    site.int("saturate", 1)?;
    let x = site.input(0)?;
    if site.dtype(0)? == to {
        return Ok(vec![x]);
    }
    Ok(vec![site.emit(Op::Cast { to }, &[Some(x)])?])
}

pub(super) fn softmax(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let rank = site.shape(0)?.len();
    let axis = axis(site.int("axis", -1)?, rank)?;
    let log = site.op_type() == "LogSoftmax";
    let x = site.input(0)?;
    Ok(vec![site.emit(Op::Softmax { axis, log }, &[Some(x)])?])
}

pub(super) fn clip(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let low = limit(site, 1, "min")?.unwrap_or(f32::NEG_INFINITY);
    let high = limit(site, 2, "max")?.unwrap_or(f32::INFINITY);
    // ONNX: where the limits cross, everything becomes the upper one.
    let low = if low > high { high } else { low };
    let x = site.input(0)?;
    Ok(vec![site.emit(Op::Clip(Clamp { low, high }), &[Some(x)])?])
}

fn limit(site: &Site<'_>, index: usize, what: &str) -> Result<Option<f32>> {
    let Some(tensor) = site.known(index, what)? else {
        return Ok(None);
    };
    match tensor.as_f32() {
        Some(&[value]) if !value.is_nan() => Ok(Some(value)),
        _ => Err(Error::input(format!("{what} is not one float"))),
    }
}

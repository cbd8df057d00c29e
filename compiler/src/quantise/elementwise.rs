//! `Add`, `Mul` and `Unary`: one element at a time.

use super::builder::{Builder, Quantisation};
use super::scheme::Weights;
use super::weights::{
    clamp_words, constant_f32, float_bytes, quantisation_of, scale_word, shape_of, symmetric,
};
use crate::error::Result;
use crate::graph::{Binary, Clamp, Graph, Node, Unary, ValueId};
use crate::program::TensorId;
use qibu::format::{DType, Opcode};
use qibu::rounding::{dequantise, quantise};

/// Why the runtime has no form for it, if so.
pub(super) fn obstacle(graph: &Graph, node: &Node, kind: Binary) -> Option<String> {
    if !matches!(kind, Binary::Add | Binary::Mul) {
        return Some(format!("{kind:?} is not in the runtime"));
    }
    let (a, b) = (node.input(0)?, node.input(1)?);
    let (out, a_shape, b_shape) = (graph.shape(node.outputs[0]), graph.shape(a), graph.shape(b));
    let constants = [a, b].map(|id| graph.constant(id).is_some());
    let repeats = |short: &[usize], long: &[usize]| long == out && is_suffix(short, long);
    let fits = match constants {
        [true, true] => false,
        [true, false] => repeats(a_shape, b_shape),
        [false, true] => repeats(b_shape, a_shape),
        [false, false] => repeats(a_shape, b_shape) || repeats(b_shape, a_shape),
    };
    (!fits).then(|| {
        format!("operands {a_shape:?} and {b_shape:?}: the shorter must repeat along leading axes")
    })
}

/// Whether `short`, leading ones left out, ends `long`.
fn is_suffix(short: &[usize], long: &[usize]) -> bool {
    let first = short
        .iter()
        .position(|&dim| dim != 1)
        .unwrap_or(short.len());
    long.ends_with(&short[first..])
}

pub(super) fn lower_binary(builder: &mut Builder<'_>, node: &Node, kind: Binary) -> Result<()> {
    let value = node.outputs[0];
    // The longer operand first: the kernel repeats the second one.
    let swap = node.input(0).is_some_and(|a| {
        builder.graph.constant(a).is_some() || builder.graph.shape(a) != builder.graph.shape(value)
    });
    let (first, second) = if swap { (1, 0) } else { (0, 1) };
    let a = builder.input(node, first)?;
    let b = match node.input(second) {
        Some(id) if builder.graph.constant(id).is_some() => constant(builder, node, second)?,
        _ => builder.input(node, second)?,
    };
    let (clamp, value) = builder.limited(value);
    push_binary(builder, &node.name, kind, [a, b], value, clamp)
}

/// Appends the step that computes `value` from a and b, limited to `clamp`.
pub(super) fn push_binary(
    builder: &mut Builder<'_>,
    name: &str,
    kind: Binary,
    [a, b]: [TensorId; 2],
    value: ValueId,
    clamp: Option<Clamp>,
) -> Result<()> {
    let opcode = if kind == Binary::Add {
        Opcode::Add
    } else {
        Opcode::Mul
    };
    let (out, scales) = if builder.scheme.is_float() {
        let out = builder.arena(value, DType::F32, Quantisation::NONE)?;
        (
            out,
            if kind == Binary::Add {
                vec![0, 0]
            } else {
                vec![0]
            },
        )
    } else {
        let ((_, a), (_, b)) = (quantisation_of(builder, a), quantisation_of(builder, b));
        let dtype = builder.type_of(value);
        let least = match kind {
            Binary::Add => qibu::math::max(a.scale, b.scale) / 127.0,
            _ => a.scale * b.scale * 1.000_001,
        };
        let quantisation = builder.calibrated(value, dtype, least);
        let step = f64::from(quantisation.scale);
        let words = match kind {
            Binary::Add => vec![
                scale_word(f64::from(a.scale) / step / 128.0),
                scale_word(f64::from(b.scale) / step / 128.0),
            ],
            _ => vec![scale_word(f64::from(a.scale) * f64::from(b.scale) / step)],
        };
        (builder.arena(value, dtype, quantisation)?, words)
    };
    let (dtype, quantisation) = quantisation_of(builder, out);
    let attributes = scales
        .into_iter()
        .chain(clamp_words(clamp, dtype, quantisation))
        .collect();
    builder.push(opcode, name, vec![a, b], vec![out], attributes);
    Ok(())
}

/// A constant operand, symmetric int8 or f32.
fn constant(builder: &mut Builder<'_>, node: &Node, index: usize) -> Result<TensorId> {
    let values = constant_f32(builder, node, index)?;
    let shape = shape_of(builder, node, index)?.to_vec();
    let name = format!("{}.constant", node.name);
    if builder.scheme.is_float() {
        let (dtype, bytes) = float_bytes(values, Weights::F32);
        return builder.weights(&name, dtype, &shape, 1.0, bytes);
    }
    let (scale, bytes) = symmetric(values);
    builder.weights(&name, DType::I8, &shape, scale, bytes)
}

/// The runtime's function for `kind`.
fn function(kind: Unary) -> Option<qibu::Function1> {
    Some(match kind {
        Unary::Sigmoid => qibu::Function1::Sigmoid,
        Unary::Tanh => qibu::Function1::Tanh,
        Unary::Exp => qibu::Function1::Exp,
        Unary::Relu => qibu::Function1::Relu,
        _ => return None,
    })
}

/// Why the runtime has no form for it, if so.
pub(super) fn unary_obstacle(kind: Unary) -> Option<String> {
    function(kind)
        .is_none()
        .then(|| format!("{kind:?} is not in the runtime"))
}

pub(super) fn lower_unary(builder: &mut Builder<'_>, node: &Node, kind: Unary) -> Result<()> {
    let Some(function) = function(kind) else {
        return Err(super::unsupported(node));
    };
    let x = builder.input(node, 0)?;
    let value = node.outputs[0];
    if builder.scheme.is_float() {
        let out = builder.arena(value, DType::F32, Quantisation::NONE)?;
        builder.push(
            Opcode::Unary,
            &node.name,
            vec![x],
            vec![out],
            vec![function as u32, 0, 0],
        );
        return Ok(());
    }
    let (_, from) = quantisation_of(builder, x);
    let to = builder.calibrated(value, DType::I8, 0.0);
    let table = (-128..128).map(|q| {
        let real = function.apply(dequantise(q, from.scale, from.zero_point), 0.0, 0.0);
        quantise(real, to.scale, to.zero_point, -128, 127) as i8 as u8
    });
    let name = format!("{}.table", node.name);
    let table = builder.weights(&name, DType::I8, &[256], to.scale, table.collect())?;
    let out = builder.arena(value, DType::I8, to)?;
    builder.push(
        Opcode::Unary,
        &node.name,
        vec![x, table],
        vec![out],
        vec![function as u32, 0, 0],
    );
    Ok(())
}

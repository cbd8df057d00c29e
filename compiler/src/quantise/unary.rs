//! `Unary`: a function of one operand; a table of 256 entries where that is int8.

use super::builder::{Builder, Quantisation};
use super::weights::quantisation_of;
use crate::error::Result;
use crate::graph::{Dtype, Node, Unary};
use crate::program::TensorId;
use qibu::Function1;
use qibu::format::{DType, Opcode};
use qibu::rounding::{dequantise, quantise};

/// A function of the runtime with its parameters.
type Applied = (Function1, f32, f32);

fn function(kind: Unary) -> Applied {
    let plain = |function| (function, 0.0, 0.0);
    match kind {
        Unary::Relu => plain(Function1::Relu),
        Unary::Sigmoid => plain(Function1::Sigmoid),
        Unary::Tanh => plain(Function1::Tanh),
        Unary::Exp => plain(Function1::Exp),
        Unary::Neg => plain(Function1::Neg),
        Unary::Abs => plain(Function1::Abs),
        Unary::Sign => plain(Function1::Sign),
        Unary::Sqrt => plain(Function1::Sqrt),
        Unary::Log => plain(Function1::Log),
        Unary::Erf => plain(Function1::Erf),
        Unary::Floor => plain(Function1::Floor),
        Unary::Ceil => plain(Function1::Ceil),
        Unary::Round => plain(Function1::Round),
        Unary::Sin => plain(Function1::Sin),
        Unary::Cos => plain(Function1::Cos),
        Unary::Reciprocal => plain(Function1::Reciprocal),
        Unary::Softplus => plain(Function1::Softplus),
        Unary::Softsign => plain(Function1::Softsign),
        Unary::HardSigmoid(alpha, beta) => (Function1::HardSigmoid, alpha, beta),
        Unary::HardSwish => plain(Function1::HardSwish),
        Unary::Elu(alpha) => (Function1::Elu, alpha, 0.0),
        Unary::Selu(alpha, gamma) => (Function1::Selu, alpha, gamma),
        Unary::LeakyRelu(alpha) => (Function1::LeakyRelu, alpha, 0.0),
        Unary::Celu(alpha) => (Function1::Celu, alpha, 0.0),
        Unary::ThresholdedRelu(alpha) => (Function1::ThresholdedRelu, alpha, 0.0),
        Unary::Gelu => plain(Function1::Gelu),
        Unary::GeluTanh => plain(Function1::GeluTanh),
        Unary::Mish => plain(Function1::Mish),
        Unary::Swish(alpha) => (Function1::Swish, alpha, 0.0),
        Unary::Not => plain(Function1::Not),
    }
}

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, kind: Unary) -> Result<()> {
    let x = builder.input(node, 0)?;
    let value = node.outputs[0];
    if builder.is_real(node) || builder.graph.value(value).dtype != Dtype::F32 {
        return push_real(builder, node, x, function(kind));
    }
    let (code, alpha, beta) = function(kind);
    push_table(builder, node, x, |real| code.apply(real, alpha, beta))
}

/// Appends the step that looks a function of int8 up in a table.
pub(super) fn push_table(
    builder: &mut Builder<'_>,
    node: &Node,
    x: TensorId,
    apply: impl Fn(f32) -> f32,
) -> Result<()> {
    let value = node.outputs[0];
    let (_, from) = quantisation_of(builder, x);
    let to = builder.calibrated(value, DType::I8, 0.0);
    let table = (-128..128).map(|q| {
        let real = apply(dequantise(q, from.scale, from.zero_point));
        quantise(real, to.scale, to.zero_point, -128, 127) as i8 as u8
    });
    let name = format!("{}.table", node.name);
    let table = builder.weights(&name, DType::I8, &[256], to.scale, table.collect())?;
    let out = builder.arena(value, DType::I8, to)?;
    let attributes = words((Function1::Relu, 0.0, 0.0));
    builder.push(
        Opcode::Unary,
        &node.name,
        vec![x, table],
        vec![out],
        attributes,
    );
    Ok(())
}

/// Appends the step that applies a function to values that are not quantised.
pub(super) fn push_real(
    builder: &mut Builder<'_>,
    node: &Node,
    x: TensorId,
    applied: Applied,
) -> Result<()> {
    let dtype = builder.tensor(x).dtype;
    let out = builder.arena(node.outputs[0], dtype, Quantisation::NONE)?;
    builder.push(
        Opcode::Unary,
        &node.name,
        vec![x],
        vec![out],
        words(applied),
    );
    Ok(())
}

/// Attribute words of `Unary`.
pub(super) fn words((function, alpha, beta): Applied) -> Vec<u32> {
    vec![function as u32, alpha.to_bits(), beta.to_bits()]
}

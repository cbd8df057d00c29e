//! Operators along one axis: `Softmax`, `CumSum`, `ArgMax`, `TopK`, and `Normalise` over rows.
//!
//! Their kernels see a tensor as `[outer, n, inner]` around the axis.

use super::builder::{Builder, Quantisation, plain};
use super::weights::quantisation_of;
use crate::error::Result;
use crate::graph::{ArgMax, CumSum, Node, Norm, Normalise, TopK};
use crate::program::TensorId;
use qibu::format::{DType, Opcode};

/// Length of the axis and elements behind it.
fn around(builder: &Builder<'_>, x: TensorId, axis: usize) -> [u32; 2] {
    let shape = &builder.tensor(x).shape;
    let inner: usize = shape[axis + 1..].iter().product();
    [shape[axis] as u32, inner as u32]
}

pub(super) fn softmax(
    builder: &mut Builder<'_>,
    node: &Node,
    axis: usize,
    log: bool,
) -> Result<()> {
    let x = builder.input(node, 0)?;
    let [n, inner] = around(builder, x, axis);
    let out = builder.arena(node.outputs[0], DType::F32, Quantisation::NONE)?;
    let attributes = vec![n, inner, u32::from(log)];
    builder.push(Opcode::Softmax, &node.name, vec![x], vec![out], attributes);
    Ok(())
}

pub(super) fn cum_sum(builder: &mut Builder<'_>, node: &Node, sum: CumSum) -> Result<()> {
    let x = builder.input(node, 0)?;
    let [n, inner] = around(builder, x, sum.axis);
    let value = node.outputs[0];
    let dtype = plain(builder.graph.value(value).dtype);
    let out = builder.arena(value, dtype, Quantisation::NONE)?;
    let flags = u32::from(sum.exclusive) | u32::from(sum.reverse) << 1;
    let attributes = vec![n, inner, flags];
    builder.push(Opcode::CumSum, &node.name, vec![x], vec![out], attributes);
    Ok(())
}

pub(super) fn arg_max(builder: &mut Builder<'_>, node: &Node, arg: ArgMax) -> Result<()> {
    let x = builder.input(node, 0)?;
    let [n, inner] = around(builder, x, arg.axis);
    let out = builder.arena(node.outputs[0], DType::I32, Quantisation::NONE)?;
    let flags = u32::from(arg.minimum) | u32::from(arg.last) << 1;
    let attributes = vec![n, inner, flags];
    builder.push(Opcode::ArgMax, &node.name, vec![x], vec![out], attributes);
    Ok(())
}

pub(super) fn top_k(builder: &mut Builder<'_>, node: &Node, top: TopK) -> Result<()> {
    let x = builder.input(node, 0)?;
    let [n, inner] = around(builder, x, top.axis);
    let (dtype, quantisation) = quantisation_of(builder, x);
    let values = builder.arena(node.outputs[0], dtype, quantisation)?;
    let ids = builder.arena(node.outputs[1], DType::I32, Quantisation::NONE)?;
    let attributes = vec![n, inner, u32::from(!top.largest)];
    builder.push(
        Opcode::TopK,
        &node.name,
        vec![x],
        vec![values, ids],
        attributes,
    );
    Ok(())
}

pub(super) fn normalise(builder: &mut Builder<'_>, node: &Node, by: Normalise) -> Result<()> {
    let x = builder.input(node, 0)?;
    let n = builder.tensor(x).shape.last().map_or(1, |&n| n as u32);
    let out = builder.arena(node.outputs[0], DType::F32, Quantisation::NONE)?;
    // Bit 0: no mean is subtracted; bit 1: no division by n; bit 2: magnitudes instead of squares.
    let flags = match by.by {
        Norm::Deviation => 0b000,
        Norm::RootMeanSquare => 0b001,
        Norm::Euclidean => 0b011,
        Norm::Absolute => 0b111,
    };
    let attributes = vec![n, by.epsilon.to_bits(), flags];
    builder.push(
        Opcode::Normalise,
        &node.name,
        vec![x],
        vec![out],
        attributes,
    );
    Ok(())
}

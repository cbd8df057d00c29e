//! `Gather`: rows of a table by index: an embedding, or values computed before.

use super::builder::{Builder, Quantisation, missing};
use super::weights::{constant_f32, float_bytes, quantisation_of, representable, symmetric};
use crate::error::Result;
use crate::graph::{Dtype, Node};
use qibu::format::{DType, Opcode};

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, axis: usize) -> Result<()> {
    let ids = builder.input(node, 1)?;
    let source = node.input(0).ok_or_else(|| missing(node, 0))?;
    let shape = builder.graph.shape(source).to_vec();
    let embedding = builder
        .graph
        .constant(source)
        .is_some_and(|tensor| tensor.dtype() == Dtype::F32);
    let (table, dtype, quantisation) = if embedding {
        embedded(builder, node, &shape)?
    } else {
        let table = builder.input(node, 0)?;
        let (dtype, quantisation) = quantisation_of(builder, table);
        (table, dtype, quantisation)
    };
    let out = builder.arena(node.outputs[0], dtype, quantisation)?;
    let width: usize = shape[axis + 1..].iter().product();
    let attributes = vec![shape[axis] as u32, width as u32];
    builder.push(
        Opcode::Gather,
        &node.name,
        vec![table, ids],
        vec![out],
        attributes,
    );
    Ok(())
}

/// A constant table in the node's number format, and the type of its rows.
fn embedded(
    builder: &mut Builder<'_>,
    node: &Node,
    shape: &[usize],
) -> Result<(usize, DType, Quantisation)> {
    let table = constant_f32(builder, node, 0)?;
    let name = format!("{}.table", node.name);
    let format = builder.scheme(node).weights;
    representable(table, format)?;
    if builder.is_real(node) {
        let (dtype, bytes) = float_bytes(table, format);
        let id = builder.weights(&name, dtype, shape, 1.0, bytes)?;
        return Ok((id, DType::F32, Quantisation::NONE));
    }
    // One scale for the table: its rows become activations, which have one.
    let (scale, bytes) = symmetric(table);
    let id = builder.weights(&name, DType::I8, shape, scale, bytes)?;
    let zero_point = 0;
    Ok((id, DType::I8, Quantisation { scale, zero_point }))
}

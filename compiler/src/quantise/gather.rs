//! `Gather`: rows of an embedding table.

use super::builder::{Builder, Quantisation};
use super::scheme::Weights;
use super::weights::{constant_f32, float_bytes, representable, shape_of, symmetric};
use crate::error::Result;
use crate::graph::{Dtype, Graph, Node};
use qibu::format::{DType, Opcode};

/// Why the runtime has no form for it, if so.
pub(super) fn obstacle(graph: &Graph, node: &Node, axis: usize) -> Option<String> {
    let table = node.input(0)?;
    let shape = graph.shape(table);
    let constant = graph
        .constant(table)
        .is_some_and(|tensor| tensor.dtype() == Dtype::F32);
    let computed = node
        .input(1)
        .is_some_and(|ids| graph.constant(ids).is_none());
    let fits = constant && computed && axis == 0 && shape.len() == 2;
    (!fits).then(|| "only rows of a constant float matrix, by computed index, along axis 0".into())
}

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
    let ids = builder.input(node, 1)?;
    let table = constant_f32(builder, node, 0)?;
    representable(table, builder.scheme.weights)?;
    let shape = shape_of(builder, node, 0)?.to_vec();
    // Rows and their width: checked to be a matrix.
    let words = shape.iter().map(|&dim| dim as u32).collect();
    let name = format!("{}.table", node.name);
    let value = node.outputs[0];
    let (table, dtype, quantisation) = match builder.scheme.weights {
        Weights::Int8 => {
            // One scale for the table: its rows become activations, which have one.
            let (scale, bytes) = symmetric(table);
            let id = builder.weights(&name, DType::I8, &shape, scale, bytes)?;
            (
                id,
                DType::I8,
                Quantisation {
                    scale,
                    zero_point: 0,
                },
            )
        }
        weights => {
            let (dtype, bytes) = float_bytes(table, weights);
            let id = builder.weights(&name, dtype, &shape, 1.0, bytes)?;
            (id, DType::F32, Quantisation::NONE)
        }
    };
    let out = builder.arena(value, dtype, quantisation)?;
    builder.push(
        Opcode::Gather,
        &node.name,
        vec![table, ids],
        vec![out],
        words,
    );
    Ok(())
}

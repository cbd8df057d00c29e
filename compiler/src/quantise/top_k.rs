//! `TopKDense` and `TopKGroups`: the vocabulary projection, of which only the best candidates are kept, of
//! each row or of lists by tone and rhyme.

use super::builder::{Builder, Quantisation};
use super::weights::{self, quantisation_of};
use crate::error::{Error, Result};
use crate::graph::{Data, Node};
use crate::program::TensorId;
use crate::prosody;
use qibu::format::{DType, Opcode};

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, line: Option<usize>) -> Result<()> {
    let x = builder.input(node, 0)?;
    let matrix = weights::matrix(builder, node, x)?;
    let (scores, ids) = (node.outputs[0], node.outputs[1]);
    let mut inputs = vec![x, matrix.weights, matrix.bias];
    let (dtype, quantisation) = match &matrix.rows {
        None => (DType::F32, Quantisation::NONE),
        Some(rows) => {
            // Steps as fine as the widest row's accumulator: ranking loses nothing to rounding.
            let (_, x) = quantisation_of(builder, x);
            let scale = weights::least_scale(x, rows);
            let words = weights::scale_words(x, rows, scale);
            inputs.push(builder.parameters(
                &format!("{}.scale", node.name),
                DType::Scale,
                words,
            )?);
            (
                DType::I32,
                Quantisation {
                    scale,
                    zero_point: 0,
                },
            )
        }
    };
    let (mut opcode, mut attributes) = (Opcode::TopKDense, vec![]);
    if let Some(line) = line {
        inputs.push(groups(builder, node)?);
        (opcode, attributes) = (Opcode::TopKGroups, vec![line as u32]);
    }
    let ids = builder.arena(ids, DType::I32, Quantisation::NONE)?;
    let scores = builder.arena(scores, dtype, quantisation)?;
    builder.push(opcode, &node.name, inputs, vec![ids, scores], attributes);
    Ok(())
}

/// The codes of the entries, which programs find as a named table, too.
fn groups(builder: &mut Builder<'_>, node: &Node) -> Result<TensorId> {
    let groups = node.input(3).and_then(|id| builder.graph.constant(id));
    let Some(Data::I32(codes)) = groups.map(|groups| groups.data()) else {
        return Err(Error::input("groups must be a constant of i32").at_node(&node.name));
    };
    let bytes = codes.iter().flat_map(|&code| (code as u16).to_le_bytes());
    builder.shared_table(prosody::TABLE, DType::I16, &[codes.len()], bytes.collect())
}

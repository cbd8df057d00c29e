//! `TopKDense`: the vocabulary projection, of which only the best candidates are kept.

use super::builder::{Builder, Quantisation};
use super::scheme::Scheme;
use super::weights::{self, quantisation_of};
use crate::error::Result;
use crate::graph::{Graph, Node, Op, ValueId};
use qibu::format::{DType, Opcode};

/// Most candidates of a row in the runtime.
const MOST: usize = 256;

/// Why the runtime has no form for it, if so.
pub(super) fn obstacle(graph: &Graph, node: &Node, k: usize, scheme: Scheme) -> Option<String> {
    if k > MOST {
        return Some(format!("the best {k}, at most {MOST}"));
    }
    // 32-bit scores leave the function; no integer kernel reads them.
    if !scheme.is_float() && is_calculated_with(graph, node.outputs[0]) {
        return Some("its scores are calculated with, which takes --weights f16 or f32".into());
    }
    weights::obstacle(graph, node, scheme)
}

/// Whether a node other than a view or a permutation reads `value`, at once or through those.
fn is_calculated_with(graph: &Graph, value: ValueId) -> bool {
    let mut readers = graph
        .consumers(value)
        .into_iter()
        .map(|index| &graph.nodes[index]);
    readers.any(|reader| match reader.op {
        Op::Reshape { .. } | Op::Transpose { .. } => is_calculated_with(graph, reader.outputs[0]),
        _ => true,
    })
}

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, _k: usize) -> Result<()> {
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
    let ids = builder.arena(ids, DType::I32, Quantisation::NONE)?;
    let scores = builder.arena(scores, dtype, quantisation)?;
    builder.push(
        Opcode::TopKDense,
        &node.name,
        inputs,
        vec![ids, scores],
        vec![],
    );
    Ok(())
}

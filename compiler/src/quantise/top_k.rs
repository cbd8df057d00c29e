//! `TopKDense`: the vocabulary projection, of which only the best candidates are kept.

use super::builder::{Builder, Quantisation};
use super::weights::{self, quantisation_of};
use crate::error::Result;
use crate::graph::Node;
use qibu::format::{DType, Opcode};

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
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

//! `Dense`: rows against rows of constant weights.

use super::builder::{Builder, Quantisation};
use super::weights::{self, Matrix, clamp_words, quantisation_of};
use crate::error::Result;
use crate::graph::{Clamp, Node};
use crate::program::TensorId;
use qibu::format::{DType, Opcode};

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, clamp: Option<Clamp>) -> Result<()> {
    let x = builder.input(node, 0)?;
    let matrix = weights::matrix(builder, node, x)?;
    let (out, inputs) = output(builder, node, x, &matrix)?;
    let (dtype, quantisation) = quantisation_of(builder, out);
    let attributes = clamp_words(clamp, dtype, quantisation).to_vec();
    builder.push(Opcode::Dense, &node.name, inputs, vec![out], attributes);
    Ok(())
}

/// The output of a matrix operator and its operands in the file, scale words included.
///
/// What only the caller reads stays at 32 bits, so that it is rounded once.
pub(super) fn output(
    builder: &mut Builder<'_>,
    node: &Node,
    x: TensorId,
    matrix: &Matrix,
) -> Result<(TensorId, Vec<TensorId>)> {
    let value = node.outputs[0];
    let mut inputs = vec![x, matrix.weights, matrix.bias];
    let Some(rows) = &matrix.rows else {
        let out = builder.arena(value, DType::F32, Quantisation::NONE)?;
        return Ok((out, inputs));
    };
    let (_, x_quantisation) = quantisation_of(builder, x);
    let least = weights::least_scale(x_quantisation, rows);
    let (dtype, quantisation) = if builder.is_result(value) {
        (
            DType::I32,
            Quantisation {
                scale: least,
                zero_point: 0,
            },
        )
    } else {
        let dtype = builder.type_of(value);
        (dtype, builder.calibrated(value, dtype, least))
    };
    let words = weights::scale_words(x_quantisation, rows, quantisation.scale);
    inputs.push(builder.parameters(&format!("{}.scale", node.name), DType::Scale, words)?);
    let out = builder.arena(value, dtype, quantisation)?;
    Ok((out, inputs))
}

//! `Gather`: rows of a table by index: an embedding, or values computed before.

use super::builder::{Builder, Quantisation, missing};
use super::scheme::Weights;
use super::weights::{
    constant_f32, float_bytes, packed_rows, quantisation_of, representable, symmetric,
};
use crate::error::Result;
use crate::graph::{Dtype, Graph, Node};
use qibu::format::{DType, Opcode, nibble};
use qibu::math::max;
use qibu::rounding::quantise;

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, axis: usize) -> Result<()> {
    let ids = builder.input(node, 1)?;
    let source = node.input(0).ok_or_else(|| missing(node, 0))?;
    let shape = builder.graph.shape(source).to_vec();
    let embedding = builder
        .graph
        .constant(source)
        .is_some_and(|tensor| tensor.dtype() == Dtype::F32);
    let (table, dtype, quantisation) = if embedding {
        embedded(builder, node, axis, &shape)?
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

/// Whether 4 bits can hold the table: rows of the first axis, of constant real numbers.
pub(super) fn packs(graph: &Graph, node: &Node, axis: usize) -> bool {
    let table = node.input(0).and_then(|table| graph.constant(table));
    table.is_some_and(|table| table.dtype() == Dtype::F32 && axis == 0)
}

/// A constant table in the node's number format, and the type of its rows.
fn embedded(
    builder: &mut Builder<'_>,
    node: &Node,
    axis: usize,
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
    let zero_point = 0;
    if format == Weights::Int4 && packs(builder.graph, node, axis) {
        let (scale, integers) = fitted(table);
        let bytes = packed_rows(&integers, shape[0]);
        let id = builder.weights(&name, DType::I4, shape, scale, bytes)?;
        // The kernel multiplies by sixteen.
        let scale = scale / 16.0;
        return Ok((id, DType::I8, Quantisation { scale, zero_point }));
    }
    // One scale for the table: its rows become activations, which have one.
    let (scale, bytes) = symmetric(table);
    let id = builder.weights(&name, DType::I8, shape, scale, bytes)?;
    Ok((id, DType::I8, Quantisation { scale, zero_point }))
}

/// Steps that [`fitted`] tries, in parts of the one that clips nothing.
const PARTS: std::ops::RangeInclusive<u32> = 10..=64;

/// One scale for all of `values`, the one of many with the least squared error, and their 4-bit
/// integers. What lies beyond the range is clipped: the steps of all the others are finer for it.
fn fitted(values: &[f32]) -> (f32, Vec<u8>) {
    let (low, high) = (i32::from(nibble::RANGE.0), i32::from(nibble::RANGE.1));
    let largest = values.iter().fold(0.0f32, |most, &x| max(most, x.abs()));
    let widest = max(largest / high as f32, 1e-12);
    let error = |scale: f32| -> f64 {
        let missed = values.iter().map(|&x| {
            let q = quantise(x, scale, 0, low, high);
            f64::from(x) - f64::from(q) * f64::from(scale)
        });
        missed.map(|missed| missed * missed).sum()
    };
    let mut best = (widest, error(widest));
    for part in PARTS.rev() {
        let scale = widest * part as f32 / *PARTS.end() as f32;
        let error = error(scale);
        if error < best.1 {
            best = (scale, error);
        }
    }
    let integers = values.iter().map(|&x| quantise(x, best.0, 0, low, high));
    (best.0, integers.map(|q| q as i8 as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::fitted;
    use qibu::random::Random;

    #[test]
    fn clipping_pays_where_few_are_large() {
        let mut random = Random::new(3);
        let mut values: Vec<f32> = (0..2000).map(|_| 0.1 * random.gaussian()).collect();
        values.push(2.0);
        let (scale, integers) = fitted(&values);
        assert!((0.02..0.2).contains(&scale), "{scale}");
        assert_eq!(integers.last(), Some(&7));
        let error = |scale: f32| -> f64 {
            let missed = values.iter().map(|&x| {
                let q = (x / scale).round().clamp(-8.0, 7.0);
                f64::from(x - q * scale)
            });
            missed.map(|missed| missed * missed).sum()
        };
        for tried in [0.02f32, 0.03, 0.05, 0.08, 0.12, 0.2, 0.28] {
            assert!(error(scale) <= error(tried) * 1.02, "{scale} {tried}");
        }
    }

    #[test]
    fn tables_of_zeros_and_of_few_steps_keep_their_numbers() {
        assert_eq!(fitted(&[0.0; 3]).1, [0; 3]);
        let (scale, integers) = fitted(&[0.7, -0.3, 0.1]);
        assert_eq!(integers, [7, -3i8 as u8, 1]);
        assert!((scale - 0.1).abs() < 1e-6);
    }
}

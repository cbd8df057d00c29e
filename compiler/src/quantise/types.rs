//! Which integer type each value is stored in.
//!
//! int16 wherever it is asked for and possible. A value and its views are the same bytes and share
//! one type; a reader that needs int8 decides for all of them.

use super::scheme::{Activations, Scheme};
use crate::graph::{Graph, Node, Op, ValueId};
use qibu::format::DType;
use std::collections::BTreeMap;

/// Longest dot product over int16 activations: K · 2¹⁵ · 2⁷ < 2³¹ for K < 512, of which an eighth
/// is left for the bias. Beside a bias without room the weights would lose their precision.
pub(super) const MAX_INT16_PRODUCTS: usize = 448;

/// Type of every float value of the graph under `scheme`.
pub(super) fn assign(graph: &Graph, scheme: Scheme) -> BTreeMap<ValueId, DType> {
    let wanted = match (scheme.is_float(), scheme.activations) {
        (true, _) => DType::F32,
        (false, Activations::Int8) => DType::I8,
        (false, Activations::Int16) => DType::I16,
    };
    let mut types: BTreeMap<ValueId, DType> = (0..graph.values.len())
        .map(|index| (ValueId(index), wanted))
        .collect();
    if wanted != DType::I16 {
        return types;
    }
    for node in &graph.nodes {
        for value in narrow_operands(graph, node) {
            types.insert(value, DType::I8);
        }
    }
    // Views and permutations in both directions until nothing changes: at most one round per node.
    for _ in 0..graph.nodes.len() {
        let mut changed = false;
        for node in &graph.nodes {
            if let (Op::Reshape { .. } | Op::Transpose { .. }, Some(input)) =
                (&node.op, node.input(0))
            {
                let output = node.outputs[0];
                if types[&input] != types[&output] {
                    types.insert(input, DType::I8);
                    types.insert(output, DType::I8);
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    types
}

/// Operands and results of `node` that must be int8.
fn narrow_operands(graph: &Graph, node: &Node) -> Vec<ValueId> {
    match &node.op {
        Op::Dense { .. } | Op::TopKDense { .. } | Op::ConvNhwc { .. } => {
            let products = node
                .input(1)
                .map_or(0, |w| graph.shape(w)[1..].iter().product());
            if products > MAX_INT16_PRODUCTS {
                node.input(0).into_iter().collect()
            } else {
                Vec::new()
            }
        }
        // Tables have 256 entries.
        Op::Unary(_) => node
            .input(0)
            .into_iter()
            .chain(node.outputs.iter().copied())
            .collect(),
        // Rows of an int8 table.
        Op::Gather { .. } => node.outputs.clone(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

//! Which integer type each value is stored in.
//!
//! int16 wherever it is asked for and possible. A value, its views and whatever only moves its
//! elements share one type; a reader that needs int8 decides for all of them.

use super::scheme::{Activations, Formats, Scheme};
use crate::graph::{Graph, Node, Op, ReduceKind, ValueId};
use qibu::format::DType;
use std::collections::BTreeMap;

/// Longest dot product over int16 activations: K · 2¹⁵ · 2⁷ < 2³¹ for K < 512, of which an eighth
/// is left for the bias. Beside a bias without room the weights would lose their precision.
pub(super) const MAX_INT16_PRODUCTS: usize = 448;

/// Integer type of every float value of the graph under `formats`: what it is stored in where an
/// integer operator computes it, and converted to where one reads it.
pub(super) fn assign(graph: &Graph, formats: &Formats) -> BTreeMap<ValueId, DType> {
    let wanted = |scheme: Scheme| match scheme.activations {
        Activations::Int8 => DType::I8,
        Activations::Int16 => DType::I16,
    };
    let mut types: BTreeMap<ValueId, DType> = (0..graph.values.len())
        .map(|index| (ValueId(index), wanted(formats.default)))
        .collect();
    for node in &graph.nodes {
        for &output in &node.outputs {
            types.insert(output, wanted(formats.of(node)));
        }
    }
    if types.values().all(|&dtype| dtype == DType::I8) {
        return types;
    }
    for node in &graph.nodes {
        for value in narrow_operands(graph, node) {
            types.insert(value, DType::I8);
        }
    }
    // In both directions until nothing changes: at most one round per node.
    for _ in 0..graph.nodes.len() {
        let mut changed = false;
        for node in graph.nodes.iter().filter(|node| keeps_type(&node.op)) {
            let ends = node.inputs.iter().flatten().take(match node.op {
                Op::Concat { .. } => usize::MAX,
                _ => 1,
            });
            let ends: Vec<ValueId> = ends.chain(&node.outputs).copied().collect();
            let narrow = ends.iter().any(|id| types[id] == DType::I8);
            if narrow && ends.iter().any(|id| types[id] != DType::I8) {
                types.extend(ends.iter().map(|&id| (id, DType::I8)));
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    types
}

/// Whether the results have the type of the first operand, of all operands for a Concat.
fn keeps_type(op: &Op) -> bool {
    matches!(
        op,
        Op::Reshape { .. }
            | Op::Transpose { .. }
            | Op::Slice { .. }
            | Op::Split { .. }
            | Op::Expand { .. }
            | Op::Pad(_)
            | Op::Concat { .. }
            | Op::TopK(_)
            | Op::PoolNhwc(_)
            | Op::Reduce {
                kind: ReduceKind::Max | ReduceKind::Min,
                ..
            }
    )
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
        // Products of two activations are int8.
        Op::Products => node.inputs.iter().flatten().copied().collect(),
        // Tables have 256 entries; grids of the model are int8.
        Op::Unary(_) | Op::ToGrid(..) | Op::Snap(_) => node
            .input(0)
            .into_iter()
            .chain(node.outputs.iter().copied())
            .collect(),
        Op::FromGrid(_) => node.outputs.clone(),
        // Rows of an int8 table.
        Op::Gather { .. } => {
            let computed = node.input(0).filter(|&id| graph.constant(id).is_none());
            computed.into_iter().chain(node.outputs.clone()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

//! `qibu.weights`: how single initialisers are stored where the file's default is another.
//!
//! ```text
//! for each name and format:
//!     the constant that simplification has made of the initialiser keeps its name
//!     for each step that has it as its weights: that step's weights are in the format
//! ```
//!
//! It refines files of integers. `--weights f16` and `f32` are for all layers, and the search of
//! `--max-flash` and its like chooses for itself.

use super::gather;
use super::scheme::{Formats, Scheme, Weights};
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, Op};

/// Formats of all layers under `scheme`.
///
/// # Errors
/// An initialiser is no operator's weights any more, or its operator does not take the format.
pub fn formats(graph: &Graph, scheme: Scheme) -> Result<Formats> {
    let mut formats = Formats::from(scheme);
    if scheme.is_float() {
        return Ok(formats);
    }
    for (name, &weights) in &graph.metadata.weights {
        let fault = |why: &str| Error::input(format!("qibu.weights: `{name}` {why}"));
        let constant = graph.find(name).filter(|&id| graph.constant(id).is_some());
        let readers = constant.map_or_else(Vec::new, |id| graph.consumers(id));
        let mut found = false;
        for node in readers.iter().map(|&index| &graph.nodes[index]) {
            let as_weights = operand(node).is_some_and(|index| node.input(index) == constant);
            if !as_weights {
                continue;
            }
            found = true;
            if weights == Weights::Int4 && !packs(graph, node) {
                return Err(
                    fault(&format!("cannot be int4 in {} `{}`", node.op, node.name))
                        .hint("tables are looked up along their first axis to be stored in 4 bits"),
                );
            }
            if weights != scheme.weights {
                let own = Scheme { weights, ..scheme };
                formats.layers.insert(node.outputs[0], own);
            }
        }
        if !found {
            return Err(fault(
                "is no weights of a layer: it is a bias, or folded into other constants",
            )
            .hint("name the weights of a Conv, Gemm or MatMul, or the table of a Gather"));
        }
    }
    Ok(formats)
}

/// Which operand of `node` holds its weights, if any does.
fn operand(node: &Node) -> Option<usize> {
    match node.op {
        Op::Dense { .. } | Op::ConvNhwc { .. } | Op::TopKDense { .. } => Some(1),
        Op::Gather { .. } => Some(0),
        _ => None,
    }
}

/// Constant weights of `node`, by operand.
pub(crate) fn weights_of(graph: &Graph, node: &Node) -> Option<crate::graph::ValueId> {
    let weights = node.input(operand(node)?)?;
    graph.constant(weights).map(|_| weights)
}

/// Whether the kernel of `node` takes 4-bit weights.
pub(crate) fn packs(graph: &Graph, node: &Node) -> bool {
    match node.op {
        Op::Gather { axis } => gather::packs(graph, node, axis),
        _ => operand(node).is_some(),
    }
}

#[cfg(test)]
mod tests;

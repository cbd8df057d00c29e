//! Which nodes compute in integers and which in real numbers, and so how each value is stored.
//!
//! ```text
//! for each node in order:
//!     real where its formats say so, where the runtime has no integer form of it,
//!     and where it works element by element, or only moves elements, and its operands are real
//! for each node from the last on:
//!     real where it works element by element and all its readers are real
//! ```
//!
//! A value is stored as its producer makes it. A reader of the other kind converts it by a step of
//! its own, made once for all such readers.

use super::scheme::{Activations, Formats};
use super::{grid_input, to_grid};
use crate::graph::{Binary, Dtype, Graph, Node, Op, ReduceKind, ValueId};
use std::collections::BTreeSet;

/// Longest dot product of two int8 activations: K · 255 · 255 < 2³¹.
const MAX_PRODUCTS: usize = (1 << 31) / (255 * 255);

/// How an operator chooses between integers and real numbers.
enum Form {
    /// Integers wherever the formats allow.
    Integer,
    /// Real numbers always.
    Real,
    /// As its operands are stored.
    Follows,
}

fn form(graph: &Graph, node: &Node, formats: &Formats) -> Form {
    match &node.op {
        Op::Reshape { .. }
        | Op::Transpose { .. }
        | Op::Slice { .. }
        | Op::Split { .. }
        | Op::Expand { .. }
        | Op::Identity
        | Op::Clip(_)
        | Op::Snap(_)
        | Op::TopK(_)
        | Op::PoolNhwc(_)
        | Op::ArgMax(_) => Form::Follows,
        Op::Gather { .. } => match node.input(0).and_then(|table| graph.constant(table)) {
            Some(_) => Form::Integer,
            None => Form::Follows,
        },
        Op::Pad(pad) if pad.value == 0.0 => Form::Follows,
        // No scale covers an infinity, as masks have them.
        Op::Binary(Binary::Add | Binary::Mul) if !is_finite(graph, node) => Form::Real,
        Op::Unary(_) | Op::Binary(Binary::Add | Binary::Mul) => Form::Follows,
        Op::Reduce { kind, .. } => match kind {
            ReduceKind::Mean | ReduceKind::Max | ReduceKind::Min => Form::Follows,
            ReduceKind::Sum | ReduceKind::Product => Form::Real,
        },
        Op::Dense { .. }
        | Op::ConvNhwc { .. }
        | Op::TopKDense { .. }
        | Op::Gate
        | Op::Concat { .. } => Form::Integer,
        Op::Products => {
            let terms = node.input(0).and_then(|a| graph.shape(a).last().copied());
            let narrow = formats.of(node).activations == Activations::Int8;
            match terms {
                Some(terms) if narrow && terms < MAX_PRODUCTS => Form::Integer,
                _ => Form::Real,
            }
        }
        Op::ToGrid(..) => match to_grid::leaving(graph, node) {
            Some(_) => Form::Follows,
            None => Form::Real,
        },
        // Elsewhere than at an int8 input it is an operator of real numbers.
        Op::FromGrid(_) => match node.input(0).map(|x| grid_input::of(graph, formats, x)) {
            Some(Some(_)) => Form::Integer,
            _ => Form::Real,
        },
        _ => Form::Real,
    }
}

/// What [`split`] found.
#[derive(Clone, Debug, Default)]
pub(super) struct Reals {
    /// First results of the nodes that compute in real numbers.
    nodes: BTreeSet<ValueId>,
    /// Float values that are stored as f32.
    values: BTreeSet<ValueId>,
}

impl Reals {
    /// Whether a node computes in real numbers.
    pub fn computes(&self, node: &Node) -> bool {
        self.nodes.contains(&node.outputs[0])
    }

    /// Whether a value is stored as f32.
    pub fn stores(&self, value: ValueId) -> bool {
        self.values.contains(&value)
    }
}

/// Divides the nodes of `graph`.
pub(super) fn split(graph: &Graph, formats: &Formats) -> Reals {
    let mut reals = Reals::default();
    for &input in &graph.inputs {
        // An input that no integer operator reads stays as the caller gives it.
        let readers = graph.consumers(input);
        let mut readers = readers.iter().map(|&index| &graph.nodes[index]);
        let real = |node: &Node| {
            formats.of(node).is_float() || matches!(form(graph, node, formats), Form::Real)
        };
        if readers.all(real) {
            reals.values.insert(input);
        }
    }
    for node in &graph.nodes {
        let real = formats.of(node).is_float()
            || match form(graph, node, formats) {
                Form::Integer => false,
                Form::Real => true,
                Form::Follows => follows_reals(graph, node, &reals),
            };
        if !real {
            continue;
        }
        reals.nodes.insert(node.outputs[0]);
        let floats = node.outputs.iter();
        let floats = floats.filter(|&&id| graph.value(id).dtype == Dtype::F32);
        reals.values.extend(floats.copied());
    }
    precede_reals(graph, &mut reals);
    reals
}

/// Nodes that work element by element for readers that all compute in real numbers do so as well:
/// what would be rounded to 8 bits in between is not. So a mask of large numbers in front of a Softmax
/// takes no precision from the scores that it is added to.
fn precede_reals(graph: &Graph, reals: &mut Reals) {
    for node in graph.nodes.iter().rev() {
        let output = node.outputs[0];
        let elementwise = matches!(node.op, Op::Unary(_) | Op::Binary(_));
        if !elementwise || reals.computes(node) || graph.is_output(output) {
            continue;
        }
        let readers = graph.consumers(output);
        let real = |&index: &usize| reals.computes(&graph.nodes[index]);
        if !readers.is_empty() && readers.iter().all(real) {
            reals.nodes.insert(output);
            reals.values.insert(output);
        }
    }
}

/// Whether all float constants that a node reads are finite.
fn is_finite(graph: &Graph, node: &Node) -> bool {
    let constants = node.inputs.iter().flatten();
    let mut constants = constants.filter_map(|&id| graph.constant(id)?.as_f32());
    constants.all(|values| values.iter().all(|value| value.is_finite()))
}

/// Whether all float operands that a node computes with at run time are stored as f32.
fn follows_reals(graph: &Graph, node: &Node, reals: &Reals) -> bool {
    let operands = node.inputs.iter().flatten().copied();
    let mut floats =
        operands.filter(|&id| graph.constant(id).is_none() && graph.value(id).dtype == Dtype::F32);
    floats.all(|id| reals.stores(id))
}

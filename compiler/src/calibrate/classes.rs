//! Which activations can be scaled channel by channel without changing what the network computes.
//!
//! A matrix operator takes any factor on its output channels into its rows and bias, and the inverse
//! of any factor on its input channels into its columns. What lies between two of them lets factors
//! through if it works on each channel alone and is homogeneous:
//!
//! ```text
//! a class = values joined by sums of two activations, pools, Relu, reshapes that keep the channels
//! a class is free unless one of its values is an input, an output, made or read by anything else
//! ```

use crate::graph::{Binary, Clamp, Graph, Node, Op, ReduceKind, ValueId};
use std::collections::BTreeMap;

/// Values that share one factor per channel, and the operators around them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Class {
    /// Its values, in ascending order.
    pub values: Vec<ValueId>,
    /// Indices of the nodes whose rows make them.
    pub producers: Vec<usize>,
    /// Indices of the nodes whose columns read them.
    pub consumers: Vec<usize>,
    /// Length of their last axis.
    pub channels: usize,
}

/// The free classes that some matrix operator reads.
pub(super) fn find(graph: &Graph) -> Vec<Class> {
    let mut joined: Vec<usize> = (0..graph.values.len()).collect();
    let mut blocked = vec![false; graph.values.len()];
    let constant = |id: &ValueId| graph.constant(*id).is_some();
    for id in graph.inputs.iter().chain(&graph.all_outputs()) {
        blocked[id.0] = true;
    }
    for node in &graph.nodes {
        let values = node.inputs.iter().flatten().chain(&node.outputs);
        let values: Vec<ValueId> = values.copied().filter(|id| !constant(id)).collect();
        if lets_through(graph, node) {
            for pair in values.windows(2) {
                join(&mut joined, pair[0].0, pair[1].0);
            }
        } else if let Some(clamp) = scalable(graph, node) {
            if !homogeneous(clamp) {
                blocked[node.outputs[0].0] = true;
            }
        } else {
            for id in values {
                blocked[id.0] = true;
            }
        }
    }
    let mut classes: BTreeMap<usize, Class> = BTreeMap::new();
    let mut refused = Vec::new();
    for (index, &blocked) in blocked.iter().enumerate() {
        let root = root(&mut joined, index);
        if blocked {
            refused.push(root);
        }
        let class = classes.entry(root).or_default();
        class.values.push(ValueId(index));
        class.channels = graph.values[index].shape.last().copied().unwrap_or(0);
    }
    for root in refused {
        classes.remove(&root);
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        if scalable(graph, node).is_none() {
            continue;
        }
        if let Some(class) = classes.get_mut(&root(&mut joined, node.outputs[0].0)) {
            class.producers.push(index);
        }
        let input = node.input(0).map(|id| root(&mut joined, id.0));
        if let Some(class) = input.and_then(|root| classes.get_mut(&root)) {
            class.consumers.push(index);
        }
    }
    let useful = |class: &Class| !class.producers.is_empty() && !class.consumers.is_empty();
    classes.into_values().filter(useful).collect()
}

/// The limits of a matrix operator whose rows and columns may be scaled: no other node shares its
/// weights.
fn scalable(graph: &Graph, node: &Node) -> Option<Option<Clamp>> {
    let clamp = match &node.op {
        Op::Dense { clamp } | Op::ConvNhwc { clamp, .. } => *clamp,
        _ => return None,
    };
    let weights = node.input(1)?;
    graph.constant(weights)?.as_f32()?;
    if let Some(bias) = node.input(2) {
        graph.constant(bias)?.as_f32()?;
    }
    let alone = graph.consumers(weights).len() == 1 && !graph.is_output(weights);
    alone.then_some(clamp)
}

/// Whether limits scale with the value.
fn homogeneous(clamp: Option<Clamp>) -> bool {
    clamp.is_none_or(|clamp| {
        (clamp.low == 0.0 || clamp.low == f32::NEG_INFINITY) && clamp.high == f32::INFINITY
    })
}

/// Whether factors on the channels of the operands come out as the same factors on the result's.
fn lets_through(graph: &Graph, node: &Node) -> bool {
    let channels = |id: ValueId| graph.shape(id).last().copied();
    let (Some(x), out) = (node.input(0), node.outputs[0]) else {
        return false;
    };
    let kept = channels(x).is_some() && channels(x) == channels(out);
    let last = graph.shape(x).len().wrapping_sub(1);
    kept && match &node.op {
        Op::Binary(Binary::Add | Binary::Sub) => node
            .inputs
            .iter()
            .flatten()
            .all(|&id| graph.constant(id).is_none() && graph.shape(id) == graph.shape(out)),
        Op::Clip(clamp) => homogeneous(Some(*clamp)),
        Op::PoolNhwc(_) | Op::Identity | Op::Reshape { .. } => true,
        Op::Reduce { kind, axes, .. } => {
            let kept = matches!(kind, ReduceKind::Mean | ReduceKind::Max | ReduceKind::Min);
            kept && !axes.contains(&last)
        }
        Op::Pad(pad) => {
            let inner = pad.before.last() == Some(&0)
                && pad.after.last() == Some(&0)
                && pad.step.last() == Some(&1);
            inner && pad.value == 0.0
        }
        _ => false,
    }
}

fn root(joined: &mut [usize], mut index: usize) -> usize {
    while joined[index] != index {
        joined[index] = joined[joined[index]];
        index = joined[index];
    }
    index
}

/// The lower index becomes the root.
fn join(joined: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(joined, a), root(joined, b));
    joined[a.max(b)] = a.min(b);
}

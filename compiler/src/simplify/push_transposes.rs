//! Transposes move towards the outputs, meet their inverses on the way, and vanish.
//!
//! Before: `t = Transpose(x)`, `y = Relu(t)`. After: `s = Relu(x)`, `y = Transpose(s)`.
//! Before: `t = Transpose[0,2,1](x)`, `y = Transpose[0,2,1](t)`. After: `y = Transpose[0,1,2](x)`,
//! which `drop_identity` removes. An operator of several operands is passed where more of them
//! are transposed alike than would have to be transposed back: so no two pushes undo each other.

mod axes;
#[cfg(test)]
mod tests;
mod units;

use super::permutation::{self, inverse, is_identity, moves_only_units};
use crate::error::Result;
use crate::graph::{Graph, Node, Op, ValueId};
use std::collections::BTreeMap;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = graph.nodes[index].clone();
        changed |= match &node.op {
            Op::Transpose { permutation } => merge(graph, &producers, index, permutation),
            Op::Reshape { .. } => units::push(graph, &producers, index)?,
            _ => push(graph, &producers, index, &node)?,
        };
    }
    Ok(changed)
}

type Producers = BTreeMap<ValueId, usize>;

/// What a transpose that produces `id` reads, and how it turns it.
fn turned(graph: &Graph, producers: &Producers, id: ValueId) -> Option<(ValueId, Vec<usize>)> {
    let node = &graph.nodes[*producers.get(&id)?];
    // A node with several results, once passed, is the transpose of the first alone.
    if !node.outputs.contains(&id) {
        return None;
    }
    match &node.op {
        Op::Transpose { permutation } if !is_identity(permutation) => {
            Some((node.input(0)?, permutation.clone()))
        }
        _ => None,
    }
}

/// Two transposes in a row are one.
fn merge(graph: &mut Graph, producers: &Producers, index: usize, second: &[usize]) -> bool {
    let x = graph.nodes[index].input(0);
    let Some((source, first)) = x.and_then(|x| turned(graph, producers, x)) else {
        return false;
    };
    graph.nodes[index].op = Op::Transpose {
        permutation: permutation::then(&first, second),
    };
    graph.nodes[index].inputs = vec![Some(source)];
    true
}

/// Moves a transpose from the operands of a node to its results.
fn push(graph: &mut Graph, producers: &Producers, index: usize, node: &Node) -> Result<bool> {
    let operands: Vec<ValueId> = node.inputs.iter().flatten().copied().collect();
    let Some(permutation) = operands
        .iter()
        .filter_map(|&id| turned(graph, producers, id))
        .map(|(_, permutation)| permutation)
        .find(|permutation| worth_it(graph, producers, &operands, permutation))
    else {
        return Ok(false);
    };
    let Some((op, result)) = axes::moved(&node.op, &permutation) else {
        return Ok(false);
    };
    let mut inputs = Vec::new();
    for &id in &operands {
        inputs.push(Some(operand(graph, producers, node, id, &permutation)?));
    }
    let sources = graph.apply(op, &inputs, &node.name)?;
    // The node itself becomes the transpose, so that the next one sees it in the same sweep.
    for (position, (&output, source)) in node.outputs.iter().zip(sources).enumerate() {
        let turn_back = Node {
            name: node.name.clone(),
            op: Op::Transpose {
                permutation: result.clone(),
            },
            inputs: vec![Some(source)],
            outputs: vec![output],
        };
        match position {
            0 => graph.nodes[index] = turn_back,
            _ => graph.nodes.push(turn_back),
        }
    }
    Ok(true)
}

/// Whether more operands lose this transpose than run-time operands would gain one.
fn worth_it(graph: &Graph, producers: &Producers, operands: &[ValueId], turn: &[usize]) -> bool {
    let rank = turn.len();
    let alike = |id: &&ValueId| {
        turned(graph, producers, **id).is_some_and(|(_, permutation)| permutation == turn)
    };
    let gains = |id: &&ValueId| {
        let shape = graph.shape(**id);
        graph.constant(**id).is_none() && !moves_only_units(&inverse(turn), &padded(shape, rank))
    };
    let fits = operands.iter().all(|&id| graph.shape(id).len() <= rank);
    let lost = operands.iter().filter(alike).count();
    let gained = operands.iter().filter(|id| !alike(id) && gains(id)).count();
    fits && lost > gained
}

/// A shape with leading axes of length 1 up to `rank`, as broadcasting sees it.
fn padded(shape: &[usize], rank: usize) -> Vec<usize> {
    let mut padded = vec![1; rank.saturating_sub(shape.len())];
    padded.extend(shape);
    padded
}

/// An operand as it is before the transpose.
fn operand(
    graph: &mut Graph,
    producers: &Producers,
    node: &Node,
    id: ValueId,
    turn: &[usize],
) -> Result<ValueId> {
    match turned(graph, producers, id) {
        Some((source, permutation)) if permutation == turn => return Ok(source),
        _ => {}
    }
    let mut id = id;
    let shape = graph.shape(id).to_vec();
    if shape.iter().all(|&dim| dim == 1) && shape.len() < turn.len() {
        return Ok(id);
    }
    if shape.len() < turn.len() {
        let shape = padded(&shape, turn.len());
        id = graph.apply_one(Op::Reshape { shape }, &[Some(id)], &node.name)?;
    }
    let permutation = inverse(turn);
    graph.apply_one(Op::Transpose { permutation }, &[Some(id)], &node.name)
}

//! Gradients of sums and means; both keep the reduced axes as ones.

use super::super::graph::{Graph, Node, V};
use super::only;

/// Every summand gets the gradient of the sum.
pub fn sum(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Vec<Option<V>> {
    let shape = graph.shape(node.inputs[0]).to_vec();
    vec![Some(graph.expand(only(incoming), &shape)), None]
}

/// Every element gets its share of the gradient.
pub fn mean(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Vec<Option<V>> {
    let shape = graph.shape(node.inputs[0]).to_vec();
    let size = |shape: &[usize]| shape.iter().product::<usize>();
    let count = size(&shape) / size(graph.shape(node.outputs[0]));
    let share = graph.scale(only(incoming), 1.0 / count as f32);
    vec![Some(graph.expand(share, &shape)), None]
}

/// Nothing flows back through a detached value.
pub fn detached(_: &mut Graph, _: &Node, _: &[Option<V>], _: &[bool]) -> Vec<Option<V>> {
    vec![None]
}

//! Gradients of elementwise operators.

use super::super::graph::{Graph, Node, V};
use super::only;

type Gradients = Vec<Option<V>>;

/// Sums `gradient` over the axes along which an operand of `shape` was repeated.
fn unbroadcast(graph: &mut Graph, gradient: V, operand: V) -> V {
    let shape = graph.shape(operand).to_vec();
    let full = graph.shape(gradient).to_vec();
    if shape == full {
        return gradient;
    }
    let missing = full.len() - shape.len();
    let axes: Vec<usize> = (0..full.len())
        .filter(|&axis| full[axis] != 1 && (axis < missing || shape[axis - missing] == 1))
        .collect();
    let summed = match axes.is_empty() {
        true => gradient,
        false => graph.sum(gradient, &axes),
    };
    graph.reshape(summed, &shape)
}

/// `d(a+b) = g, g`.
pub fn add(graph: &mut Graph, node: &Node, incoming: &[Option<V>], asked: &[bool]) -> Gradients {
    let g = only(incoming);
    (0..2)
        .map(|side| asked[side].then(|| unbroadcast(graph, g, node.inputs[side])))
        .collect()
}

/// `d(a−b) = g, −g`.
pub fn sub(graph: &mut Graph, node: &Node, incoming: &[Option<V>], asked: &[bool]) -> Gradients {
    let g = only(incoming);
    let left = asked[0].then(|| unbroadcast(graph, g, node.inputs[0]));
    let right = asked[1].then(|| {
        let summed = unbroadcast(graph, g, node.inputs[1]);
        graph.neg(summed)
    });
    vec![left, right]
}

/// `d(a·b) = g·b, g·a`.
pub fn mul(graph: &mut Graph, node: &Node, incoming: &[Option<V>], asked: &[bool]) -> Gradients {
    let g = only(incoming);
    (0..2)
        .map(|side| {
            asked[side].then(|| {
                let product = graph.mul(g, node.inputs[1 - side]);
                unbroadcast(graph, product, node.inputs[side])
            })
        })
        .collect()
}

/// `d(a/b) = g/b, −(g/b)·y`, `y` being the quotient.
pub fn div(graph: &mut Graph, node: &Node, incoming: &[Option<V>], asked: &[bool]) -> Gradients {
    let quotient = graph.div(only(incoming), node.inputs[1]);
    let left = asked[0].then(|| unbroadcast(graph, quotient, node.inputs[0]));
    let right = asked[1].then(|| {
        let product = graph.mul(quotient, node.outputs[0]);
        let summed = unbroadcast(graph, product, node.inputs[1]);
        graph.neg(summed)
    });
    vec![left, right]
}

/// `d max(a,b)`: to the larger; ties go to `b`, as in a floor `max(x, floor)`.
pub fn max(graph: &mut Graph, node: &Node, incoming: &[Option<V>], asked: &[bool]) -> Gradients {
    let g = only(incoming);
    let mask = graph.greater(node.inputs[0], node.inputs[1]);
    let masked = graph.mul(g, mask);
    let left = asked[0].then(|| unbroadcast(graph, masked, node.inputs[0]));
    let right = asked[1].then(|| {
        let rest = graph.sub(g, masked);
        unbroadcast(graph, rest, node.inputs[1])
    });
    vec![left, right]
}

/// `d(−x) = −g`.
pub fn neg(graph: &mut Graph, _: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    vec![Some(graph.neg(only(incoming)))]
}

/// `d eˣ = g·y`.
pub fn exp(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    vec![Some(graph.mul(only(incoming), node.outputs[0]))]
}

/// `d ln x = g/x`.
pub fn log(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    vec![Some(graph.div(only(incoming), node.inputs[0]))]
}

/// `d √x = g/(2y)`.
pub fn sqrt(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let half = graph.scale(only(incoming), 0.5);
    vec![Some(graph.div(half, node.outputs[0]))]
}

/// `d σ(x) = g·y·(1−y)`, written `g·y − (g·y)·y`.
pub fn sigmoid(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let y = node.outputs[0];
    let first = graph.mul(only(incoming), y);
    let second = graph.mul(first, y);
    vec![Some(graph.sub(first, second))]
}

/// `d tanh x = g·(1−y²)`, written `g − (g·y)·y`.
pub fn tanh(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let (g, y) = (only(incoming), node.outputs[0]);
    let first = graph.mul(g, y);
    let second = graph.mul(first, y);
    vec![Some(graph.sub(g, second))]
}

/// `d max(x,0) = g where y > 0`.
pub fn relu(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let zero = graph.scalar(0.0);
    let mask = graph.greater(node.outputs[0], zero);
    vec![Some(graph.mul(only(incoming), mask))]
}

//! Gradients of operators that only move elements.

use super::super::graph::{Graph, Node, V};
use super::only;

type Gradients = Vec<Option<V>>;

/// Back to the old shape.
pub fn reshape(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let shape = graph.shape(node.inputs[0]).to_vec();
    vec![Some(graph.reshape(only(incoming), &shape)), None]
}

/// The inverse permutation.
pub fn transpose(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let order = node.ints("perm");
    let mut inverse = vec![0; order.len()];
    for (to, &from) in order.iter().enumerate() {
        inverse[from as usize] = to;
    }
    vec![Some(graph.transpose(only(incoming), &inverse))]
}

/// The sum over the repeats.
pub fn expand(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let shape = graph.shape(node.inputs[0]).to_vec();
    let full = graph.shape(node.outputs[0]).to_vec();
    let missing = full.len() - shape.len();
    let axes: Vec<usize> = (0..full.len())
        .filter(|&axis| axis < missing || shape[axis - missing] != full[axis])
        .collect();
    let summed = graph.sum(only(incoming), &axes);
    vec![Some(graph.reshape(summed, &shape)), None]
}

/// Each part gets its piece.
pub fn concat(graph: &mut Graph, node: &Node, incoming: &[Option<V>], asked: &[bool]) -> Gradients {
    let axis = node.int("axis", 0) as usize;
    let g = only(incoming);
    let sizes: Vec<usize> = node
        .inputs
        .iter()
        .map(|&part| graph.shape(part)[axis])
        .collect();
    if asked.iter().all(|&asked| asked) {
        return graph.split(g, axis, &sizes).into_iter().map(Some).collect();
    }
    let mut start = 0;
    sizes
        .iter()
        .zip(asked)
        .map(|(size, asked)| {
            let from = start;
            start += size;
            asked.then(|| graph.slice(g, axis, from, start))
        })
        .collect()
}

/// Zeros around the piece.
pub fn slice(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let [from, axis] = [1, 3].map(|input| graph.integers(node.inputs[input])[0] as usize);
    let shape = graph.shape(node.inputs[0]).to_vec();
    let g = only(incoming);
    let to = from + graph.shape(g)[axis];
    let mut parts = Vec::new();
    for (part, size) in [(None, from), (Some(g), 1), (None, shape[axis] - to)] {
        match part {
            Some(part) => parts.push(part),
            None if size > 0 => {
                let mut padding = shape.clone();
                padding[axis] = size;
                parts.push(graph.zeros(&padding));
            }
            None => {}
        }
    }
    let whole = if parts.len() == 1 {
        g
    } else {
        graph.concat(&parts, axis)
    };
    vec![Some(whole), None, None, None]
}

/// The pieces one after the other; zeros for a piece that nothing reads.
pub fn split(graph: &mut Graph, node: &Node, incoming: &[Option<V>], _: &[bool]) -> Gradients {
    let axis = node.int("axis", 0) as usize;
    let pieces: Vec<V> = node
        .outputs
        .iter()
        .zip(incoming)
        .map(|(&output, gradient)| match gradient {
            Some(gradient) => *gradient,
            None => {
                let shape = graph.shape(output).to_vec();
                graph.zeros(&shape)
            }
        })
        .collect();
    vec![Some(graph.concat(&pieces, axis)), None]
}

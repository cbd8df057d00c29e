//! Gradients of matrix products and of the softmax.

use super::super::graph::{Graph, Node, V};
use super::only;

/// `Y = A·B + C`: `dA = G·Bᵀ`, `dB = Aᵀ·G`, `dC` = column sums of `G`; a transposed operand gets
/// the transposed gradient, by swapping the factors.
pub fn gemm(
    graph: &mut Graph,
    node: &Node,
    incoming: &[Option<V>],
    asked: &[bool],
) -> Vec<Option<V>> {
    let g = only(incoming);
    let [a, b] = [node.inputs[0], node.inputs[1]];
    let [ta, tb] = [node.int("transA", 0) == 1, node.int("transB", 0) == 1];
    let mut gradients = vec![
        asked[0].then(|| match ta {
            false => graph.gemm(g, b, None, [false, !tb]),
            true => graph.gemm(b, g, None, [tb, true]),
        }),
        asked[1].then(|| match tb {
            false => graph.gemm(a, g, None, [!ta, false]),
            true => graph.gemm(g, a, None, [true, ta]),
        }),
    ];
    if let Some(&bias) = node.inputs.get(2) {
        gradients.push(asked[2].then(|| {
            let shape = graph.shape(bias).to_vec();
            let columns = graph.matrix(g)[1];
            assert_eq!(shape, [columns], "a Gemm's bias is one row");
            let sums = graph.sum(g, &[0]);
            graph.reshape(sums, &shape)
        }));
    }
    gradients
}

/// `Yₙ = Aₙ·Bₙ`: `dA = G·Bᵀ`, `dB = Aᵀ·G`.
pub fn matmul(
    graph: &mut Graph,
    node: &Node,
    incoming: &[Option<V>],
    asked: &[bool],
) -> Vec<Option<V>> {
    let g = only(incoming);
    let [a, b] = [node.inputs[0], node.inputs[1]];
    let left = asked[0].then(|| {
        let turned = graph.transpose(b, &[0, 2, 1]);
        graph.matmul(g, turned)
    });
    let right = asked[1].then(|| {
        let turned = graph.transpose(a, &[0, 2, 1]);
        graph.matmul(turned, g)
    });
    vec![left, right]
}

/// `dx = g − softmax(x)·Σ g`, rows along the last axis.
pub fn log_softmax(
    graph: &mut Graph,
    node: &Node,
    incoming: &[Option<V>],
    _: &[bool],
) -> Vec<Option<V>> {
    let g = only(incoming);
    let last = graph.shape(g).len() - 1;
    let total = graph.sum(g, &[last]);
    let probabilities = graph.exp(node.outputs[0]);
    let shared = graph.mul(probabilities, total);
    vec![Some(graph.sub(g, shared))]
}

/// `dx = y·(g − Σ g·y)`, rows along the last axis.
pub fn softmax(
    graph: &mut Graph,
    node: &Node,
    incoming: &[Option<V>],
    _: &[bool],
) -> Vec<Option<V>> {
    let y = node.outputs[0];
    let last = graph.shape(y).len() - 1;
    let weighted = graph.mul(only(incoming), y);
    let total = graph.sum(weighted, &[last]);
    let shared = graph.mul(y, total);
    vec![Some(graph.sub(weighted, shared))]
}

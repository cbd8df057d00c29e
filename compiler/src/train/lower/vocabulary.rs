//! Cross-entropy over the vocabulary, fused with its projection.
//!
//! ```text
//! P    = softmax(h·Wᵀ + b)            [N, V]
//! loss = Σₙ −ln max(P[n, idₙ], 1e-30)
//! ```
//!
//! With upstream gradient g, and never building `P − onehot`:
//!
//! ```text
//! dh = g·(P·W − W[ids])
//! dW = Pᵀ·(g·h) − scatter_add(ids, g·h)
//! db = g·(column sums of P − counts of ids)
//! ```

use super::super::graph::{Graph, Node, V};

/// Below this probability the loss is flat: `ln` of a float 0 would be infinite.
const FLOOR: f32 = 1e-30;

/// The summed loss (shape `[1, 1]`) of rows `h` against `ids` `[N]`.
pub fn loss(graph: &mut Graph, h: V, weight: V, bias: V, ids: V) -> V {
    graph.fused("VocabularyLoss", &[h, weight, bias, ids], |graph| {
        let rows = graph.matrix(h)[0];
        let logits = graph.dense(h, weight, bias);
        let probabilities = graph.softmax(logits);
        let column = graph.reshape(ids, &[rows, 1]);
        let picked = graph.pick(probabilities, column);
        let floor = graph.scalar(FLOOR);
        let kept = graph.max(picked, floor);
        let logs = graph.log(kept);
        let total = graph.sum(logs, &[0, 1]);
        vec![graph.neg(total), probabilities]
    })[0]
}

/// Gradient rule of the fused operator.
pub fn gradient(
    graph: &mut Graph,
    node: &Node,
    incoming: &[Option<V>],
    asked: &[bool],
) -> Vec<Option<V>> {
    let [h, weight, bias, ids] = [0, 1, 2, 3].map(|input| node.inputs[input]);
    let g = incoming[0].expect("the loss is the only output that is used");
    let probabilities = node.outputs[1];
    let [rows, characters] = graph.matrix(probabilities);
    let dh = asked[0].then(|| {
        let expected = graph.gemm(probabilities, weight, None, [false, false]);
        let actual = graph.gather(weight, ids);
        let difference = graph.sub(expected, actual);
        graph.mul(difference, g)
    });
    let dw = asked[1].then(|| {
        let scaled = graph.mul(h, g);
        let expected = graph.gemm(probabilities, scaled, None, [true, false]);
        let actual = graph.neg(scaled);
        graph.scatter_add(expected, ids, actual)
    });
    let db = asked[2].then(|| {
        // A product with a row of ones is several times faster than a sum over rows.
        let ones = graph.constant(&[1, rows], &vec![1.0; rows]);
        let expected = graph.gemm(ones, probabilities, None, [false, false]);
        let expected = graph.reshape(expected, &[characters, 1]);
        let actual = graph.constant(&[rows, 1], &vec![-1.0; rows]);
        let difference = graph.scatter_add(expected, ids, actual);
        let scaled = graph.mul(difference, g);
        let shape = graph.shape(bias).to_vec();
        graph.reshape(scaled, &shape)
    });
    vec![dh, dw, db, None]
}

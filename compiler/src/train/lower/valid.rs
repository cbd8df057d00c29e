//! Convolutions without padding on a time-major matrix.

use super::super::graph::{Graph, V};

/// For each row that has them all, the rows of `kernel` neighbours in time, `dilation` positions
/// apart, side by side: `[T·B, C]` to `[(T − (kernel−1)·dilation)·B, kernel·C]`.
pub fn window(graph: &mut Graph, x: V, batch: usize, kernel: usize, dilation: usize) -> V {
    if kernel == 1 {
        return x;
    }
    let rows = graph.matrix(x)[0] - (kernel - 1) * dilation * batch;
    let taps: Vec<V> = (0..kernel)
        .map(|tap| {
            let from = tap * dilation * batch;
            graph.slice(x, 0, from, from + rows)
        })
        .collect();
    graph.concat(&taps, 1)
}

/// `x` without its first and last `positions`.
pub fn middle(graph: &mut Graph, x: V, batch: usize, positions: usize) -> V {
    let rows = graph.matrix(x)[0];
    match positions * batch {
        0 => x,
        cut => graph.slice(x, 0, cut, rows - cut),
    }
}

//! A gated convolution `a·σ(b) + x` on a time-major matrix, as one matrix product.

use super::super::graph::{Graph, V};
use super::super::weights::Handles;

/// The layer called `name`, on `x` `[T·B, C]`.
pub fn layer(graph: &mut Graph, weights: &Handles, name: &str, x: V, batch: usize) -> V {
    let [weight, bias] = ["weight", "bias"].map(|part| weights[&format!("{name}.{part}")]);
    let channels = graph.matrix(x)[1];
    let kernel = graph.matrix(weight)[1] / channels;
    let window = window(graph, x, batch, kernel);
    let both = graph.dense(window, weight, bias);
    let halves = graph.split(both, 1, &[channels, channels]);
    let open = graph.sigmoid(halves[1]);
    let passed = graph.mul(halves[0], open);
    graph.add(passed, x)
}

/// For each row the rows of its `kernel` neighbours in time, side by side, zeros outside.
fn window(graph: &mut Graph, x: V, batch: usize, kernel: usize) -> V {
    let [rows, channels] = graph.matrix(x);
    let reach = kernel / 2;
    if reach == 0 {
        return x;
    }
    let mut taps = Vec::new();
    for tap in 0..kernel {
        let shift = tap.abs_diff(reach) * batch;
        taps.push(match tap {
            _ if shift == 0 => x,
            _ if shift >= rows => graph.zeros(&[rows, channels]),
            _ => {
                let zeros = graph.zeros(&[shift, channels]);
                if tap < reach {
                    let earlier = graph.slice(x, 0, 0, rows - shift);
                    graph.concat(&[zeros, earlier], 0)
                } else {
                    let later = graph.slice(x, 0, shift, rows);
                    graph.concat(&[later, zeros], 0)
                }
            }
        });
    }
    graph.concat(&taps, 1)
}

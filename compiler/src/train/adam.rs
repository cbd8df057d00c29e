//! Adam as ten operators per parameter, on scaled moments.
//!
//! ```text
//! m = β₁·m + g        v = β₂·v + g²        p = p − rate·m / (√v + ε)
//! ```
//!
//! The usual factors `1−β` and the bias corrections are folded into `rate` and `ε`, which the host
//! computes for each step and feeds as scalars.

use super::graph::{Graph, V};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// `rate` and `ε` of step `step` (from 1) at learning rate `rate`.
pub fn scalars(rate: f64, step: usize) -> [f32; 2] {
    let correction = |beta: f64| 1.0 - libm::pow(beta, step as f64);
    let [c1, c2] = [correction(BETA1), correction(BETA2)];
    let scaled = rate * (1.0 - BETA1) * libm::sqrt(c2) / (c1 * libm::sqrt(1.0 - BETA2));
    let epsilon = EPSILON * libm::sqrt(c2 / (1.0 - BETA2));
    [scaled as f32, epsilon as f32]
}

/// Appends one parameter's update; returns its successors `[p, m, v]`.
pub fn update(graph: &mut Graph, [p, m, v]: [V; 3], g: V, [rate, epsilon]: [V; 2]) -> [V; 3] {
    let old = graph.scale(m, BETA1 as f32);
    let m = graph.add(old, g);
    let old = graph.scale(v, BETA2 as f32);
    let square = graph.mul(g, g);
    let v = graph.add(old, square);
    let root = graph.sqrt(v);
    let padded = graph.add(root, epsilon);
    let direction = graph.div(m, padded);
    let step = graph.mul(direction, rate);
    [graph.sub(p, step), m, v]
}

/// Decoupled weight decay: the updated `next` of `p`, less `p·decay·rate`.
pub fn decay(graph: &mut Graph, p: V, next: V, decay: V, rate: V) -> V {
    let share = graph.mul(decay, rate);
    let loss = graph.mul(p, share);
    graph.sub(next, loss)
}

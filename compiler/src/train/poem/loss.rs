//! The objective: summed cross-entropy plus the posterior's divergence from a standard normal.

use super::recipe::Recipe;
use crate::train::graph::{Graph, V};
use crate::train::weights::Handles;

/// Keeps the normalised mean finite; far below the variance of any useful dimension, since a
/// larger one lets the posterior collapse again.
pub const BN_EPSILON: f32 = 1e-8;

/// The posterior's mean as trained: batch-normalised to scale `bn_gamma` if the recipe says so.
pub fn posterior_mean(graph: &mut Graph, recipe: &Recipe, weights: &Handles, mean: V) -> V {
    let Some(&shift) = weights.get("mean.shift") else {
        return mean;
    };
    let centre = graph.mean(mean, &[0]);
    let centred = graph.sub(mean, centre);
    let squares = graph.mul(centred, centred);
    let variance = graph.mean(squares, &[0]);
    let epsilon = graph.scalar(BN_EPSILON);
    let padded = graph.add(variance, epsilon);
    let deviation = graph.sqrt(padded);
    let unit = graph.div(centred, deviation);
    let scaled = graph.scale(unit, recipe.bn_gamma);
    graph.add(scaled, shift)
}

/// `mean + noise·exp(logvar/2)`.
pub fn sample(graph: &mut Graph, mean: V, logvar: V, noise: V) -> V {
    let half = graph.scale(logvar, 0.5);
    let deviation = graph.exp(half);
    let step = graph.mul(noise, deviation);
    graph.add(mean, step)
}

/// The objective per poem and its parts, each of shape `[1, 1]`.
pub struct Loss {
    /// What is minimised.
    pub total: V,
    /// Cross-entropy in nats.
    pub reconstruction: V,
    /// Divergence in nats, without floor or weight.
    pub divergence: V,
}

/// Combines the summed cross-entropy of a batch with the divergence of its posterior.
///
/// Free bits act on each dimension's mean over the batch: below the floor a dimension costs the
/// floor, hence has no gradient and no reason to shrink further.
pub fn combine(
    graph: &mut Graph,
    recipe: &Recipe,
    cross_entropy: V,
    [mean, logvar]: [V; 2],
    weight: V,
) -> Loss {
    let batch = graph.matrix(mean)[0];
    let reconstruction = graph.scale(cross_entropy, 1.0 / batch as f32);
    let squares = graph.mul(mean, mean);
    let variance = graph.exp(logvar);
    let sum = graph.add(squares, variance);
    let less = graph.sub(sum, logvar);
    let one = graph.scalar(1.0);
    let twice = graph.sub(less, one);
    let each = graph.scale(twice, 0.5);
    let per_dimension = graph.mean(each, &[0]);
    let divergence = graph.sum(per_dimension, &[0, 1]);
    let charged = match recipe.free_bits > 0.0 {
        false => divergence,
        true => {
            let floor = graph.scalar(recipe.free_bits);
            let kept = graph.max(per_dimension, floor);
            graph.sum(kept, &[0, 1])
        }
    };
    let weighted = graph.mul(charged, weight);
    let total = graph.add(reconstruction, weighted);
    Loss {
        total,
        reconstruction,
        divergence,
    }
}

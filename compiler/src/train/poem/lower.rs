//! The poem model in the form that trains fast.
//!
//! A test holds it and the plain form within 1e-5.

#[cfg(test)]
mod tests;

use super::recipe::{Posterior, Recipe};
use crate::train::graph::{Graph, V};
use crate::train::lower::gated;
use crate::train::weights::Handles;

/// The encoder: time-major ids `[T·B]` to mean and log-variance `[B, latent]`.
pub fn encoder(graph: &mut Graph, recipe: &Recipe, weights: &Handles, ids: V) -> [V; 2] {
    let time = recipe.form;
    let batch = graph.shape(ids)[0] / time;
    let mut x = graph.gather(weights["embedding"], ids);
    if let Some(&weight) = weights.get("encoder.in.weight") {
        let flat = [graph.shape(weight)[0], graph.shape(weight)[1]];
        let weight = graph.reshape(weight, &flat);
        x = graph.dense(x, weight, weights["encoder.in.bias"]);
    }
    for layer in 0..recipe.encoder_layers {
        x = gated::layer(graph, weights, &format!("encoder.{layer}"), x, batch);
    }
    let channels = graph.matrix(x)[1];
    let x = graph.reshape(x, &[time, batch, channels]);
    let summary = match recipe.posterior {
        Posterior::Mean => {
            let mean = graph.mean(x, &[0]);
            graph.reshape(mean, &[batch, channels])
        }
        Posterior::Flatten => {
            let x = graph.transpose(x, &[1, 0, 2]);
            graph.reshape(x, &[batch, time * channels])
        }
    };
    ["mean", "logvar"].map(|name| {
        let [weight, bias] = ["weight", "bias"].map(|part| weights[&format!("{name}.{part}")]);
        graph.dense(summary, weight, bias)
    })
}

/// The generator up to the features that the vocabulary projection reads: `[T·B, features]`.
pub fn generator(graph: &mut Graph, recipe: &Recipe, weights: &Handles, z: V) -> V {
    let [batch, time, width] = [graph.matrix(z)[0], recipe.form, recipe.width];
    let expanded = graph.dense(z, weights["expand.weight"], weights["expand.bias"]);
    let x = graph.reshape(expanded, &[batch, time, width]);
    let x = graph.transpose(x, &[1, 0, 2]);
    let mut x = graph.reshape(x, &[time * batch, width]);
    for layer in 0..recipe.decoder_layers {
        x = gated::layer(graph, weights, &format!("decoder.{layer}"), x, batch);
    }
    match weights.get("head.weight") {
        Some(&weight) => graph.dense(x, weight, weights["head.bias"]),
        None => x,
    }
}

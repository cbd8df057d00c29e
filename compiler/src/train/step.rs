//! One training step as one graph: forward, loss, backward, update.

#[cfg(test)]
mod tests;

use super::graph::{Graph, V};
use super::lower::{self, packing::Packing};
use super::poem;
use super::recipe::Recipe;
use super::weights::{Handles, Weights};
use super::{adam, autodiff, loss};
use crate::engine::{Options, Session, Slot, Stepper, Tensor};
use crate::error::Result;
use prost::Message;

/// Weights and Adam's two moments of each, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Parameters.
    pub weights: Weights,
    /// First moments, scaled.
    pub first: Weights,
    /// Second moments, scaled.
    pub second: Weights,
}

impl State {
    /// The recipe's first weights and zero moments.
    pub fn start(recipe: &Recipe, characters: usize) -> Self {
        let weights = poem::start(recipe, characters);
        let zero = |(name, tensor): (&String, &Tensor)| {
            let count = tensor.shape.iter().product();
            (name.clone(), Tensor::f32(&tensor.shape, vec![0.0; count]))
        };
        let zeros: Weights = weights.iter().map(zero).collect();
        Self {
            weights,
            first: zeros.clone(),
            second: zeros,
        }
    }
}

/// What one step reports, per couplet, in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// The objective.
    pub loss: f32,
    /// Cross-entropy.
    pub reconstruction: f32,
    /// Divergence.
    pub divergence: f32,
}

/// Forward pass and loss on `ids` `[T·B]` and `noise` `[B, latent]`.
pub fn objective(
    graph: &mut Graph,
    recipe: &Recipe,
    weights: &Handles,
    [ids, noise, kl_weight]: [V; 3],
) -> loss::Loss {
    let [mean, logvar] = lower::encoder(graph, recipe, weights, ids);
    let mean = loss::posterior_mean(graph, recipe, weights, mean);
    let z = loss::sample(graph, mean, logvar, noise);
    let h = lower::generator(graph, recipe, weights, z);
    let [weight, bias] = [weights["vocabulary.weight"], weights["vocabulary.bias"]];
    let cross_entropy = lower::vocabulary::loss(graph, h, weight, bias, ids);
    loss::combine(graph, recipe, cross_entropy, [mean, logvar], kl_weight)
}

/// The training graph at batch size `batch`.
pub fn graph(recipe: &Recipe, packing: &Packing, batch: usize) -> Result<Graph> {
    let mut graph = Graph::new();
    let ids = graph.ids("ids", &[recipe.form * batch]);
    let noise = graph.input("noise", &[batch, recipe.latent]);
    let [rate, epsilon, kl_weight] =
        ["rate", "epsilon", "kl_weight"].map(|name| graph.input(name, &[1]));
    let (parameters, model) = packing.inputs(&mut graph);
    let loss = objective(&mut graph, recipe, &model, [ids, noise, kl_weight]);
    let values: Vec<V> = parameters.values().copied().collect();
    let gradients = autodiff::gradients(&mut graph, loss.total, &values)?;
    for ((name, parameter), gradient) in parameters.iter().zip(gradients) {
        let shape = graph.shape(*parameter).to_vec();
        let first = graph.input(&format!("{name}/first"), &shape);
        let second = graph.input(&format!("{name}/second"), &shape);
        let next = adam::update(
            &mut graph,
            [*parameter, first, second],
            gradient,
            [rate, epsilon],
        );
        for (value, suffix) in next.into_iter().zip(["", "/first", "/second"]) {
            graph.output(value, &format!("next/{name}{suffix}"));
        }
    }
    let parts = [loss.total, loss.reconstruction, loss.divergence];
    let flat = parts.map(|part| graph.reshape(part, &[1]));
    let metrics = graph.concat(&flat, 0);
    graph.output(metrics, "metrics");
    Ok(graph)
}

/// A session that trains.
pub struct Trainer {
    stepper: Stepper,
    recipe: Recipe,
    packing: Packing,
    batch: usize,
}

impl Trainer {
    /// Compiles the training graph and places `state` on the device.
    pub fn new(recipe: &Recipe, state: &State, batch: usize, options: &Options) -> Result<Self> {
        let packing = Packing::of(&state.weights);
        let model = graph(recipe, &packing, batch)?.to_model("train");
        let options = Options {
            optimise: true,
            ..*options
        };
        let session = Session::load(&model.encode_to_vec(), &options)?;
        let mut slots = Vec::new();
        let parts = [
            (&state.weights, ""),
            (&state.first, "/first"),
            (&state.second, "/second"),
        ];
        for (tensors, suffix) in parts {
            for (name, tensor) in packing.pack(tensors) {
                slots.push(Slot {
                    input: format!("{name}{suffix}"),
                    output: format!("next/{name}{suffix}"),
                    start: tensor,
                });
            }
        }
        Ok(Self {
            stepper: Stepper::new(session, &slots, "metrics", 3)?,
            recipe: recipe.clone(),
            packing,
            batch,
        })
    }

    /// One step: couplets as ids (time-major), standard normal noise, learning rate and the
    /// divergence's weight; `number` counts steps from 1.
    pub fn step(
        &mut self,
        ids: Vec<i64>,
        noise: Vec<f32>,
        number: usize,
        [learning_rate, kl_weight]: [f64; 2],
    ) -> Result<Metrics> {
        let [rate, epsilon] = adam::scalars(learning_rate, number);
        let scalar = |value: f32| Tensor::f32(&[1], vec![value]);
        let feeds = [
            ("ids", Tensor::i64(&[self.recipe.form * self.batch], ids)),
            (
                "noise",
                Tensor::f32(&[self.batch, self.recipe.latent], noise),
            ),
            ("rate", scalar(rate)),
            ("epsilon", scalar(epsilon)),
            ("kl_weight", scalar(kl_weight as f32)),
        ];
        let metrics = self.stepper.step(&feeds)?;
        Ok(Metrics {
            loss: metrics[0],
            reconstruction: metrics[1],
            divergence: metrics[2],
        })
    }

    /// The current weights and moments.
    pub fn state(&self) -> Result<State> {
        let mut parts = [Weights::new(), Weights::new(), Weights::new()];
        for (name, tensor) in self.stepper.state()? {
            let (part, name) = match name.rsplit_once('/') {
                Some((name, "first")) => (1, name.to_string()),
                Some((name, "second")) => (2, name.to_string()),
                _ => (0, name),
            };
            parts[part].insert(name, tensor);
        }
        let [weights, first, second] = parts.map(|part| self.packing.unpack(&part));
        Ok(State {
            weights,
            first,
            second,
        })
    }
}

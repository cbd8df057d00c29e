//! A model's parameters: their names and shapes, how they start, and where a graph has them.

use super::graph::{Graph, V};
use super::random::Random;
use crate::engine::Tensor;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Weights by name.
pub type Weights = BTreeMap<String, Tensor>;

/// Handles of weights in a graph, by name.
pub type Handles = BTreeMap<String, V>;

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// At zero.
    Zero,
    /// Normal with this standard deviation.
    Normal(f32),
    /// Uniform within `1/√fan_in`.
    Uniform(usize),
}

/// Name, shape and start of every trained parameter, in the order of their random streams.
pub type Parameters = Vec<(String, Vec<usize>, Start)>;

/// Refuses a model of more weights than a gigabyte holds, before anything is allocated.
pub fn check_size(parameters: &Parameters) -> Result<()> {
    const LIMIT: usize = 1 << 28;
    let size = |shape: &[usize]| {
        shape
            .iter()
            .fold(1usize, |size, &dim| size.saturating_mul(dim))
    };
    let total = parameters.iter().fold(0usize, |total, (_, shape, _)| {
        total.saturating_add(size(shape))
    });
    if total > LIMIT {
        return Err(Error::usage(format!(
            "recipe: {total} weights; at most {LIMIT} are trained"
        )));
    }
    Ok(())
}

/// The first weights, from `seed`.
pub fn draw(parameters: Parameters, seed: u64) -> Weights {
    let draw = |(index, (name, shape, start)): (usize, (String, Vec<usize>, Start))| {
        let mut random = Random::new(seed, 0x5EED_0000 + index as u64);
        let count = shape.iter().product();
        let data: Vec<f32> = match start {
            Start::Zero => vec![0.0; count],
            Start::Normal(deviation) => (0..count).map(|_| random.normal() * deviation).collect(),
            Start::Uniform(fan_in) => {
                let limit = 1.0 / libm::sqrtf(fan_in as f32);
                (0..count).map(|_| random.symmetric(limit)).collect()
            }
        };
        (name, Tensor::f32(&shape, data))
    };
    parameters.into_iter().enumerate().map(draw).collect()
}

/// Adds `weights` to `graph` as initializers.
pub fn constants(graph: &mut Graph, weights: &Weights) -> Handles {
    let add =
        |(name, tensor): (&String, &Tensor)| (name.clone(), graph.weight(name, tensor.clone()));
    weights.iter().map(add).collect()
}

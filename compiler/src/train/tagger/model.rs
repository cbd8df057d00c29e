//! The tagger as ordinary ONNX: what is trained, exported, compiled and compared.
//!
//! ```text
//! x  = characters[ids]                                        [1, n, E],  n = W + 2R
//! x  = x[1..n-1] ‖ pairs[pair ids before] ‖ pairs[… after]    where there are pairs
//! x  = max(conv(x), 0)  or  conv(x)·σ(conv(x)),  (+ the middle of x)     for each layer
//! y  = conv₁(x)                                               [1, W, tags]
//! ```
//!
//! The convolutions are *valid*: nothing is padded, each one gives fewer positions than it reads.
//! The text itself is extended by R PAD characters on both sides, so a position's scores depend on
//! its 2R neighbours alone, and a window of any width gives the same ones.

use super::super::graph::{Graph, V};
use super::super::weights::{Handles, Parameters, Start};
use super::recipe::{Layer, Recipe};

/// Id of the characters before and after a text.
pub const PAD: i64 = 0;
/// Id of a character that the vocabulary lacks.
pub const UNKNOWN: i64 = 1;
/// Ids before the vocabulary's.
pub const SPECIALS: usize = 2;

/// How many of what a model tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Characters of the vocabulary.
    pub characters: usize,
    /// Pairs with an embedding.
    pub pairs: usize,
    /// Tags.
    pub tags: usize,
}

/// Names of the transition scores' parameters: no part of the network.
pub const CRF: [&str; 3] = ["start", "transitions", "end"];

/// Name, shape and start of every trained parameter, in a fixed order.
pub fn parameters(recipe: &Recipe, sizes: Sizes) -> Parameters {
    let mut list = Parameters::new();
    let mut add = |name: String, shape: &[usize], start| list.push((name, shape.to_vec(), start));
    let start = Start::Normal(recipe.embedding_start);
    let rows = sizes.characters + SPECIALS;
    add("character_table".into(), &[rows, recipe.embedding], start);
    if recipe.has_pairs() {
        let shape = [sizes.pairs + 1, recipe.pair_embedding];
        add("pair_table".into(), &shape, start);
    }
    let mut inputs = recipe.features();
    for (number, layer) in recipe.layers.iter().enumerate() {
        let fan_in = inputs * layer.kernel;
        for name in branches(number, layer) {
            // The spread that keeps a layer's outputs as wide as its inputs.
            let start = match layer.gated {
                true => Start::Normal(libm::sqrtf(1.0 / fan_in as f32)),
                false => Start::Normal(libm::sqrtf(2.0 / fan_in as f32)),
            };
            let shape = [layer.width, inputs, layer.kernel];
            add(format!("{name}.weight"), &shape, start);
            add(format!("{name}.bias"), &[layer.width], Start::Zero);
        }
        inputs = layer.width;
    }
    let tags = sizes.tags;
    let start = Start::Uniform(inputs);
    add("emissions.weight".into(), &[tags, inputs, 1], start);
    add("emissions.bias".into(), &[tags], Start::Zero);
    for (name, shape) in CRF.iter().zip([&[tags][..], &[tags, tags], &[tags]]) {
        add((*name).into(), shape, Start::Zero);
    }
    list
}

/// The convolutions of a layer, by name.
pub fn branches(number: usize, layer: &Layer) -> Vec<String> {
    match layer.gated {
        true => ["a", "b"]
            .map(|gate| format!("layers.{number}.{gate}"))
            .into(),
        false => vec![format!("layers.{number}")],
    }
}

/// Appends the network: ids `[1, W+2R]` and pair ids `[1, W+2R−1]` to scores `[1, W, tags]`.
pub fn emissions(
    graph: &mut Graph,
    recipe: &Recipe,
    weights: &Handles,
    ids: V,
    pairs: Option<V>,
) -> V {
    let mut x = graph.gather(weights["character_table"], ids);
    if let Some(pairs) = pairs {
        let inner = graph.shape(ids)[1] - 2;
        let looked_up = graph.gather(weights["pair_table"], pairs);
        let mut parts = vec![graph.slice(x, 1, 1, inner + 1)];
        for side in 0..recipe.pair_sides {
            parts.push(graph.slice(looked_up, 1, side, side + inner));
        }
        x = graph.concat(&parts, 2);
    }
    x = graph.transpose(x, &[0, 2, 1]);
    for (number, layer) in recipe.layers.iter().enumerate() {
        x = convolution(graph, weights, number, layer, x);
    }
    let [weight, bias] = ["emissions.weight", "emissions.bias"].map(|name| weights[name]);
    let scores = graph.conv_valid(x, weight, bias, 1);
    graph.transpose(scores, &[0, 2, 1])
}

fn convolution(graph: &mut Graph, weights: &Handles, number: usize, layer: &Layer, x: V) -> V {
    let outputs: Vec<V> = branches(number, layer)
        .iter()
        .map(|name| {
            let [weight, bias] = ["weight", "bias"].map(|part| weights[&format!("{name}.{part}")]);
            graph.conv_valid(x, weight, bias, layer.dilation)
        })
        .collect();
    let y = match outputs[..] {
        [a, b] => {
            let open = graph.sigmoid(b);
            graph.mul(a, open)
        }
        _ => graph.relu(outputs[0]),
    };
    match layer.residual {
        false => y,
        true => {
            let reach = layer.reach();
            let length = graph.shape(x)[2];
            let middle = graph.slice(x, 2, reach, length - reach);
            graph.add(y, middle)
        }
    }
}

//! The poem model as ordinary ONNX: what is trained, exported, compiled and compared.
//!
//! A variational autoencoder. The encoder reads the characters of a poem and gives the mean and
//! log-variance of a latent; the generator turns a latent into scores for each position, all
//! positions at once. A gated convolution is `a·σ(b) + x`, `a` and `b` being convolutions of `x`.

use super::corpus::line_of;
use super::recipe::{GeneratorWeights, Posterior, Recipe};
use crate::error::{Error, Result};
use crate::onnx::ModelProto;
use crate::train::graph::{Graph, V};
use crate::train::weights::{self, Handles, Parameters, Start, Weights};
use std::collections::BTreeMap;

/// Candidates per position that the model lists.
pub const TOP: usize = 8;

/// Name, shape and start of every trained parameter, in a fixed order.
fn parameters(recipe: &Recipe, characters: usize) -> Parameters {
    let mut list = Vec::new();
    let mut add =
        |name: &str, shape: &[usize], start| list.push((name.into(), shape.to_vec(), start));
    let [time, latent, kernel] = [recipe.form, recipe.latent, recipe.kernel];
    let [encoder, width] = [recipe.encoder_channels(), recipe.width];
    add(
        "embedding",
        &[characters, recipe.embedding],
        Start::Normal(recipe.embedding_start),
    );
    if recipe.embedding != encoder {
        add(
            "encoder.in.weight",
            &[encoder, recipe.embedding, 1],
            Start::Uniform(recipe.embedding),
        );
        add("encoder.in.bias", &[encoder], Start::Zero);
    }
    let halves = [
        ("encoder", recipe.encoder_layers, encoder),
        ("decoder", recipe.decoder_layers, width),
    ];
    for (half, layers, channels) in halves {
        for layer in 0..layers {
            for gate in ["a", "b"] {
                let name = format!("{half}.{layer}.{gate}");
                let start = Start::Uniform(channels * kernel);
                add(
                    &format!("{name}.weight"),
                    &[channels, channels, kernel],
                    start,
                );
                add(&format!("{name}.bias"), &[channels], Start::Zero);
            }
        }
    }
    let summary = match recipe.posterior {
        Posterior::Mean => encoder,
        Posterior::Flatten => encoder * time,
    };
    for name in ["mean", "logvar"] {
        add(
            &format!("{name}.weight"),
            &[latent, summary],
            Start::Uniform(summary),
        );
        add(&format!("{name}.bias"), &[latent], Start::Zero);
    }
    if recipe.bn_gamma > 0.0 {
        add("mean.shift", &[latent], Start::Zero);
    }
    add(
        "expand.weight",
        &[time * width, latent],
        Start::Uniform(latent),
    );
    add("expand.bias", &[time * width], Start::Zero);
    if recipe.head > 0 {
        add("head.weight", &[recipe.head, width], Start::Uniform(width));
        add("head.bias", &[recipe.head], Start::Zero);
    }
    let features = recipe.features();
    add(
        "vocabulary.weight",
        &[characters, features],
        Start::Uniform(features),
    );
    add("vocabulary.bias", &[characters], Start::Zero);
    list
}

/// Refuses a model of more weights than can be trained, before anything is allocated.
pub fn check_size(recipe: &Recipe, characters: usize) -> Result<()> {
    weights::check_size(&parameters(recipe, characters))
}

/// Refuses weights that are not plain ones of a model by `recipe`.
pub fn check_plain(recipe: &Recipe, weights: &Weights, characters: usize) -> Result<()> {
    let needed = parameters(recipe, characters).into_iter();
    let needed: BTreeMap<String, Vec<usize>> = needed
        .filter(|(name, ..)| name != "mean.shift")
        .map(|(name, shape, _)| (name, shape))
        .collect();
    let names = needed.keys().chain(weights.keys());
    let odd = |name: &&String| needed.get(*name) != weights.get(*name).map(|w| &w.shape);
    match names.into_iter().find(odd) {
        None => Ok(()),
        Some(name) => Err(Error::input(format!(
            "the recipe gives {name} the shape {:?}, the weights {:?}",
            needed.get(name).map_or(&[][..], Vec::as_slice),
            weights.get(name).map_or(&[][..], |tensor| &tensor.shape)
        ))),
    }
}

/// The first weights, from the recipe's seed.
pub fn start(recipe: &Recipe, characters: usize) -> Weights {
    weights::draw(parameters(recipe, characters), recipe.seed)
}

/// The encoder: ids `[B, T]` to mean and log-variance `[B, latent]`.
pub fn encoder(graph: &mut Graph, recipe: &Recipe, weights: &Handles, ids: V) -> [V; 2] {
    let [batch, time] = graph.matrix(ids);
    let embedded = graph.gather(weights["embedding"], ids);
    let mut x = graph.transpose(embedded, &[0, 2, 1]);
    if let Some(&weight) = weights.get("encoder.in.weight") {
        x = graph.conv(x, weight, weights["encoder.in.bias"]);
    }
    x = gated(graph, weights, "encoder", recipe.encoder_layers, x);
    let channels = graph.shape(x)[1];
    let summary = match recipe.posterior {
        Posterior::Mean => {
            let mean = graph.mean(x, &[2]);
            graph.reshape(mean, &[batch, channels])
        }
        Posterior::Flatten => {
            let x = graph.transpose(x, &[0, 2, 1]);
            graph.reshape(x, &[batch, time * channels])
        }
    };
    ["mean", "logvar"].map(|name| {
        let [weight, bias] = ["weight", "bias"].map(|part| weights[&format!("{name}.{part}")]);
        graph.dense(summary, weight, bias)
    })
}

/// The generator: latents `[B, latent]` to scores `[B, T, characters]`.
pub fn generator(graph: &mut Graph, recipe: &Recipe, weights: &Handles, z: V) -> V {
    let [batch, time, width] = [graph.matrix(z)[0], recipe.form, recipe.width];
    let expanded = graph.dense(z, weights["expand.weight"], weights["expand.bias"]);
    let x = graph.reshape(expanded, &[batch, time, width]);
    let x = graph.transpose(x, &[0, 2, 1]);
    let x = gated(graph, weights, "decoder", recipe.decoder_layers, x);
    let x = graph.transpose(x, &[0, 2, 1]);
    let mut x = graph.reshape(x, &[batch * time, width]);
    if let Some(&weight) = weights.get("head.weight") {
        x = graph.dense(x, weight, weights["head.bias"]);
    }
    let logits = graph.dense(x, weights["vocabulary.weight"], weights["vocabulary.bias"]);
    let characters = graph.matrix(logits)[1];
    graph.reshape(logits, &[batch, time, characters])
}

fn gated(graph: &mut Graph, weights: &Handles, half: &str, layers: usize, mut x: V) -> V {
    for layer in 0..layers {
        let [a, b] = ["a", "b"].map(|gate| {
            let [weight, bias] =
                ["weight", "bias"].map(|part| weights[&format!("{half}.{layer}.{gate}.{part}")]);
            graph.conv(x, weight, bias)
        });
        let open = graph.sigmoid(b);
        let passed = graph.mul(a, open);
        x = graph.add(passed, x);
    }
    x
}

/// The whole model at one batch size, with every output that [`functions`] lists.
pub fn forward(recipe: &Recipe, weights: &Weights, batch: usize) -> Graph {
    let mut graph = Graph::new();
    let ids = graph.ids("ids", &[batch, recipe.form]);
    let z = graph.input("z", &[batch, recipe.latent]);
    let weights = weights::constants(&mut graph, weights);
    let [mean, logvar] = encoder(&mut graph, recipe, &weights, ids);
    let logits = generator(&mut graph, recipe, &weights, z);
    let top = TOP.min(graph.shape(logits)[2]);
    let [scores, candidates] = graph.top_k(logits, top);
    graph.output(mean, "mean");
    graph.output(logvar, "logvar");
    graph.output(logits, "logits");
    graph.output(scores, "top_scores");
    graph.output(candidates, "top_ids");
    graph
}

/// `qibu.functions`: what a device can ask of the model.
fn functions() -> String {
    serde_json::json!({
        "generate": {"inputs": ["z"], "outputs": ["top_ids", "top_scores"]},
        "encode": {"inputs": ["ids"], "outputs": ["mean", "logvar"]},
        "score": {"inputs": ["z"], "outputs": ["logits"]},
    })
    .to_string()
}

/// `qibu.weights`: the generator's weights in 4 bits, if the recipe says so.
fn storage(recipe: &Recipe) -> Option<String> {
    let of_generator = |name: &str| {
        let part = name.split('.').next().unwrap_or_default();
        ["expand", "decoder", "head", "vocabulary"].contains(&part) && name.ends_with(".weight")
    };
    let names = parameters(recipe, 1).into_iter().map(|(name, ..)| name);
    let names = names.filter(|name| of_generator(name));
    let formats: serde_json::Map<_, _> = names.map(|name| (name, "int4".into())).collect();
    match recipe.generator_weights {
        GeneratorWeights::Int8 => None,
        GeneratorWeights::Int4 => Some(serde_json::Value::Object(formats).to_string()),
    }
}

/// `model.onnx`: batch 1, with the metadata that the compiler reads. `weights` are plain: a
/// batch-normalised mean is already folded.
pub fn export(recipe: &Recipe, weights: &Weights, vocabulary: &[char]) -> ModelProto {
    let mut model = forward(recipe, weights, 1).to_model("poem");
    let form = line_of(recipe.form).to_string();
    let mut properties = vec![
        ("qibu.task", "poem".into()),
        ("qibu.functions", functions()),
        ("qibu.vocab", vocabulary.iter().collect()),
        ("qibu.form", form),
        ("qibu.licence", recipe.licence.clone()),
        ("qibu.author", recipe.author.clone()),
        ("qibu.activations", "int16".into()),
        ("qibu.temperature", recipe.temperature.clone()),
    ];
    properties.extend(storage(recipe).map(|formats| ("qibu.weights", formats)));
    model.metadata_props = properties.into_iter().map(Into::into).collect();
    model
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `qibu.weights` of a model by `recipe`.
    fn storage_of(recipe: &Recipe) -> Option<String> {
        let vocabulary = ['山', '水'];
        let model = export(recipe, &start(recipe, vocabulary.len()), &vocabulary);
        let mut properties = model.metadata_props.into_iter();
        let found = properties.find(|property| property.key == "qibu.weights");
        found.map(|property| property.value)
    }

    #[test]
    fn only_the_generator_is_stored_in_4_bits() {
        assert_eq!(storage_of(&Recipe::best()), None);
        let small = Recipe {
            head: 8,
            decoder_layers: 1,
            ..Recipe::small()
        };
        assert_eq!(
            storage_of(&small).expect("int4"),
            r#"{"decoder.0.a.weight":"int4","decoder.0.b.weight":"int4","expand.weight":"int4","head.weight":"int4","vocabulary.weight":"int4"}"#
        );
    }
}

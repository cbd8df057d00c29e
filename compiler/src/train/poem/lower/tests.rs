//! The fast form equals the plain one.

use super::super::model;
use super::super::recipe::{Posterior, Recipe};
use crate::engine::{Data, Options, Session, Tensor};
use crate::train::graph::Graph;
use crate::train::lower::packing;
use crate::train::random::Random;
use crate::train::testing::engine_or_skip;
use crate::train::weights::Weights;
use prost::Message;

const BATCH: usize = 3;
const CHARACTERS: usize = 40;

#[test]
fn equals_the_plain_form() {
    if !engine_or_skip() {
        return;
    }
    let flatten = Recipe {
        posterior: Posterior::Flatten,
        embedding: 12,
        width: 16,
        encoder_width: 20,
        latent: 7,
        head: 9,
        kernel: 5,
        ..Recipe::seed_model()
    };
    let long = Recipe {
        form: 14,
        embedding: 16,
        width: 16,
        latent: 5,
        decoder_layers: 2,
        ..Recipe::seed_model()
    };
    for recipe in [flatten, long, Recipe::seed_model()] {
        compare(&recipe);
    }
}

fn compare(recipe: &Recipe) {
    let mut weights = model::start(recipe, CHARACTERS);
    // Biases start at zero; with zeros a forgotten one would not show.
    let mut random = Random::new(5, 5);
    for tensor in weights.values_mut() {
        if let Data::F32(data) = &mut tensor.data {
            data.iter_mut()
                .for_each(|value| *value += random.symmetric(0.1));
        }
    }
    let couplets: Vec<i64> = (0..BATCH * recipe.form)
        .map(|_| i64::from(random.below(CHARACTERS as u32)))
        .collect();
    let z = random.normals(BATCH * recipe.latent);
    let plain = run_plain(recipe, &weights, &couplets, &z);
    let lowered = run_lowered(recipe, &weights, &couplets, &z);
    for (name, (plain, lowered)) in ["mean", "logvar", "logits"]
        .iter()
        .zip(plain.iter().zip(&lowered))
    {
        let [plain, lowered] = [plain, lowered].map(|tensor| tensor.as_f32(name).unwrap());
        assert_eq!(plain.len(), lowered.len());
        for (a, b) in plain.iter().zip(lowered) {
            assert!((a - b).abs() <= 1e-5, "{name}: {a} and {b}");
        }
    }
}

fn run_plain(recipe: &Recipe, weights: &Weights, couplets: &[i64], z: &[f32]) -> Vec<Tensor> {
    let graph = model::forward(recipe, weights, BATCH);
    let feeds = [
        ("ids", Tensor::i64(&[BATCH, recipe.form], couplets.to_vec())),
        ("z", Tensor::f32(&[BATCH, recipe.latent], z.to_vec())),
    ];
    run(&graph, &feeds)
}

/// The lowered form, its time-major logits put back in the plain form's order.
fn run_lowered(recipe: &Recipe, weights: &Weights, couplets: &[i64], z: &[f32]) -> Vec<Tensor> {
    let time = recipe.form;
    let mut graph = Graph::new();
    let ids = graph.ids("ids", &[time * BATCH]);
    let latent = graph.input("z", &[BATCH, recipe.latent]);
    let handles = packing::constants(&mut graph, weights);
    let [mean, logvar] = super::encoder(&mut graph, recipe, &handles, ids);
    let h = super::generator(&mut graph, recipe, &handles, latent);
    let logits = graph.dense(h, handles["vocabulary.weight"], handles["vocabulary.bias"]);
    let logits = graph.reshape(logits, &[time, BATCH, CHARACTERS]);
    let logits = graph.transpose(logits, &[1, 0, 2]);
    graph.output(mean, "mean");
    graph.output(logvar, "logvar");
    graph.output(logits, "logits");
    let time_major: Vec<i64> = (0..time)
        .flat_map(|position| (0..BATCH).map(move |couplet| couplet * time + position))
        .map(|index| couplets[index])
        .collect();
    let feeds = [
        ("ids", Tensor::i64(&[time * BATCH], time_major)),
        ("z", Tensor::f32(&[BATCH, recipe.latent], z.to_vec())),
    ];
    run(&graph, &feeds)
}

fn run(graph: &Graph, feeds: &[(&str, Tensor)]) -> Vec<Tensor> {
    let bytes = graph.to_model("test").encode_to_vec();
    let mut session = Session::load(&bytes, &Options::default()).unwrap();
    session.values(feeds).unwrap()
}

//! Calibration samples that need no corpus: seeded latents and the model's own poems.

use super::model;
use super::recipe::Recipe;
use crate::engine::{Options, Session, Tensor};
use crate::error::Result;
use crate::train::graph::Graph;
use crate::train::random::Random;
use crate::train::tensors::File;
use crate::train::weights::{self, Weights};
use prost::Message;

/// How many samples are drawn.
pub const COUNT: usize = 512;

/// `z` `[N, latent]` from the recipe's seed and scale, and `ids` `[N, T]`: the most probable
/// character of each position, for each latent.
pub fn draw(recipe: &Recipe, weights: &Weights, options: &Options) -> Result<File> {
    const BATCH: usize = 64;
    let mut graph = Graph::new();
    let z = graph.input("z", &[BATCH, recipe.latent]);
    let handles = weights::constants(&mut graph, weights);
    let logits = model::generator(&mut graph, recipe, &handles, z);
    let [_, best] = graph.top_k(logits, 1);
    graph.output(best, "best");
    let mut session = Session::load(&graph.to_model("samples").encode_to_vec(), options)?;
    let mut random = Random::new(recipe.seed, 0xCA11_B8A7);
    let scale = recipe.latent_scale;
    let latents: Vec<f32> = (0..COUNT * recipe.latent)
        .map(|_| random.normal() * scale)
        .collect();
    let mut ids = Vec::new();
    for chunk in latents.chunks_exact(BATCH * recipe.latent) {
        let z = Tensor::f32(&[BATCH, recipe.latent], chunk.to_vec());
        let best = session.values(&[("z", z)])?;
        ids.extend_from_slice(best[0].as_i64("best")?);
    }
    let mut file = File::default();
    file.tensors
        .insert("z".into(), Tensor::f32(&[COUNT, recipe.latent], latents));
    file.tensors
        .insert("ids".into(), Tensor::i64(&[COUNT, recipe.form], ids));
    Ok(file)
}

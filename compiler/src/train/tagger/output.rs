//! What a finished run leaves in its folder.

use super::export;
use super::score::Figures;
use super::task::Task;
use super::transitions::Transitions;
use super::vocabulary::Vocabulary;
use super::{corpus, curve, prune, samples};
use crate::engine::{self, Data, Options, Tensor};
use crate::error::Result;
use crate::tag::labels::Labels;
use crate::tag::score::fnv1a;
use crate::train::checkpoint::Checkpoint;
use crate::train::course::Speed;
use crate::train::folder::Outcome;
use crate::train::json::Fields;
use crate::train::tensors::File;
use crate::train::weights::Weights;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// One run of several from different seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Restart {
    /// Its seed.
    pub seed: u64,
    /// Its score on the validation file.
    pub score: Option<f64>,
    /// The epoch of that score, from 1.
    pub epoch: Option<usize>,
    /// Epochs done.
    pub epochs: usize,
}

/// Writes model, weights, recipe, curve, samples and figures to `folder`; returns the figures.
pub fn write(
    run: &Checkpoint,
    task: &mut Task,
    restarts: &[Restart],
    speed: &Speed,
    options: &Options,
    folder: &Path,
) -> Result<serde_json::Value> {
    let figures = task.figures_of(run.weights())?;
    let (vocabulary, weights) = match &task.kept {
        Some(kept) => prune::compact(&task.vocabulary, run.weights(), kept)?,
        None => (task.vocabulary.clone(), run.weights().clone()),
    };
    let recipe = &task.recipe;
    let transitions = Transitions::of(&weights, task.mask().as_ref());
    let model = export::model(recipe, &weights, &vocabulary, &transitions);
    let letters = task.source.texts().iter().map(|text| &text.characters[..]);
    let along = match recipe.has_pairs() {
        true => vocabulary.pairs.clone(),
        // Chance pairs would be one of two in a small corpus.
        false => Vocabulary::count(letters, Vec::new(), 1, 2).pairs,
    };
    let samples = samples::draw(recipe, &vocabulary, &along);
    let best = run.best.as_ref().map(|best| best.epoch);
    let scores: Vec<Figures> = run
        .epochs
        .iter()
        .filter_map(|entry| serde_json::from_value(entry["valid"].clone()).ok())
        .collect();
    let loss = curve::draw(&run.history, recipe.batch, &scores, best)?;
    let texts = task.source.texts();
    let characters: usize = texts.iter().map(|text| text.characters.len()).sum();
    let metrics = serde_json::json!({
        "valid": figures,
        "best_epoch": best,
        "steps": run.step,
        "steps_of_recipe": speed.total,
        "texts": texts.len(),
        "text_characters": characters,
        "characters": vocabulary.characters.len(),
        "pairs": vocabulary.pairs.len(),
        "labels": vocabulary.labels,
        "weights": size(&weights),
        "flash_estimate": flash(&weights, &vocabulary),
        "reach": recipe.reach(),
        "restarts": restarts,
        "seconds": speed.seconds,
        "steps_timed": speed.steps,
        "threads": options.threads,
        "device": format!("{:?}", options.device).to_lowercase(),
        "engine": engine::version()?,
        "loss": run.history.last().and_then(|figures| figures.first()),
        "epochs": run.epochs,
    });
    let weights = weights_file(task, weights, &vocabulary, &transitions);
    let outcome = Outcome {
        model,
        weights,
        recipe: recipe.to_json(),
        samples,
        loss: Some(loss),
        metrics,
    };
    outcome.write(folder)
}

/// The weights with all that is needed to export them again, and hashes of the known words, by
/// which a word is new or not.
fn weights_file(
    task: &Task,
    weights: Weights,
    vocabulary: &Vocabulary,
    transitions: &Transitions,
) -> File {
    let mut tensors = weights;
    let labels = Labels::new(vocabulary.labels.iter().map(String::as_str));
    if labels.are_words() {
        let hashes = known_words(task, &labels);
        let data = Data::I32(hashes.iter().map(|&hash| hash as i32).collect());
        let shape = vec![hashes.len()];
        tensors.insert("known_words".into(), Tensor { shape, data });
    }
    let metadata = [
        ("format", "qibu-tagger-1".to_string()),
        ("recipe", task.recipe.to_json()),
        ("labels", vocabulary.labels.join(" ")),
        ("vocab", vocabulary.text()),
        ("pairs", vocabulary.pair_text()),
        ("crf", transitions.to_json().to_string()),
    ];
    File {
        tensors,
        metadata: metadata
            .into_iter()
            .map(|(key, text)| (key.to_string(), text))
            .collect(),
    }
}

/// Hashes of the training texts' words, ascending.
fn known_words(task: &Task, labels: &Labels) -> BTreeSet<u32> {
    let words = corpus::words(task.source.texts(), labels);
    words.iter().map(|word| fnv1a(word)).collect()
}

/// Number of weights.
pub fn size(weights: &Weights) -> usize {
    let sizes = weights.values();
    sizes
        .map(|tensor| tensor.shape.iter().product::<usize>())
        .sum()
}

/// About how many bytes the compiled file has: int8 weights, pairs in four bits, the text that ids
/// are looked up in.
fn flash(weights: &Weights, vocabulary: &Vocabulary) -> usize {
    let network: usize = super::task::network(weights)
        .iter()
        .map(|(name, tensor)| {
            let count: usize = tensor.shape.iter().product();
            match name.as_str() {
                "pair_table" => count.div_ceil(2),
                name if name.ends_with(".bias") => 4 * count,
                _ => count,
            }
        })
        .sum();
    let pairs = match vocabulary.pairs.len() {
        0 => 0,
        count => 2 * count + 4 * (vocabulary.characters.len() + 3),
    };
    const RECORDS: usize = 4096;
    network + vocabulary.text().len() + pairs + RECORDS
}

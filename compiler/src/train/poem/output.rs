//! What a finished run leaves in its folder.

use super::corpus::Encoded;
use super::recipe::Recipe;
use super::tables::Tables;
use super::task::Task;
use super::{curve, model, novelty, samples, themes, validate};
use crate::engine::{self, Options};
use crate::error::Result;
use crate::train::checkpoint::Checkpoint;
use crate::train::course::Speed;
use crate::train::folder::Outcome;
use crate::train::json::Fields;
use crate::train::tensors::File;
use crate::train::weights::Weights;
use serde_json::{Value, json};
use std::path::Path;

/// Writes model, weights, recipe, curve, samples and figures to `folder`; returns the figures.
pub(super) fn write(
    run: &Checkpoint,
    task: &Task,
    speed: &Speed,
    options: &Options,
    folder: &Path,
) -> Result<Value> {
    let plain = validate::plain(&task.recipe, &run.state.weights, &task.train, options)?;
    let mut outcome = export(task, &plain, options)?;
    outcome.loss = Some(curve::draw(&run.history, task.batch)?);
    let rate = (speed.steps * task.batch) as f64 / speed.seconds.max(1e-9);
    let before = match speed.steps {
        0 => time_before(folder),
        _ => Value::Null,
    };
    let course = json!({
        "steps": run.step,
        "steps_of_recipe": speed.total,
        "batch": task.batch,
        "examples_per_second": (speed.steps > 0).then_some(rate),
        "steps_timed": speed.steps,
        "seconds": speed.seconds,
        "last": run.history.last().map(|figures| json!({
            "loss": figures[0],
            "reconstruction": figures[1],
            "divergence": figures[2],
        })),
        "epochs": run.epochs,
    });
    add(&mut outcome.metrics, course);
    add(&mut outcome.metrics, before);
    outcome.write(folder)
}

/// Model, weights, recipe, samples and figures of trained weights: `plain` ones, whose mean is no
/// longer batch-normalised.
pub(super) fn export(task: &Task, plain: &Weights, options: &Options) -> Result<Outcome> {
    let (recipe, train, vocabulary) = (&task.recipe, &task.train, &task.vocabulary);
    let tables = Tables {
        pairs: task.pairs.clone(),
        novelty: novelty::of(train, vocabulary.len(), recipe.novelty),
        themes: themes::learn(recipe, plain, train, vocabulary, options)?,
    };
    let mut model = model::export(recipe, plain, vocabulary);
    tables.add_to(&mut model);
    let valid = task.valid.as_ref();
    let figures = match valid {
        Some(valid) => Some(validate::measure(recipe, plain, valid, options)?),
        None => None,
    };
    let mut metrics = json!({
        "couplets": train.len(),
        "characters": vocabulary.len(),
        "coverage": train.coverage(),
        "threads": options.threads,
        "device": format!("{:?}", options.device).to_lowercase(),
        "engine": engine::version()?,
        "valid": figures,
        "valid_couplets_left_out": valid.map(left_out),
    });
    add(&mut metrics, tables.figures());
    Ok(Outcome {
        model,
        weights: weights(recipe, plain, vocabulary),
        recipe: recipe.to_json(),
        samples: samples::draw(recipe, plain, options)?,
        loss: None,
        metrics,
    })
}

/// `model.safetensors`: what [`export`] needs beside a corpus.
fn weights(recipe: &Recipe, plain: &Weights, vocabulary: &[char]) -> File {
    let entries = [
        ("format", "qibu-poem-1".to_owned()),
        ("recipe", recipe.to_json()),
        ("vocab", vocabulary.iter().collect()),
    ];
    let entries = entries.map(|(key, text)| (key.to_owned(), text));
    File {
        tensors: plain.clone(),
        metadata: entries.into(),
    }
}

/// Poems with a character outside the vocabulary.
fn left_out(corpus: &Encoded) -> usize {
    (corpus.total - corpus.ids.len()) / corpus.form
}

/// What `metrics.json` says about the time that training took, for a finished run that is only
/// exported again.
fn time_before(folder: &Path) -> Value {
    let text = std::fs::read(folder.join("metrics.json")).unwrap_or_default();
    let Ok(Value::Object(mut before)) = serde_json::from_slice(&text) else {
        return Value::Null;
    };
    before.retain(|key, _| ["examples_per_second", "steps_timed", "seconds"].contains(&&**key));
    Value::Object(before)
}

/// Puts the entries of one object into another.
fn add(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

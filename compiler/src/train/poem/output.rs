//! What a finished run leaves in its folder.

use super::task::Task;
use super::{curve, model, samples, validate};
use crate::engine::{self, Options};
use crate::error::Result;
use crate::train::checkpoint::Checkpoint;
use crate::train::course::Speed;
use crate::train::folder::Outcome;
use crate::train::json::Fields;
use crate::train::tensors::File;
use std::path::Path;

/// Writes model, weights, recipe, curve, samples and figures to `folder`; returns the figures.
pub(super) fn write(
    run: &Checkpoint,
    task: &Task,
    speed: &Speed,
    options: &Options,
    folder: &Path,
) -> Result<serde_json::Value> {
    let (recipe, train, vocabulary) = (&task.recipe, &task.train, &task.vocabulary);
    let valid = task.valid.as_ref();
    let plain = validate::plain(recipe, &run.state.weights, train, options)?;
    let model = model::export(recipe, &plain, vocabulary);
    let mut weights = File {
        tensors: plain.clone(),
        ..File::default()
    };
    weights
        .metadata
        .insert("format".into(), "qibu-poem-1".into());
    weights.metadata.insert("recipe".into(), recipe.to_json());
    weights
        .metadata
        .insert("vocab".into(), vocabulary.iter().collect());
    let samples = samples::draw(recipe, &plain, options)?;
    let loss = curve::draw(&run.history, task.batch)?;
    let figures = match valid {
        Some(valid) => Some(validate::measure(recipe, &plain, valid, options)?),
        None => None,
    };
    let rate = (speed.steps * task.batch) as f64 / speed.seconds.max(1e-9);
    let metrics = serde_json::json!({
        "steps": run.step,
        "steps_of_recipe": speed.total,
        "batch": task.batch,
        "couplets": train.len(),
        "characters": vocabulary.len(),
        "coverage": train.coverage(),
        "examples_per_second": (speed.steps > 0).then_some(rate),
        "steps_timed": speed.steps,
        "seconds": speed.seconds,
        "threads": options.threads,
        "device": format!("{:?}", options.device).to_lowercase(),
        "engine": engine::version()?,
        "last": run.history.last().map(|figures| serde_json::json!({
            "loss": figures[0],
            "reconstruction": figures[1],
            "divergence": figures[2],
        })),
        "valid": figures,
        "valid_couplets_left_out": valid.map(|valid| (valid.total - valid.ids.len()) / valid.form),
        "epochs": run.epochs,
    });
    let outcome = Outcome {
        model,
        weights,
        recipe: recipe.to_json(),
        samples,
        loss,
        metrics,
    };
    outcome.write(folder)
}

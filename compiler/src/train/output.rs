//! What a finished run leaves in its folder.

use super::checkpoint::Checkpoint;
use super::corpus::Encoded;
use super::run::Speed;
use super::tensors::File;
use super::{plot, poem, samples, validate};
use crate::atomic;
use crate::engine::{self, Options};
use crate::error::Result;
use prost::Message;
use std::path::Path;

/// Writes model, weights, recipe, curve, samples and figures to `folder`; returns the figures.
pub(super) fn write(
    run: &Checkpoint,
    train: &Encoded,
    valid: Option<&Encoded>,
    speed: &Speed,
    options: &Options,
    folder: &Path,
) -> Result<serde_json::Value> {
    let recipe = &run.recipe;
    let plain = validate::plain(recipe, &run.state.weights, train, options)?;
    let model = poem::export(recipe, &plain, &run.vocabulary).encode_to_vec();
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
        .insert("vocab".into(), run.vocabulary.iter().collect());
    let samples = samples::draw(recipe, &plain, options)?;
    let loss = plot::draw(&run.history, run.batch)?;
    let figures = match valid {
        Some(valid) => Some(validate::measure(recipe, &plain, valid, options)?),
        None => None,
    };
    let rate = (speed.steps * run.batch) as f64 / speed.seconds.max(1e-9);
    let metrics = serde_json::json!({
        "steps": run.step,
        "steps_of_recipe": speed.total,
        "batch": run.batch,
        "couplets": train.len(),
        "characters": run.vocabulary.len(),
        "coverage": train.coverage(),
        "examples_per_second": (speed.steps > 0).then_some(rate),
        "steps_timed": speed.steps,
        "seconds": speed.seconds,
        "threads": options.threads,
        "device": format!("{:?}", options.device).to_lowercase(),
        "engine": engine::version()?,
        "last": run.history.last().map(|metrics| serde_json::json!({
            "loss": metrics.loss,
            "reconstruction": metrics.reconstruction,
            "divergence": metrics.divergence,
        })),
        "valid": figures,
        "valid_couplets_left_out": valid.map(|valid| (valid.total - valid.ids.len()) / valid.form),
        "epochs": run.epochs,
    });
    let mut text = serde_json::to_string_pretty(&metrics).expect("metrics are plain data");
    text.push('\n');
    let files = [
        ("model.onnx", model),
        ("model.safetensors", weights.to_bytes()),
        ("recipe.json", recipe.to_json().into_bytes()),
        ("calibration.safetensors", samples.to_bytes()),
        ("loss.svg", loss.into_bytes()),
        ("metrics.json", text.into_bytes()),
    ]
    .map(|(name, bytes)| (folder.join(name), bytes));
    let files: Vec<(&Path, &[u8])> = files
        .iter()
        .map(|(path, bytes)| (&**path, &**bytes))
        .collect();
    atomic::write_all(&files)?;
    Ok(metrics)
}

//! The training loop.
//!
//! Step `s` depends on the state before it, the seed and `s` alone: the order of an epoch and the
//! noise of a step have streams of their own. So a run that was stopped anywhere goes on to the
//! same weights, bit for bit, on the same machine, ONNX Runtime and thread count.

mod prepare;

use super::checkpoint::Checkpoint;
use super::corpus::Encoded;
use super::progress::Progress;
use super::random::Random;
use super::recipe::Recipe;
use super::step::Trainer;
use super::{output, validate};
use crate::engine::{self, Options};
use crate::error::{Error, ErrorKind, Result};
use prepare::{Data, begin, hold, resume};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What the user asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Text file or folder to learn from.
    pub corpus: PathBuf,
    /// Text file to measure on after each epoch.
    pub valid: Option<PathBuf>,
    /// The recipe; `None` resumes the checkpoint in `out`.
    pub recipe: Option<Recipe>,
    /// Where the vocabulary comes from, if not from the corpus.
    pub vocabulary: Option<PathBuf>,
    /// Folder for everything that is written.
    pub out: PathBuf,
    /// Stop after this many steps in all.
    pub max_steps: Option<usize>,
    /// Device and threads.
    pub options: Options,
}

/// Trains; the JSON object is `metrics.json`. `stop` is looked at between steps.
pub fn train(request: &Request, stop: &AtomicBool) -> Result<serde_json::Value> {
    engine::require(request.options.device)?;
    let checkpoint_path = request.out.join("checkpoint.safetensors");
    let (mut run, data) = match &request.recipe {
        Some(recipe) => begin(request, recipe)?,
        None => resume(request, &checkpoint_path)?,
    };
    let _held = hold(&request.out)?;
    let per_epoch = data.train.len() / run.batch;
    let total = per_epoch * run.recipe.epochs;
    let last = request.max_steps.map_or(total, |steps| steps.min(total));
    let mut progress = Progress::new(run.step, total);
    progress.say(&format!(
        "{} couplets, {} characters (coverage {:.2} %), {} weights; {per_epoch} steps of {} \
         couplets an epoch",
        data.train.len(),
        run.vocabulary.len(),
        100.0 * data.train.coverage(),
        run.state
            .weights
            .values()
            .map(|tensor| tensor.shape.iter().product::<usize>())
            .sum::<usize>(),
        run.batch,
    ));
    let mut trainer = Trainer::new(&run.recipe, &run.state, run.batch, &request.options)?;
    let mut order = Vec::new();
    let mut seconds = 0.0;
    let first = run.step;
    while run.step < last {
        let [epoch, position] = [run.step / per_epoch, run.step % per_epoch];
        if position == 0 || order.is_empty() {
            order = Random::new(run.recipe.seed, 0x0DE4_0000_0000 + epoch as u64)
                .order(data.train.len());
        }
        let started = Instant::now();
        let chosen = &order[position * run.batch..][..run.batch];
        let noise = Random::new(run.recipe.seed, 0x4015_E000_0000 + run.step as u64)
            .normals(run.batch * run.recipe.latent);
        let rates = rates(&run.recipe, run.step, total);
        run.step += 1;
        let metrics = trainer.step(time_major(&data.train, chosen), noise, run.step, rates)?;
        seconds += started.elapsed().as_secs_f64();
        if !metrics.loss.is_finite() {
            return Err(Error::new(
                ErrorKind::Verification,
                format!("the loss is {} at step {}", metrics.loss, run.step),
            )
            .hint("lower --set learning_rate=…, or raise --set warmup_steps=…"));
        }
        run.history.push(metrics);
        progress.step(run.step, metrics);
        if run.step % per_epoch == 0 {
            run.state = trainer.state()?;
            note_epoch(&mut run, &data, per_epoch, &request.options, &progress)?;
            run.write(&checkpoint_path)?;
        }
        if stop.load(Ordering::Relaxed) {
            run.state = trainer.state()?;
            run.write(&checkpoint_path)?;
            progress.finish();
            return Err(Error::new(
                ErrorKind::Interrupted,
                format!("stopped at step {} of {total}; saved", run.step),
            )
            .hint(format!(
                "go on with `qibu train poem --corpus {} --out {} --resume`, and --valid, --device \
                 and --threads as before",
                request.corpus.display(),
                request.out.display()
            )));
        }
    }
    run.state = trainer.state()?;
    run.write(&checkpoint_path)?;
    progress.finish();
    let speed = Speed {
        steps: run.step - first,
        seconds,
        total,
    };
    output::write(
        &run,
        &data.train,
        data.valid.as_ref(),
        &speed,
        &request.options,
        &request.out,
    )
}

/// How fast this call was.
pub(super) struct Speed {
    /// Steps done by this call.
    pub steps: usize,
    /// Seconds spent in them.
    pub seconds: f64,
    /// Steps of the whole run.
    pub total: usize,
}

/// The chosen couplets' ids, position by position.
fn time_major(corpus: &Encoded, chosen: &[u32]) -> Vec<i64> {
    let mut ids = Vec::with_capacity(chosen.len() * corpus.form);
    for position in 0..corpus.form {
        ids.extend(
            chosen
                .iter()
                .map(|&index| corpus.couplet(index as usize)[position]),
        );
    }
    ids
}

/// Learning rate and weight of the divergence at step `step` (from 0) of `total`.
fn rates(recipe: &Recipe, step: usize, total: usize) -> [f64; 2] {
    let ramp = |steps: usize| match steps {
        0 => 1.0,
        steps => ((step + 1) as f64 / steps as f64).min(1.0),
    };
    let fall = match recipe.decay {
        false => 1.0,
        true => {
            let left = total - step;
            let span = total.saturating_sub(recipe.warmup_steps).max(1);
            (left as f64 / span as f64).min(1.0)
        }
    };
    let rate = f64::from(recipe.learning_rate) * ramp(recipe.warmup_steps) * fall;
    [rate, f64::from(recipe.kl_weight) * ramp(recipe.kl_warmup)]
}

/// Measures on the validation couplets and notes the result.
fn note_epoch(
    run: &mut Checkpoint,
    data: &Data,
    per_epoch: usize,
    options: &Options,
    progress: &Progress,
) -> Result<()> {
    let epoch = run.step / per_epoch;
    let steps = &run.history[run.history.len() - per_epoch..];
    let loss = steps
        .iter()
        .map(|metrics| f64::from(metrics.loss))
        .sum::<f64>()
        / per_epoch as f64;
    let loss = validate::rounded(loss);
    let mut entry = serde_json::json!({"epoch": epoch, "step": run.step, "train_loss": loss});
    let mut text = format!("epoch {epoch}: loss {loss:.2}");
    if let Some(valid) = &data.valid {
        // Enough couplets for the moments of a batch-normalised mean; the export uses them all.
        let sample = Encoded {
            ids: data
                .train
                .ids
                .iter()
                .copied()
                .take(8192 * run.recipe.form)
                .collect(),
            ..data.train.clone()
        };
        let plain = validate::plain(&run.recipe, &run.state.weights, &sample, options)?;
        let figures = validate::measure(&run.recipe, &plain, valid, options)?;
        text += &format!(
            "; validation: {:.1} % from the mean, {:.2} nats + KL {:.2} = {:.2}",
            100.0 * figures.accuracy,
            figures.reconstruction,
            figures.divergence,
            figures.nelbo
        );
        entry["valid"] = serde_json::to_value(figures).expect("figures are plain data");
    }
    progress.say(&text);
    run.epochs.push(entry);
    Ok(())
}

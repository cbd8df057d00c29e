//! `qibu train poem`: what is read, trained and written.

mod export;
mod prepare;

use super::output;
use super::recipe::Recipe;
use crate::engine::{self, Options};
use crate::error::Result;
use crate::train::checkpoint::Checkpoint;
use crate::train::course::{self, Course};
use crate::train::folder;
pub use export::export;
use prepare::{begin, resume};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// What the user asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Text file or folder to learn from.
    pub corpus: PathBuf,
    /// Text file to measure on after each epoch.
    pub valid: Option<PathBuf>,
    /// The recipe; `None` resumes the checkpoint in `out`, or takes that of trained weights.
    pub recipe: Option<Recipe>,
    /// Assignments to fields of a recipe whose weights are trained.
    pub settings: Vec<String>,
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
    let checkpoint = request.out.join("checkpoint.safetensors");
    let (mut run, mut task) = match &request.recipe {
        Some(recipe) => begin(request, recipe)?,
        None => resume(request, &checkpoint)?,
    };
    let _held = folder::hold(&request.out)?;
    let opening = format!(
        "{} poems, {} characters (coverage {:.2} %), {} weights; {} steps of {} poems an \
         epoch",
        task.train.len(),
        task.vocabulary.len(),
        100.0 * task.train.coverage(),
        weights(&run),
        task.train.len() / task.batch,
        task.batch,
    );
    let course = Course {
        checkpoint: &checkpoint,
        max_steps: request.max_steps,
        options: &request.options,
        stop,
        resume: format!(
            "go on with `qibu train poem --corpus {} --out {} --resume`, and --valid, --device and \
             --threads as before",
            request.corpus.display(),
            request.out.display()
        ),
    };
    let speed = course::follow(&mut task, &mut run, &opening, &course)?;
    output::write(&run, &task, &speed, &request.options, &request.out)
}

/// Number of trained weights.
fn weights(run: &Checkpoint) -> usize {
    let sizes = run.state.weights.values();
    sizes
        .map(|tensor| tensor.shape.iter().product::<usize>())
        .sum()
}

//! `qibu train tagger`: what is read, trained and written.
//!
//! With one restart the run's checkpoint lies in the folder itself; with several each has a folder
//! of its own in it, and the files of the best come to lie above them.

mod prepare;

use super::corpus::Format;
use super::output::{self, Restart};
use super::recipe::Recipe;
use super::task::Task;
use crate::engine::{self, Options};
use crate::error::{Error, Result};
use crate::train::checkpoint::Checkpoint;
use crate::train::course::{self, Course, Speed};
use crate::train::folder;
use prepare::{Data, open, recipe_of};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// What the user asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// File to learn from.
    pub corpus: PathBuf,
    /// File to measure on after each epoch.
    pub valid: Option<PathBuf>,
    /// How both are written; `None` means words, or as before where a run is resumed.
    pub format: Option<Format>,
    /// The recipe; `None` resumes the run in `out`.
    pub recipe: Option<Recipe>,
    /// Folder for everything that is written.
    pub out: PathBuf,
    /// Stop after this many steps of each restart.
    pub max_steps: Option<usize>,
    /// Device and threads.
    pub options: Options,
}

/// Trains; the JSON object is `metrics.json`. `stop` is looked at between steps.
pub fn train(request: &Request, stop: &AtomicBool) -> Result<serde_json::Value> {
    engine::require(request.options.device)?;
    let (recipe, format) = match &request.recipe {
        Some(recipe) => {
            recipe.check()?;
            folder::refuse_occupied(&request.out)?;
            (recipe.clone(), request.format.unwrap_or_default())
        }
        None => recipe_of(request)?,
    };
    if recipe.restarts > 1 && request.valid.is_none() {
        return Err(Error::usage("restarts are compared on a validation file")
            .hint("give --valid, or leave --restarts out"));
    }
    let data = Data::read(request, &recipe, format)?;
    folder::create(&request.out)?;
    let _held = folder::hold(&request.out)?;
    let mut best: Option<(Checkpoint, Task, f64)> = None;
    let mut restarts = Vec::new();
    let mut speed = Speed::default();
    for number in 0..recipe.restarts {
        let path = checkpoint(&request.out, &recipe, number);
        if let Some(parent) = path.parent() {
            folder::create(parent)?;
        }
        let (mut run, mut task) = open(request, &recipe, &data, number, &path)?;
        let mut opening = opening(&task, &run, &data);
        if recipe.restarts > 1 {
            let of = recipe.restarts;
            opening = format!(
                "restart {} of {of}, seed {}: {opening}",
                number + 1,
                task.recipe.seed
            );
        }
        let course = Course {
            checkpoint: &path,
            max_steps: request.max_steps,
            options: &request.options,
            stop,
            resume: advice(request, format),
        };
        let done = course::follow(&mut task, &mut run, &opening, &course)?;
        speed.steps += done.steps;
        speed.seconds += done.seconds;
        speed.total = done.total;
        let figures = match &run.best {
            Some(best) => Some(best.score),
            None => task
                .figures_of(run.weights())?
                .map(|figures| figures.score().0),
        };
        restarts.push(Restart {
            seed: task.recipe.seed,
            score: figures,
            epoch: run.best.as_ref().map(|best| best.epoch),
            epochs: run.epochs.len(),
        });
        let score = figures.unwrap_or(0.0);
        if best.as_ref().is_none_or(|(_, _, before)| score > *before) {
            best = Some((run, task, score));
        }
    }
    let Some((run, mut task, _)) = best else {
        return Err(Error::usage("restarts is 0"));
    };
    let (options, out) = (&request.options, &request.out);
    output::write(&run, &mut task, &restarts, &speed, options, out)
}

/// Where restart `number` (from 0) keeps its checkpoint.
fn checkpoint(out: &Path, recipe: &Recipe, number: usize) -> PathBuf {
    const NAME: &str = "checkpoint.safetensors";
    match recipe.restarts {
        1 => out.join(NAME),
        _ => out.join(format!("restart-{}", number + 1)).join(NAME),
    }
}

/// What is trained, in one line.
fn opening(task: &Task, run: &Checkpoint, data: &Data) -> String {
    let sizes = task.vocabulary.sizes();
    let pairs = match sizes.pairs {
        0 => String::new(),
        pairs => format!("{pairs} pairs, "),
    };
    format!(
        "{} texts of {} characters in all; {} characters, {pairs}{} labels, {} weights; a score \
         depends on {} characters on each side",
        data.train.texts.len(),
        data.train.characters(),
        sizes.characters,
        sizes.tags,
        output::size(&run.state.weights),
        task.recipe.reach(),
    )
}

/// What a user who stopped a run is told.
fn advice(request: &Request, format: Format) -> String {
    let valid = request.valid.as_ref();
    let valid = valid.map_or_else(String::new, |path| format!(" --valid {}", path.display()));
    format!(
        "go on with `qibu train tagger --corpus {}{valid} --format {} --out {} --resume`, and \
         --device and --threads as before",
        request.corpus.display(),
        format.name(),
        request.out.display()
    )
}

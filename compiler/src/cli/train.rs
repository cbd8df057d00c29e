//! `qibu train`.

mod poem;
mod tagger;

use super::stdout;
use crate::engine::{Device, Options};
use crate::error::{Error, Result};
use crate::input_file;
use crate::train::json::Fields;
use clap::{Args, Subcommand};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Trains a model through ONNX Runtime.
#[derive(Args, Debug)]
pub struct TrainArgs {
    #[command(subcommand)]
    model: Model,
}

#[derive(Subcommand, Debug)]
enum Model {
    /// A couplet from a seed: a variational autoencoder of Tang couplets.
    Poem(poem::PoemArgs),
    Tagger(tagger::TaggerArgs),
}

/// Runs the command.
pub fn run(args: TrainArgs) -> Result<()> {
    match args.model {
        Model::Poem(args) => poem::run(args),
        Model::Tagger(args) => tagger::run(args),
    }
}

/// What the flags say about a recipe.
struct Flags<'a> {
    recipe: Option<&'a Path>,
    preset: &'a str,
    set: &'a [String],
    epochs: Option<usize>,
    batch: Option<usize>,
    seed: Option<u64>,
    /// What `--recipe` may read.
    example: &'static str,
}

impl Flags<'_> {
    /// The file or the preset, then every `--set`, then the flags that name a field.
    fn recipe<R: Fields>(&self) -> Result<R> {
        let mut recipe = match self.recipe {
            Some(path) => {
                let remedy = format!(
                    "--recipe takes a JSON object such as {}; training writes one, recipe.json",
                    self.example
                );
                let text = input_file::read_text(path, &remedy)?;
                R::parse(&text).map_err(|error| error.within(path.display()).hint(remedy))?
            }
            None => R::preset(self.preset)?,
        };
        for assignment in self.set {
            recipe.set(assignment)?;
        }
        let common = recipe.common();
        *common.epochs = self.epochs.unwrap_or(*common.epochs);
        *common.batch = self.batch.unwrap_or(*common.batch);
        *common.seed = self.seed.unwrap_or(*common.seed);
        Ok(recipe)
    }
}

/// How sessions run, from `--device` and `--threads`.
fn engine_options(device: &str, threads: u64) -> Result<Options> {
    let threads = match threads {
        0 => crate::poem::parallel::available(),
        threads => threads as usize,
    };
    Ok(Options {
        device: device.parse::<Device>()?,
        threads,
        optimise: true,
        deterministic: true,
        spin: false,
    })
}

/// What Ctrl-C sets; a second one ends the process at once.
fn stop_on_interrupt() -> Result<&'static AtomicBool> {
    static STOP: AtomicBool = AtomicBool::new(false);
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("\nfinishing the step, then saving; once more stops at once");
    })
    .map_err(|error| Error::environment(format!("cannot watch for Ctrl-C: {error}")))?;
    Ok(&STOP)
}

/// Says what was written.
fn finish(json: bool, metrics: &serde_json::Value, out: &Path) -> Result<()> {
    let text = match json {
        true => format!("{metrics}\n"),
        false => format!("wrote {}\n", out.join("model.onnx").display()),
    };
    stdout::put(&text).map(drop)
}

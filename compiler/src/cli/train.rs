//! `qibu train`.

mod poem;
mod tagger;

use super::stdout;
use crate::engine::{Device, Options};
use crate::error::{Error, Result};
use crate::input_file;
use crate::train::json::Fields;
use clap::{Args, Subcommand, value_parser};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Trains a model through ONNX Runtime.
#[derive(Args, Debug)]
pub struct TrainArgs {
    #[command(subcommand)]
    model: Model,
}

#[derive(Subcommand, Debug)]
enum Model {
    /// A poem from a seed: a variational autoencoder of Tang couplets or quatrains.
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

/// What every kind of model takes.
#[derive(Args, Debug)]
struct Common {
    /// Recipe as JSON; fields left out are the seed model's.
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    recipe: Option<PathBuf>,
    /// Sets one recipe field, as in --set embedding=32; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Passes over the corpus.
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Seed of weights, order and noise.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Folder for model.onnx and everything else that training writes.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// cpu or cuda.
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// Threads inside an operator; 0 means all cores. Weights depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u64).range(..=1024))]
    threads: u64,
    /// Go on with the run in --out; its recipe holds, but for what --set may change
    /// of a poem's: fields that its weights do not depend on.
    #[arg(long, conflicts_with_all = ["recipe", "preset", "epochs", "batch", "seed"])]
    resume: bool,
    /// Stop after this many steps in all, of each restart; --resume goes on.
    #[arg(long, value_name = "N")]
    max_steps: Option<usize>,
    /// Print the final metrics as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Common {
    /// The file or `preset`, then every `--set`, then the flags that name a field. A file looks
    /// like `example`.
    fn recipe<R: Fields>(&self, preset: &str, batch: Option<usize>, example: &str) -> Result<R> {
        let mut recipe = match &self.recipe {
            Some(path) => {
                let remedy = format!(
                    "--recipe takes a JSON object such as {example}; training writes one, recipe.json"
                );
                let text = input_file::read_text(path, &remedy)?;
                R::parse(&text).map_err(|error| error.within(path.display()).hint(remedy))?
            }
            None => R::preset(preset)?,
        };
        for assignment in &self.set {
            recipe.set(assignment)?;
        }
        let common = recipe.common();
        *common.epochs = self.epochs.unwrap_or(*common.epochs);
        *common.batch = batch.unwrap_or(*common.batch);
        *common.seed = self.seed.unwrap_or(*common.seed);
        Ok(recipe)
    }

    /// How sessions run, from `--device` and `--threads`.
    fn options(&self) -> Result<Options> {
        let threads = match self.threads {
            0 => crate::poem::parallel::available(),
            threads => threads as usize,
        };
        Ok(Options {
            device: self.device.parse::<Device>()?,
            threads,
            optimise: true,
            deterministic: true,
            spin: false,
        })
    }
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

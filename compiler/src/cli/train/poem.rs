//! `qibu train poem`.

use super::{Flags, engine_options, finish, stop_on_interrupt};
use crate::error::Result;
use crate::train::poem::recipe::Recipe;
use crate::train::poem::run::{self, Request};
use clap::{Args, value_parser};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
pub struct PoemArgs {
    /// Text file (one poem a line, clauses ended by ， and 。) or folder with poet.*.json files.
    #[arg(long, value_name = "FILE_OR_DIR")]
    corpus: PathBuf,
    /// Couplets to measure on after each epoch, in the same form.
    #[arg(long, value_name = "FILE")]
    valid: Option<PathBuf>,
    /// Recipe as JSON; fields left out are the seed model's.
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    recipe: Option<PathBuf>,
    /// A recipe that comes with Qibu: seed or best (default).
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Sets one recipe field, as in --set width=128; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Passes over the corpus.
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Couplets per step.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Seed of weights, order and noise.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Vocabulary of another model (.onnx, .safetensors) or a text file of characters.
    #[arg(long, value_name = "FILE_OR_MODEL")]
    vocab: Option<PathBuf>,
    /// Folder for model.onnx and everything else that training writes.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// cpu or cuda.
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// Threads inside an operator; 0 means all cores. Weights depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u64).range(..=1024))]
    threads: u64,
    /// Go on from the checkpoint in --out; its recipe holds.
    #[arg(long, conflicts_with_all = ["recipe", "preset", "set", "epochs", "batch", "seed", "vocab"])]
    resume: bool,
    /// Stop after this many steps in all; --resume goes on.
    #[arg(long, value_name = "N")]
    max_steps: Option<usize>,
    /// Print the final metrics as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: PoemArgs) -> Result<()> {
    let recipe = if args.resume {
        None
    } else {
        Some(recipe(&args)?)
    };
    let request = Request {
        options: engine_options(&args.device, args.threads)?,
        corpus: args.corpus,
        valid: args.valid,
        recipe,
        vocabulary: args.vocab,
        out: args.out,
        max_steps: args.max_steps,
    };
    let metrics = run::train(&request, stop_on_interrupt()?)?;
    finish(args.json, &metrics, &request.out)
}

fn recipe(args: &PoemArgs) -> Result<Recipe> {
    Flags {
        recipe: args.recipe.as_deref(),
        preset: args.preset.as_deref().unwrap_or("best"),
        set: &args.set,
        epochs: args.epochs,
        batch: args.batch,
        seed: args.seed,
        example: "{\"width\": 96}",
    }
    .recipe()
}

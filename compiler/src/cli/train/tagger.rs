//! `qibu train tagger`.

use super::{Flags, engine_options, finish, stop_on_interrupt};
use crate::error::Result;
use crate::train::tagger::corpus::Format;
use crate::train::tagger::recipe::Recipe;
use crate::train::tagger::run::{self, Request};
use clap::{Args, value_parser};
use std::path::PathBuf;

/// A label for each character: words of Chinese text, names, parts of speech
///
/// Learns from text with spaces between its words, or from a file with a character, a tab and its
/// label on each line and an empty line after each text. Writes model.onnx, which `qibu compile`
/// takes, calibration samples for it, the loss curve and metrics.json.
///
///   qibu train tagger --corpus train.txt --valid valid.txt --out models/mine
///   qibu train tagger --corpus train.txt --valid valid.txt --out small --preset 150k --restarts 3
///   qibu train tagger --corpus names.tsv --valid more.tsv --format conll --out names
///   qibu compile models/mine/model.onnx -o models/mine/model.qibu
#[derive(Args, Debug)]
#[command(allow_negative_numbers = true, verbatim_doc_comment)]
pub struct TaggerArgs {
    /// Text to learn from, UTF-8: a text a line, its words separated by spaces.
    #[arg(long, value_name = "FILE")]
    corpus: PathBuf,
    /// Text to measure on after each epoch; the epoch that is best on it is kept.
    #[arg(long, value_name = "FILE")]
    valid: Option<PathBuf>,
    /// words (default), or conll: a character, a tab and its label a line, any labels.
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Recipe as JSON; fields left out are the seed model's.
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    recipe: Option<PathBuf>,
    /// A recipe that comes with Qibu, by about the bytes of its file: seed, 600k (default), 300k
    /// or 150k.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Sets one recipe field, as in --set embedding=32; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Passes over the corpus.
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Rows of 128 characters per step.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Seed of weights, order and noise.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Runs from this many seeds and keeps the one that is best on --valid.
    #[arg(long, value_name = "N")]
    restarts: Option<usize>,
    /// Folder for model.onnx and everything else that training writes.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// cpu or cuda.
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// Threads inside an operator; 0 means all cores. Weights depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u64).range(..=1024))]
    threads: u64,
    /// Go on with the run in --out; its recipe holds.
    #[arg(long, conflicts_with_all = ["recipe", "preset", "set", "epochs", "batch", "seed", "restarts"])]
    resume: bool,
    /// Stop after this many steps of each restart; --resume goes on.
    #[arg(long, value_name = "N")]
    max_steps: Option<usize>,
    /// Print the final metrics as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: TaggerArgs) -> Result<()> {
    let recipe = match args.resume {
        true => None,
        false => Some(recipe(&args)?),
    };
    let format = args.format.as_deref().map(str::parse::<Format>);
    let request = Request {
        options: engine_options(&args.device, args.threads)?,
        format: format.transpose()?,
        corpus: args.corpus,
        valid: args.valid,
        recipe,
        out: args.out,
        max_steps: args.max_steps,
    };
    let metrics = run::train(&request, stop_on_interrupt()?)?;
    finish(args.json, &metrics, &request.out)
}

fn recipe(args: &TaggerArgs) -> Result<Recipe> {
    let mut recipe: Recipe = Flags {
        recipe: args.recipe.as_deref(),
        preset: args.preset.as_deref().unwrap_or("600k"),
        set: &args.set,
        epochs: args.epochs,
        batch: args.batch,
        seed: args.seed,
        example: "{\"embedding\": 32}",
    }
    .recipe()?;
    recipe.restarts = args.restarts.unwrap_or(recipe.restarts);
    Ok(recipe)
}

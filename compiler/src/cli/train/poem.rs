//! `qibu train poem`.

use super::{Common, finish, stop_on_interrupt};
use crate::error::Result;
use crate::train::poem::run::{self, Request};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
pub struct PoemArgs {
    /// Text file (one poem a line, clauses ended by ， and 。) or folder with poet.*.json files.
    #[arg(long, value_name = "FILE_OR_DIR")]
    corpus: PathBuf,
    /// Poems to measure on after each epoch, in the same form.
    #[arg(long, value_name = "FILE")]
    valid: Option<PathBuf>,
    /// A recipe that comes with Qibu: best (default, couplets of five characters a line), couplet7,
    /// wujue and qijue (quatrains of five and of seven), small (micro:bit), or seed.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Poems per step.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Vocabulary of another model (.onnx, .safetensors) or a text file of characters.
    #[arg(long, value_name = "FILE_OR_MODEL", conflicts_with = "resume")]
    vocab: Option<PathBuf>,
    /// Trains nothing: writes model.onnx and what is beside it anew from this model.safetensors and
    /// its recipe, with pairs and themes of --corpus; --set as with --resume.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["resume", "recipe", "preset", "epochs", "batch", "seed", "vocab", "max_steps"]
    )]
    export_from: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub fn run(args: PoemArgs) -> Result<()> {
    let common = args.common;
    let preset = args.preset.as_deref().unwrap_or("best");
    let trained = common.resume || args.export_from.is_some();
    let (recipe, settings) = match trained {
        true => (None, common.set.clone()),
        false => (
            Some(common.recipe(preset, args.batch, "{\"width\": 96}")?),
            Vec::new(),
        ),
    };
    let request = Request {
        options: common.options()?,
        corpus: args.corpus,
        valid: args.valid,
        recipe,
        settings,
        vocabulary: args.vocab,
        out: common.out,
        max_steps: common.max_steps,
    };
    let metrics = match &args.export_from {
        Some(weights) => run::export(&request, weights)?,
        None => run::train(&request, stop_on_interrupt()?)?,
    };
    finish(common.json, &metrics, &request.out)
}

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
    /// Couplets to measure on after each epoch, in the same form.
    #[arg(long, value_name = "FILE")]
    valid: Option<PathBuf>,
    /// A recipe that comes with Qibu: seed, best (default), or small (micro:bit).
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Couplets per step.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Vocabulary of another model (.onnx, .safetensors) or a text file of characters.
    #[arg(long, value_name = "FILE_OR_MODEL", conflicts_with = "resume")]
    vocab: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub fn run(args: PoemArgs) -> Result<()> {
    let common = args.common;
    let preset = args.preset.as_deref().unwrap_or("best");
    let request = Request {
        options: common.options()?,
        corpus: args.corpus,
        valid: args.valid,
        recipe: common.recipe(preset, args.batch, "{\"width\": 96}")?,
        vocabulary: args.vocab,
        out: common.out,
        max_steps: common.max_steps,
    };
    let metrics = run::train(&request, stop_on_interrupt()?)?;
    finish(common.json, &metrics, &request.out)
}

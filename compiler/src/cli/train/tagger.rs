//! `qibu train tagger`.

use super::{Common, finish, stop_on_interrupt};
use crate::error::{Error, Result};
use crate::train::tagger::corpus::Format;
use crate::train::tagger::recipe::Recipe;
use crate::train::tagger::run::{self, Request};
use clap::Args;
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
    /// A recipe that comes with Qibu, by about the bytes of its file: seed, 600k (default), 300k
    /// or 150k.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Rows of 128 characters per step.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Runs from this many seeds and keeps the one that is best on --valid.
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    restarts: Option<usize>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub fn run(args: TaggerArgs) -> Result<()> {
    let common = args.common;
    let preset = args.preset.as_deref().unwrap_or("600k");
    let recipe = match common.resume {
        true if !common.set.is_empty() => {
            return Err(Error::usage("--set cannot be used with --resume")
                .hint("the recipe of the run in --out holds"));
        }
        true => None,
        false => {
            let example = "{\"embedding\": 32}";
            let mut recipe = common.recipe::<Recipe>(preset, args.batch, example)?;
            recipe.restarts = args.restarts.unwrap_or(recipe.restarts);
            Some(recipe)
        }
    };
    let format = args.format.as_deref().map(str::parse::<Format>);
    let request = Request {
        options: common.options()?,
        format: format.transpose()?,
        corpus: args.corpus,
        valid: args.valid,
        recipe,
        out: common.out,
        max_steps: common.max_steps,
    };
    let metrics = run::train(&request, stop_on_interrupt()?)?;
    finish(common.json, &metrics, &request.out)
}

//! `qibu eval`.

mod tag;

use super::stdout;
use crate::compile::compile_float;
use crate::error::{Error, Result};
use crate::eval::reference::Reference;
use crate::eval::{self, Materials};
use crate::poem::coder::Coder;
use crate::poem::file::PoemFile;
use crate::poem::parallel;
use crate::prosody::Prosody;
use crate::train::poem::corpus::Corpus;
use clap::{Args, Subcommand, value_parser};
use std::path::{Path, PathBuf};

/// Measures a model.
#[derive(Args, Debug)]
pub struct EvalArgs {
    #[command(subcommand)]
    model: Model,
}

#[derive(Subcommand, Debug)]
enum Model {
    /// A poem model: reconstruction, likelihood, prosody, variety, beside human poems.
    Poem(PoemArgs),
    Tag(tag::TagArgs),
}

#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
struct PoemArgs {
    /// Model file, as `qibu compile` writes it.
    #[arg(value_name = "MODEL.qibu")]
    model: PathBuf,
    /// Poems that the model has not seen: a text file (one poem a line, clauses ended by ， and
    /// 。) or a folder with poet.*.json files.
    #[arg(long, value_name = "FILE_OR_DIR")]
    corpus: PathBuf,
    /// Poems to compare with, in the same form; usually those that the model was trained on.
    #[arg(long, value_name = "FILE_OR_DIR")]
    reference: PathBuf,
    /// Tones and rhymes: lines of character TAB P, Z or B (level, oblique, either) TAB Pingshui rhyme
    /// groups.
    #[arg(long, value_name = "FILE")]
    prosody: PathBuf,
    /// Poems to generate, and human ones to draw from the corpus; where the model can compose, as
    /// many that keep all rules, and as many acrostics.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = value_parser!(u64).range(1..=10_000_000))]
    samples: u64,
    /// Seed of the first generated poem and of all that is drawn.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Boldness of all poems, from 0 to 10; where left out, the model's own, and 1 for composed ones.
    #[arg(long, value_name = "T", value_parser = super::poem::temperature)]
    temperature: Option<f32>,
    /// The float model, .onnx or a .qibu with f32 weights; model.onnx beside MODEL where left out.
    #[arg(long, value_name = "FILE")]
    float: Option<PathBuf>,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: EvalArgs) -> Result<()> {
    match args.model {
        Model::Poem(args) => poem(&args),
        Model::Tag(args) => tag::run(&args),
    }
}

fn poem(args: &PoemArgs) -> Result<()> {
    let file = PoemFile::open(&args.model)?;
    let int8 = file.poem()?;
    let functions = ["generate", "encode", "score"];
    int8.need(&functions)?;
    if int8.has("compose") {
        int8.need(&["compose"])?;
    }
    let form = int8.positions();
    let materials = Materials {
        corpus: Corpus::read(&args.corpus, form)?,
        prosody: Prosody::read(&args.prosody)?,
        reference: Reference::read(&args.reference, form)?,
        samples: args.samples as usize,
        seed: args.seed,
        temperature: args.temperature,
        threads: parallel::available(),
    };
    let twin = float_file(args)?;
    let float = twin.as_ref().map(PoemFile::poem).transpose()?;
    if let Some(float) = &float {
        float.need(&functions)?;
    }
    let report = eval::run(&int8, float.as_ref(), &materials)?;
    let text = match args.json {
        true => format!("{}\n", report.json()),
        false => report.table(),
    };
    stdout::put(&text).map(drop)
}

fn float_file(args: &PoemArgs) -> Result<Option<PoemFile>> {
    match float_path(&args.model, args.float.as_deref())? {
        None => Ok(None),
        Some(path) if is_compiled(&path) => PoemFile::open(&path).map(Some),
        Some(path) => {
            let name = format!("{} (f32)", path.display());
            PoemFile::from_bytes(name, &compile_float(&path)?).map(Some)
        }
    }
}

/// The float twin of `model`: what `--float` names, else model.onnx beside the model, else none.
fn float_path(model: &Path, named: Option<&Path>) -> Result<Option<PathBuf>> {
    let beside = model.with_file_name("model.onnx");
    match named {
        Some(path) if !path.is_file() => Err(Error::input(format!(
            "cannot read {}: no such file",
            path.display()
        ))
        .hint("--float takes the model.onnx that MODEL was compiled from")),
        Some(path) => Ok(Some(path.to_owned())),
        None if beside.is_file() => Ok(Some(beside)),
        None => {
            eprintln!(
                "warning: no {}: the float model is left out; give it with --float",
                beside.display()
            );
            Ok(None)
        }
    }
}

/// Whether `path` is a .qibu file rather than an ONNX model.
fn is_compiled(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "qibu")
}

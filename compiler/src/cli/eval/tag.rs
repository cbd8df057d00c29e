//! `qibu eval tag`.

use super::{float_path, is_compiled, stdout};
use crate::compile::compile_float;
use crate::error::{Error, Result};
use crate::eval::tag::gold;
use crate::eval::tag::report::Report;
use crate::eval::tag::{characters, known, measure, speed};
use crate::report::table::Style;
use crate::tag::file::TagFile;
use crate::tag::labels::Labels;
use crate::tag::score::Known;
use crate::tag::spans::Measure;
use crate::train::tagger::corpus::Format;
use clap::Args;
use std::path::{Path, PathBuf};

/// Compares what a tag model finds with what people marked.
///
/// What is compared depends on the model's labels. B, M, E and S: words; one is right where it
/// starts and ends as in the gold file. Labels such as B-PER, I-PER and O (or with E and S):
/// entities, right with both ends and the kind, as conlleval counts them. Other labels: each one.
/// Recall of out-of-vocabulary words is that of gold words that training lacked.
#[derive(Args, Debug)]
pub(super) struct TagArgs {
    /// Model file, as `qibu compile` writes it.
    #[arg(value_name = "MODEL.qibu")]
    model: PathBuf,
    /// Sentences with their words or labels, which the model has not seen.
    #[arg(long, value_name = "FILE")]
    gold: PathBuf,
    /// Form of the gold file: words (a sentence a line, blanks between words) or conll (a character,
    /// TAB and its label a line) [default: words where the model's labels are those of words].
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Text that the model was trained on, in the same form, for out-of-vocabulary recall
    /// [default: what training left in model.safetensors beside MODEL].
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// The float model, .onnx or a .qibu with f32 weights; model.onnx beside MODEL where left out.
    #[arg(long, value_name = "FILE")]
    float: Option<PathBuf>,
    /// Print one JSON object instead of the tables.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &TagArgs) -> Result<()> {
    let file = TagFile::open(&args.model)?;
    let labels = file.labels()?;
    let default = match labels.are_words() {
        true => Format::Words,
        false => Format::Conll,
    };
    let format = args.format.unwrap_or(default);
    let sentences = gold::sentences(gold::read(&args.gold, format, &labels)?);
    let known = match labels.are_words() {
        true => known_words(args, format, &labels)?,
        false => None,
    };
    let twin = float_file(args, &labels)?;
    let measured = |file: &TagFile| measure(file, &sentences, known.as_ref());
    let report = Report {
        measure: Measure::of(&labels),
        int8: measured(&file)?,
        float: twin.as_ref().map(measured).transpose()?,
        characters_per_second: speed(&file, &sentences)?,
        sentences: sentences.len(),
        characters: characters(&sentences),
        flash: file.flash(),
        ram: file.tagger()?.arena(),
    };
    let text = match args.json {
        true => format!("{}\n", report.json()),
        false => report.tables(Style::for_stdout()),
    };
    stdout::put(&text).map(drop)
}

/// The words of training: those of `--train`, else those that training left beside the model.
fn known_words(args: &TagArgs, format: Format, labels: &Labels) -> Result<Option<Known>> {
    if let Some(path) = &args.train {
        let words = gold::read(path, format, labels)?.words();
        return Ok(Some(Known::Words(words)));
    }
    let beside = args.model.with_file_name("model.safetensors");
    let found = match beside.is_file() {
        true => known::read(&beside)?,
        false => None,
    };
    if found.is_none() {
        eprintln!(
            "warning: no {} with the words of training: recall of unknown words is left out; \
             give the training text with --train",
            beside.display()
        );
    }
    Ok(found.map(Known::Hashes))
}

fn float_file(args: &TagArgs, labels: &Labels) -> Result<Option<TagFile>> {
    let Some(path) = float_path(&args.model, args.float.as_deref())? else {
        return Ok(None);
    };
    let file = open_float(&path)?;
    if file.labels()? != *labels {
        return Err(Error::input(format!(
            "{}: the float model has other labels than the int8 file",
            path.display()
        ))
        .hint("give the model.onnx that the file was compiled from, with --float"));
    }
    Ok(Some(file))
}

fn open_float(path: &Path) -> Result<TagFile> {
    match is_compiled(path) {
        true => TagFile::open(path),
        false => TagFile::from_bytes(format!("{} (f32)", path.display()), &compile_float(path)?),
    }
}

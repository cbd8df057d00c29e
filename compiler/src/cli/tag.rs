//! `qibu tag`.

use super::stdout;
use crate::error::{Error, Result};
use crate::report::grouped;
use crate::report::table::Style;
use crate::tag::file::TagFile;
use crate::tag::output::Format;
use crate::tag::session::{self, Wishes};
use crate::tag::{dictionary, explain, source, stream};
use clap::{Args, value_parser};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Cuts text into words, or labels its characters, with a tag model.
///
/// Reads FILEs one after the other, or standard input, of any size, and writes while it reads. A
/// line is a sentence; lines keep their ends, and empty ones stay. Characters that the model does
/// not know, control characters among them, are tagged as unknown ones and kept. White space is not
/// tagged: where it stands a word ends, and one blank is written, so that text that is cut already
/// keeps its cuts. Bytes that are not UTF-8 are an error with line and byte; everything before them
/// is written.
///
/// --nbest, --marginals, --explain and labels in JSON hold a line: it has at most 1,000,000
/// characters, or fewer where that many readings and labels would take too much memory.
///
///   qibu tag model.qibu < text.txt                     words with blanks between them
///   qibu tag model.qibu a.txt b.txt --format conll     a character and its label a line
///   qibu tag model.qibu --nbest 3 --format json        three readings with their probabilities
///   echo 乒乓球拍卖完了 | qibu tag model.qibu --explain   what the model is sure of
#[derive(Args, Debug)]
#[command(verbatim_doc_comment, allow_negative_numbers = true)]
pub struct TagArgs {
    /// Model file, as `qibu compile` writes it.
    #[arg(value_name = "MODEL.qibu")]
    model: PathBuf,
    /// Texts, UTF-8; - is standard input [default: -].
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Form of the output [default: words; conll with --marginals].
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Adds probabilities: of the chosen label as a third column (conll), of every label (json).
    #[arg(long)]
    marginals: bool,
    /// The K best readings of every line, each with its probability (words, json).
    #[arg(long, value_name = "K", value_parser = value_parser!(u64).range(1..=session::MAX_PATHS as u64))]
    nbest: Option<u64>,
    /// Words to prefer, of at most 32 characters: one a line, and behind a TAB the nats that each of
    /// its characters gains where the word stands (2 where none are given; negative ones avoid it).
    #[arg(long, value_name = "FILE")]
    dict: Option<PathBuf>,
    /// Draws, for people, how sure the model is of every character.
    #[arg(long, conflicts_with_all = ["format", "marginals", "nbest"])]
    explain: bool,
    /// Writes every line at once, as happens on a terminal: for programs that wait for answers.
    #[arg(long)]
    line_buffered: bool,
}

impl TagArgs {
    /// The format, where it goes with what else is asked for.
    fn format(&self) -> Result<Format> {
        let default = match self.marginals {
            true if self.nbest.is_some() => Format::Json,
            true => Format::Conll,
            false => Format::Words,
        };
        let format = self.format.unwrap_or(default);
        let refused = |what: &str, goes: &str| {
            Err(Error::usage(format!("{what} does not go with this format"))
                .hint(format!("use --format {goes}")))
        };
        match format {
            Format::Words if self.marginals => refused("--marginals", "conll or --format json"),
            Format::Conll if self.nbest.is_some() => refused("--nbest", "words or --format json"),
            _ => Ok(format),
        }
    }
}

/// Runs the command.
pub fn run(args: TagArgs) -> Result<()> {
    let format = args.format()?;
    let sources = source::check(&args.files)?;
    let file = TagFile::open(&args.model)?;
    let labels = file.labels()?;
    let dictionary = match &args.dict {
        Some(path) => Some(dictionary::read(path, &labels)?),
        None => None,
    };
    let terminal = std::io::stdout().is_terminal();
    let wishes = Wishes {
        format,
        marginals: args.marginals,
        nbest: args.nbest.map(|k| k as usize),
        dictionary,
        explain: args
            .explain
            .then(|| explain::Look::new(Style::for_stdout())),
        by_line: args.line_buffered || terminal,
    };
    if sources.iter().any(source::Source::is_terminal) {
        let end = if cfg!(windows) {
            "Ctrl-Z, then Enter"
        } else {
            "Ctrl-D"
        };
        eprintln!("tagging what you type, line by line; {end} ends");
    }
    let forced = session::run(&file, &wishes, &sources, &mut stdout::put)?;
    if forced > 0 {
        let what = match forced {
            1 => "1 label was",
            _ => &format!("{} labels were", grouped(forced as usize)),
        };
        eprintln!(
            "note: {what} decided by force: what settles them lies more than {} characters ahead, or \
             the model allows none there",
            stream::BUFFER
        );
    }
    Ok(())
}

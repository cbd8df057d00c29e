//! Speed of word segmentation on one core: `qibu tag` against jieba-rs, and against the same network
//! as floats in ONNX Runtime with our Viterbi behind it.
//!
//!     cargo run --release -p qibu-benches --bin tagger -- models/cws/model.qibu [--text FILE] [--json]
//!
//! ONNX Runtime takes `model.onnx` beside the model at its own window and, where training left
//! `recipe.json` there too, the same weights at a window of 1,024. All read the same lines and write
//! words with blanks between them; characters a second are those of the text without line ends.

use qibu_benches::rival::{self, Rival};
use qibu_benches::{Contestant, seconds};
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::error::{Error, Result};
use qibu_compiler::tag::file::TagFile;
use qibu_compiler::tag::output::{Format, Writer};
use qibu_compiler::tag::stream::streaming;
use qibu_compiler::tag::text::{Ending, Piece, Pieces};
use std::path::PathBuf;
use std::process::ExitCode;

/// Prose of our own, with figures and a foreign word, like what people cut into words.
const TEXT: &str = include_str!("../../text.txt");
/// Least characters of the text; a shorter one is repeated.
const CHARACTERS: usize = 5_000;
/// Characters at once, where ONNX Runtime may take many.
const LONG: usize = 1024;
/// Turns of which the median is taken.
const ROUNDS: usize = 9;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run() -> Result<()> {
    let usage = || Error::usage("expected MODEL.qibu [--text FILE] [--json]");
    let (mut model, mut text, mut json) = (None, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--text" => text = Some(PathBuf::from(arguments.next().ok_or_else(usage)?)),
            "--json" => json = true,
            _ if model.is_none() => model = Some(PathBuf::from(argument)),
            _ => return Err(usage()),
        }
    }
    let model = model.ok_or_else(usage)?;
    let text = match text {
        Some(path) => qibu_compiler::input_file::read_text(&path, "give a text file")?,
        None => TEXT.to_owned(),
    };
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let once: usize = lines.iter().map(|line| line.chars().count()).sum();
    if once == 0 {
        return Err(Error::input("the text is empty"));
    }
    let repeats = CHARACTERS.div_ceil(once);
    let lines: Vec<String> = lines
        .iter()
        .cycle()
        .take(lines.len() * repeats)
        .cloned()
        .collect();
    let characters = once * repeats;

    let file = TagFile::open(&model)?;
    if !file.labels()?.are_words() {
        let why = format!("{}: its labels are not those of words", model.display());
        return Err(Error::input(why).hint("words are what jieba-rs finds: give a segmenter"));
    }
    let tagger = file.tagger()?;
    let jieba = jieba_rs::Jieba::new();
    let joined = lines.join("\n");
    let mut contestants = vec![
        Contestant {
            name: "qibu tag",
            run: Box::new(|| qibu(&file, &joined)),
        },
        Contestant {
            name: "jieba-rs",
            run: Box::new(|| lines.iter().map(|line| blanks(&jieba, line)).sum()),
        },
    ];
    let rivals = [
        ("ONNX Runtime, its window", rival::beside(&model)),
        ("ONNX Runtime, window 1024", rival::longer(&model, LONG)),
    ];
    for (name, rival) in rivals {
        match rival {
            Ok(bytes) => {
                let mut rival = Rival::new(tagger, &bytes)?;
                let lines = &lines;
                contestants.push(Contestant {
                    name,
                    run: Box::new(move || rival.words(lines).expect("ONNX Runtime runs")),
                });
            }
            Err(error) => eprintln!("left out: {name}: {error}"),
        }
    }
    let names: Vec<&str> = contestants.iter().map(|one| one.name).collect();
    let found = seconds(&mut contestants, ROUNDS);
    let speed = |index: usize| characters as f64 / found[index].0;
    if json {
        let rows = names.iter().enumerate().map(|(index, name)| {
            serde_json::json!({
                "name": name,
                "chars_per_second": speed(index).round(),
                "times_qibu": (speed(index) / speed(0) * 1000.0).round() / 1000.0,
                "words": found[index].1,
            })
        });
        let rows: Vec<_> = rows.collect();
        println!(
            "{}",
            serde_json::json!({"characters": characters, "contestants": rows})
        );
        return Ok(());
    }
    println!("{characters} characters, one thread, median of {ROUNDS} turns");
    for (index, name) in names.iter().enumerate() {
        println!(
            "{name:<26} {:>12.0} characters/s   {:>8.2} times qibu tag   {} words",
            speed(index),
            speed(index) / speed(0),
            found[index].1
        );
    }
    Ok(())
}

/// The library path of `qibu tag`, from bytes to bytes; the number of words.
fn qibu(file: &TagFile, text: &str) -> usize {
    let words = || -> Result<usize> {
        let tagger = file.tagger()?;
        let mut arena = AlignedBytes::zeros(tagger.arena());
        let writer = Writer::new(Format::Words, file.labels()?);
        let mut engine = streaming(file, &tagger, None, &mut arena, writer)?;
        let mut source = text.as_bytes();
        Pieces::new().read("text", &mut source, &mut |piece: Piece| engine.piece(piece))?;
        engine.finish(Ending::Lf)?;
        Ok(engine.consumer().out.split_ascii_whitespace().count())
    };
    words().expect("the model runs")
}

/// Words of jieba-rs, with its hidden Markov model for unknown ones.
fn blanks(jieba: &jieba_rs::Jieba, line: &str) -> usize {
    let words = jieba.cut(line, true);
    let out = words
        .iter()
        .fold(String::new(), |out, token| out + token.word + " ");
    out.split_ascii_whitespace().count()
}

//! How good a tag model is: everything behind `qibu eval tag`.
//!
//! 1. [`gold`] reads sentences with their right answers.
//! 2. [`measure`] sends them through a file as `qibu tag` would, and compares the
//!    [spans](crate::tag::spans): words, entities or labels, whatever the model's labels tell.
//! 3. Their [counts](crate::tag::score) become percentages; [`mistakes`] lists what goes wrong most
//!    often.
//! 4. [`report`] is the result: one JSON object, or tables.

pub mod gold;
pub mod known;
pub mod mistakes;
pub mod report;

use crate::aligned::AlignedBytes;
use crate::error::{Error, Result};
use crate::tag::file::TagFile;
use crate::tag::output::Token;
use crate::tag::score::{Counts, Known};
use crate::tag::spans::Measure;
use crate::tag::stream::{self, Consumer, Engine};
use crate::tag::text::{Ending, Piece};
use gold::Sentence;
use mistakes::Mistakes;
use std::time::Instant;

/// What was found of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Sums over all sentences.
    pub counts: Counts,
    /// Labels that were decided by force.
    pub forced: u64,
    /// What was wrong.
    pub mistakes: Mistakes,
}

/// Measures `file` on `sentences`; `known` are the words that training had.
///
/// # Errors
/// The file is none that is run here.
pub fn measure(file: &TagFile, sentences: &[Sentence], known: Option<&Known>) -> Result<Measured> {
    let labels = file.labels()?;
    let measure = Measure::of(&labels);
    let (found, forced) = tags(file, sentences)?;
    let mut counts = Counts::default();
    let mut mistakes = Mistakes::default();
    for (sentence, tags) in sentences.iter().zip(&found) {
        if tags.len() != sentence.characters.len() {
            return Err(
                Error::input(format!("{}: a sentence lost its tags", file.name()))
                    .hint("please report this with the file"),
            );
        }
        let names = labels.names_of(tags);
        let (gold, found) = (measure.spans(&sentence.names()), measure.spans(&names));
        counts.add(&gold, &found, |span| {
            let word: String = sentence
                .characters
                .iter()
                .take(span.end)
                .skip(span.start)
                .collect();
            measure == Measure::Words && known.is_some_and(|known| !known.has(&word))
        });
        mistakes.add(&sentence.characters, &gold, &found);
    }
    Ok(Measured {
        counts,
        forced,
        mistakes,
    })
}

/// Tags of every sentence, and how many of them were decided by force.
fn tags(file: &TagFile, sentences: &[Sentence]) -> Result<(Vec<Vec<u8>>, u64)> {
    let tagger = file.tagger()?;
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let collected = Collected {
        done: Vec::new(),
        line: Vec::new(),
    };
    let mut engine = stream::streaming(file, &tagger, None, &mut arena, collected)?;
    feed(&mut *engine, sentences)?;
    Ok((std::mem::take(&mut engine.consumer().done), engine.forced()))
}

fn feed<C>(engine: &mut dyn Engine<C>, sentences: &[Sentence]) -> Result<()> {
    for sentence in sentences {
        for &character in &sentence.characters {
            engine.piece(Piece::Character(character))?;
        }
        engine.piece(Piece::End(Ending::Lf))?;
    }
    engine.finish(Ending::Lf)
}

/// Tags, sentence by sentence.
struct Collected {
    done: Vec<Vec<u8>>,
    line: Vec<u8>,
}

impl Consumer for Collected {
    fn token(&mut self, token: Token) {
        self.line.push(token.tag);
    }

    fn end(&mut self, _: Ending) {
        self.done.push(std::mem::take(&mut self.line));
    }
}

/// Least seconds that speed is measured for.
const PATIENCE: f64 = 1.0;

/// Characters a second on one thread: network and decoder, the median of several passes.
///
/// # Errors
/// As [`measure`].
pub fn speed(file: &TagFile, sentences: &[Sentence]) -> Result<f64> {
    let characters = characters(sentences);
    let mut passes = Vec::new();
    let start = Instant::now();
    while passes.len() < 3 || start.elapsed().as_secs_f64() < PATIENCE {
        let pass = Instant::now();
        tags(file, sentences)?;
        passes.push(characters as f64 / pass.elapsed().as_secs_f64().max(1e-9));
    }
    passes.sort_by(f64::total_cmp);
    Ok(passes[passes.len() / 2])
}

/// Characters of `sentences`.
#[must_use]
pub fn characters(sentences: &[Sentence]) -> usize {
    sentences
        .iter()
        .map(|sentence| sentence.characters.len())
        .sum()
}

#[cfg(test)]
mod tests;

//! Sentences with their right answers: words between blanks, or a character and its label a line.
//!
//! | format | a sentence |
//! |---|---|
//! | words | a line; white space between words |
//! | conll | lines of a character, a TAB or blank, …, its label in the last column; an empty line ends it |

use crate::error::{Error, Result};
use crate::input_file::{self, TO_UTF8};
use crate::tag::labels::{Labels, Role};
use crate::tag::text::{MARK, is_gap};
use clap::ValueEnum;
use std::collections::BTreeSet;
use std::path::Path;

/// Form of a file of sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GoldFormat {
    /// A sentence a line, blanks between words.
    Words,
    /// A character and its label a line, empty lines between sentences.
    Conll,
}

/// A sentence and the label of each character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The characters.
    pub characters: Vec<char>,
    /// As many labels.
    pub labels: Vec<String>,
}

impl Sentence {
    /// Labels as slices.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.labels.iter().map(String::as_str).collect()
    }
}

/// What a gold file is, for those who gave none.
const GOLD: &str = "--gold takes sentences that the model has not seen: words between blanks, or \
    with --format conll a character, TAB and its label a line";

/// Reads the sentences of the file at `path`, for a model with `labels`; empty ones are left out.
///
/// # Errors
/// The file is unreadable or no UTF-8; a line of conll has other columns than the first, or more
/// than a character; there is no sentence; it has words where the labels are not those of words.
pub fn read(path: &Path, format: GoldFormat, labels: &Labels) -> Result<Vec<Sentence>> {
    let bytes = input_file::read(path, GOLD)?;
    let sentences = parse(&bytes, format, labels).map_err(|error| error.within(path.display()))?;
    if sentences.is_empty() {
        return Err(Error::input(format!("{}: no sentence", path.display())).hint(GOLD));
    }
    Ok(sentences)
}

/// As [`read`], of bytes.
///
/// # Errors
/// As [`read`], without the file's name.
pub fn parse(bytes: &[u8], format: GoldFormat, labels: &Labels) -> Result<Vec<Sentence>> {
    if format == GoldFormat::Words && !labels.are_words() {
        return Err(Error::usage(format!(
            "words, but the model's labels are {}",
            labels.names().join(" ")
        ))
        .hint("give a file of characters with such labels and --format conll"));
    }
    let mut reader = Reader {
        labels,
        columns: 0,
        sentences: Vec::new(),
        open: None,
    };
    for (line, number) in bytes.split(|&byte| byte == b'\n').zip(1..) {
        let at = |error: Error| error.within(format!("line {number}"));
        let text = std::str::from_utf8(line)
            .map_err(|error| at(Error::input(format!("not UTF-8: {error}")).hint(TO_UTF8)))?;
        let text = if number == 1 {
            text.trim_start_matches(MARK)
        } else {
            text
        };
        let text = text.strip_suffix('\r').unwrap_or(text);
        match format {
            GoldFormat::Words => reader.words(text),
            GoldFormat::Conll => reader.column(text).map_err(at)?,
        }
    }
    reader.sentences.extend(reader.open.take());
    Ok(reader.sentences)
}

struct Reader<'l> {
    labels: &'l Labels,
    columns: usize,
    sentences: Vec<Sentence>,
    open: Option<Sentence>,
}

impl Reader<'_> {
    fn words(&mut self, line: &str) {
        let mut sentence = Sentence {
            characters: Vec::new(),
            labels: Vec::new(),
        };
        for word in line.split(is_gap).filter(|word| !word.is_empty()) {
            let count = word.chars().count();
            for (index, character) in word.chars().enumerate() {
                let role = match (index, count) {
                    (_, 1) => Role::Single,
                    (0, _) => Role::Begin,
                    (index, count) if index + 1 == count => Role::End,
                    _ => Role::Middle,
                };
                sentence.characters.push(character);
                sentence.labels.push(self.labels.of_role(role).to_owned());
            }
        }
        if !sentence.characters.is_empty() {
            self.sentences.push(sentence);
        }
    }

    fn column(&mut self, line: &str) -> Result<()> {
        // A TAB parts columns where there is one, so that a blank may be a token.
        let cells: Vec<&str> = match line.contains('\t') {
            true => line.split('\t').collect(),
            false => line.split_whitespace().collect(),
        };
        if cells.iter().all(|cell| cell.is_empty()) {
            self.sentences.extend(self.open.take());
            return Ok(());
        }
        let refused = |what: String| {
            Err(Error::input(what).hint(
                "a line has a character and its label with a TAB between them, and all lines have \
                 as many columns",
            ))
        };
        let (Some(token), Some(label)) = (cells.first(), cells.last()) else {
            return Ok(());
        };
        if cells.len() < 2 || label.is_empty() {
            return refused("no label".into());
        }
        if self.columns != 0 && self.columns != cells.len() {
            return refused(format!("{} columns; {} before", cells.len(), self.columns));
        }
        self.columns = cells.len();
        let mut characters = token.chars();
        let (Some(character), None) = (characters.next(), characters.next()) else {
            return refused(format!(
                "token \"{token}\" has {} characters, not one",
                token.chars().count()
            ));
        };
        let sentence = self.open.get_or_insert_with(|| Sentence {
            characters: Vec::new(),
            labels: Vec::new(),
        });
        sentence.characters.push(character);
        sentence.labels.push((*label).to_owned());
        Ok(())
    }
}

/// The words of `sentences`.
#[must_use]
pub fn words(sentences: &[Sentence]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for sentence in sentences {
        for span in super::spans::Measure::Words.spans(&sentence.names()) {
            all.insert(
                sentence
                    .characters
                    .iter()
                    .take(span.end)
                    .skip(span.start)
                    .collect(),
            );
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new(["S", "B", "M", "E"])
    }

    fn shown(format: GoldFormat, text: &str, labels: &Labels) -> Vec<String> {
        let sentences = parse(text.as_bytes(), format, labels).unwrap();
        let show = |sentence: &Sentence| {
            let pairs = sentence.characters.iter().zip(&sentence.labels);
            pairs
                .map(|(character, label)| format!("{character}{label}"))
                .collect()
        };
        sentences.iter().map(show).collect()
    }

    #[test]
    fn words_become_labels() {
        let found = shown(
            GoldFormat::Words,
            "\u{FEFF}春眠  不 觉晓了\r\n\n \n鸟",
            &labels(),
        );
        assert_eq!(found, ["春B眠E不S觉B晓M了E", "鸟S"]);
        let found = shown(
            GoldFormat::Words,
            "春眠不",
            &Labels::new(["B", "I", "E", "S"]),
        );
        assert_eq!(found, ["春B眠I不E"]);
        let sentences = parse("春眠 不\n不 春".as_bytes(), GoldFormat::Words, &labels()).unwrap();
        assert_eq!(
            words(&sentences).into_iter().collect::<Vec<_>>(),
            ["不", "春", "春眠"]
        );
    }

    #[test]
    fn columns_become_labels() {
        let tags = Labels::new(["O", "B-X"]);
        let found = shown(GoldFormat::Conll, "春\tB-X\n \tO\n\n\n眠\tO\r\n", &tags);
        assert_eq!(found, ["春B-X O", "眠O"]);
        assert_eq!(
            shown(GoldFormat::Conll, "春 x O\n眠 y O", &tags),
            ["春O眠O"]
        );
    }

    #[test]
    fn faults_name_the_line() {
        let tags = Labels::new(["O", "B-X"]);
        for (text, says) in [
            (&b"a\tO\nb\n"[..], "line 2: no label"),
            (b"a\tO\nb\tc\tO\n", "line 2: 3 columns; 2 before"),
            (b"a\t\n", "line 1: no label"),
            (b"ab\tO\n", "line 1: token \"ab\" has 2 characters, not one"),
            (b"a\tO\n\xFF\tO", "line 2: not UTF-8"),
        ] {
            let error = parse(text, GoldFormat::Conll, &tags)
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with(says) && error.contains("help: "),
                "{error}"
            );
        }
        let error = parse(b"a b", GoldFormat::Words, &tags)
            .unwrap_err()
            .to_string();
        assert!(error.contains("--format conll"), "{error}");
    }
}

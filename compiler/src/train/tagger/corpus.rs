//! Labelled texts: words separated by spaces, or a character and its label a line.
//!
//! ```text
//! words   a text a line            我们 去 北京          B E S B E
//! conll   a character a line       北<tab>B-LOC          any labels; an empty line ends a text
//! ```
//!
//! White space and line ends are those of [`text`](crate::tag::text), so that what `qibu tag` writes
//! reads back, whatever the characters: a form feed, say, is one, and no line end.

use crate::error::{Error, Result};
use crate::input_file;
use crate::tag::labels::Labels;
use crate::tag::spans::Measure;
use crate::tag::text::{self, MARK, is_gap};
use std::collections::BTreeSet;
use std::path::Path;

/// How a corpus file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One text a line, words separated by spaces: labels are begin, middle, end, single.
    #[default]
    Words,
    /// One character a line with its label, separated by a tab or spaces; texts by empty lines.
    Conll,
}

impl Format {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Conll => "conll",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "words" => Ok(Self::Words),
            "conll" => Ok(Self::Conll),
            other => Err(Error::usage(format!(
                "unknown format {other:?}; known: words, conll"
            ))),
        }
    }
}

/// Labels of words' characters, in tag order.
pub const SEGMENTATION: [&str; 4] = ["B", "M", "E", "S"];

/// Most labels: a set of them is 64 bits on the device.
pub const MOST_LABELS: usize = 64;

/// A text with the tag of each of its characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Its characters; never empty.
    pub characters: Vec<char>,
    /// Their tags: indices of labels.
    pub tags: Vec<u8>,
}

impl Text {
    /// Appends a word: its tags are begin, middle, end, or single.
    pub fn push_word(&mut self, word: &[char]) {
        let last = word.len().saturating_sub(1);
        let tags = (0..word.len()).map(|at| match (at == 0, at == last) {
            (true, true) => 3,
            (true, false) => 0,
            (false, true) => 2,
            (false, false) => 1,
        });
        self.characters.extend(word);
        self.tags.extend(tags);
    }

    /// Its words, `labels` being those of words.
    pub fn words(&self, labels: &Labels) -> Vec<&[char]> {
        let spans = Measure::Words.spans(&labels.names_of(&self.tags));
        let words = spans
            .iter()
            .filter_map(|span| self.characters.get(span.start..span.end));
        words.collect()
    }
}

/// The words of `texts`, `labels` being those of words.
pub fn words(texts: &[Text], labels: &Labels) -> BTreeSet<String> {
    let words = texts.iter().flat_map(|text| text.words(labels));
    words.map(|word| word.iter().collect()).collect()
}

/// Texts of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    /// How it was written.
    pub format: Format,
    /// The labels, in tag order.
    pub labels: Vec<String>,
    /// The texts, in the file's order.
    pub texts: Vec<Text>,
}

impl Corpus {
    /// Reads `path`; `known` are the labels that it may have, any where `None`.
    pub fn read(path: &Path, format: Format, known: Option<&[String]>) -> Result<Self> {
        let bytes = input_file::read(path, REMEDY)?;
        Self::parse(&bytes, format, known).map_err(|error| error.within(path.display()))
    }

    /// Reads a file's bytes.
    pub fn parse(bytes: &[u8], format: Format, known: Option<&[String]>) -> Result<Self> {
        let mut lines = Vec::new();
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let at = |why: String| Error::input(format!("line {}: {why}", index + 1));
            let line = std::str::from_utf8(line)
                .map_err(|error| at(format!("not UTF-8: {error}")).hint(input_file::TO_UTF8))?;
            let columns = format == Format::Conll;
            // A NUL with a label is what `qibu tag` makes of one; others are a sign of UTF-16.
            let labelled = match line.strip_prefix('\0') {
                Some(rest) if columns && rest.starts_with('\t') => rest,
                _ => line,
            };
            if labelled.contains('\0') {
                return Err(at("a NUL byte; text has none".into()).hint(input_file::TO_UTF8));
            }
            lines.push(match line.strip_prefix(MARK) {
                // A label belongs to it, so it is a character.
                Some(rest) if columns && rest.starts_with('\t') => line,
                Some(rest) if index == 0 => text::content(rest),
                _ => text::content(line),
            });
        }
        let corpus = match format {
            Format::Words if are_columns(&lines) => {
                let why = "a character, a tab and a label on each line: columns, not words";
                return Err(Error::usage(why)
                    .hint("give --format conll; or, if these are words, separate them by spaces"));
            }
            Format::Words => Self {
                format,
                labels: SEGMENTATION.map(String::from).into(),
                texts: lines.into_iter().filter_map(segmented).collect(),
            },
            Format::Conll => columns(&lines, known)?,
        };
        match corpus.texts.is_empty() {
            true => Err(Error::input("no text in it").hint(REMEDY)),
            false => Ok(corpus),
        }
    }

    /// The labels with what they mean.
    pub fn names(&self) -> Labels {
        Labels::new(self.labels.iter().map(String::as_str))
    }

    /// The words of all texts, the labels being those of words.
    pub fn words(&self) -> BTreeSet<String> {
        words(&self.texts, &self.names())
    }

    /// Number of characters of all texts.
    pub fn characters(&self) -> usize {
        self.texts.iter().map(|text| text.characters.len()).sum()
    }
}

/// What a corpus is, for those who gave none.
const REMEDY: &str = "give UTF-8 text: a line for each text with spaces between its words, or with \
    --format conll a line for each character, the character, a tab and its label, and an empty \
    line after each text";

/// Whether every line that is not empty has a character, a tab and a label: as words, which they are
/// taken for where `--format` is forgotten, they would teach nothing, and nobody would be told.
fn are_columns(lines: &[&str]) -> bool {
    let column = |line: &str| {
        let cells = line.trim_end_matches(is_gap).split('\t');
        let mut cells = cells.map(str::chars);
        let first = cells.next().is_some_and(|token| token.count() == 1);
        let label = |mut label: std::str::Chars| label.as_str() != "" && !label.any(is_gap);
        first && cells.next().is_some_and(label) && cells.next().is_none()
    };
    let mut full = lines
        .iter()
        .filter(|line| text::words(line).next().is_some())
        .peekable();
    full.peek().is_some() && full.all(|line| column(line))
}

/// The text of a line of words; none where it has no word.
fn segmented(line: &str) -> Option<Text> {
    let mut found = Text::default();
    for word in text::words(line) {
        let word: Vec<char> = word.chars().collect();
        found.push_word(&word);
    }
    (!found.characters.is_empty()).then_some(found)
}

/// The texts of lines of two columns.
fn columns(lines: &[&str], known: Option<&[String]>) -> Result<Corpus> {
    let mut rows: Vec<Vec<(char, &str)>> = vec![Vec::new()];
    for (index, line) in lines.iter().enumerate() {
        let at = |why: String| Error::input(format!("line {}: {why}", index + 1));
        let cells: Vec<&str> = text::words(line).collect();
        let (token, label) = match cells[..] {
            [] => {
                rows.push(Vec::new());
                continue;
            }
            [token, label] => (token, label),
            _ => {
                let plural = if cells.len() == 1 { "" } else { "s" };
                let why = format!(
                    "{} column{plural}; expected two, a character and its label",
                    cells.len()
                );
                return Err(at(why).hint(
                    "keep two columns, with `cut -f 1,4` for example; spaces inside a token or a \
                     label cannot be written",
                ));
            }
        };
        let mut characters = token.chars();
        let (Some(character), None) = (characters.next(), characters.next()) else {
            let why = format!("{token:?} is not one character; this model labels characters");
            return Err(at(why).hint(
                "write a line for each character, B-X for the first one of a token X and I-X for \
                 the others for example",
            ));
        };
        if label.contains(char::is_control) {
            let why = format!("label {label:?} has a control character in it");
            return Err(at(why).hint("end lines with a line feed, and separate columns by tabs"));
        }
        if known.is_some_and(|known| !known.iter().any(|one| one == label)) {
            let why = format!("label {label:?} does not occur in the corpus trained on");
            return Err(at(why).hint("give files with the same labels"));
        }
        if let Some(row) = rows.last_mut() {
            row.push((character, label));
        }
    }
    rows.retain(|row| !row.is_empty());
    let found: BTreeSet<&str> = rows.iter().flatten().map(|(_, label)| *label).collect();
    let labels: Vec<String> = match known {
        Some(known) => known.to_vec(),
        None => found.into_iter().map(String::from).collect(),
    };
    if labels.len() > MOST_LABELS {
        let why = format!(
            "{} labels; at most {MOST_LABELS} are told apart",
            labels.len()
        );
        return Err(Error::input(why).hint("is the label in the second column?"));
    }
    let tag = |label: &str| labels.iter().position(|one| one == label).unwrap_or(0) as u8;
    let texts = rows.iter().map(|row| Text {
        characters: row.iter().map(|(character, _)| *character).collect(),
        tags: row.iter().map(|(_, label)| tag(label)).collect(),
    });
    Ok(Corpus {
        format: Format::Conll,
        texts: texts.collect(),
        labels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_tags() {
        let text = "\u{FEFF}我们 去\u{3000}北京市\r\n\n  \nab c\r \n";
        let corpus = Corpus::parse(text.as_bytes(), Format::Words, None).unwrap();
        assert_eq!(corpus.texts.len(), 2);
        let first: String = corpus.texts[0].characters.iter().collect();
        assert_eq!(
            (first.as_str(), &corpus.texts[0].tags[..]),
            ("我们去北京市", &[0, 2, 3, 0, 1, 2][..])
        );
        assert_eq!(corpus.texts[1].tags, [0, 2, 3]);
        assert_eq!(corpus.characters(), 9);
    }

    #[test]
    fn control_characters_are_characters_and_end_nothing() {
        let text = "a\u{c}b\u{2028}\u{85} \u{b}\rc\n\u{FEFF}d";
        let corpus = Corpus::parse(text.as_bytes(), Format::Words, None).unwrap();
        let words: Vec<String> = corpus.words().into_iter().collect();
        assert_eq!(words, ["\u{b}\rc", "a\u{c}b", "\u{85}", "\u{FEFF}d"]);
        let text = "\u{FEFF}a\u{2028}O\r\n\r\tO\n\0\tO \n\u{FEFF}\tO\n\u{c}\tO\r \n";
        let corpus = Corpus::parse(text.as_bytes(), Format::Conll, None).unwrap();
        assert_eq!(
            corpus.texts[0].characters,
            ['a', '\r', '\0', '\u{FEFF}', '\u{c}']
        );
    }

    #[test]
    fn words_may_be_separated_by_tabs() {
        for text in ["我\t在\n我们\t去\n", "我\t在 家\n", "我\t在\t家\n", "我\n"] {
            let corpus = Corpus::parse(text.as_bytes(), Format::Words, None);
            assert_eq!(corpus.unwrap().labels, SEGMENTATION, "{text:?}");
        }
    }

    #[test]
    fn columns_become_tags() {
        let text = "在\tO\n北 B-LOC\n京  I-LOC\n\n\n他\tO";
        let corpus = Corpus::parse(text.as_bytes(), Format::Conll, None).unwrap();
        assert_eq!(corpus.labels, ["B-LOC", "I-LOC", "O"]);
        let tags: Vec<&[u8]> = corpus.texts.iter().map(|text| &text.tags[..]).collect();
        assert_eq!(tags, [&[2, 0, 1][..], &[2]]);
        let known = ["O".to_string()];
        let error = Corpus::parse(text.as_bytes(), Format::Conll, Some(&known)).unwrap_err();
        assert!(
            error.to_string().starts_with("line 2: label \"B-LOC\""),
            "{error}"
        );
    }

    #[test]
    fn says_which_line_is_wrong() {
        let many: String = (0..65).map(|label| format!("字 L{label}\n")).collect();
        let cases: [(&[u8], Format, &str); 13] = [
            (b"", Format::Words, "no text"),
            (b" \n\r\n", Format::Words, "no text"),
            (b"a b\n\xFF\n", Format::Words, "line 2: not UTF-8"),
            (b"a b\nc\0d\n", Format::Words, "line 2: a NUL"),
            (
                b"a\tO\r\nb\tB-X\n\nc\tO\n",
                Format::Words,
                "a character, a tab",
            ),
            (b"\n\n", Format::Conll, "no text"),
            (b"a O\nb\n", Format::Conll, "line 2: 1 column;"),
            (b"a O\n\nb O O\n", Format::Conll, "line 3: 3 columns;"),
            (
                b"ab O\n",
                Format::Conll,
                "line 1: \"ab\" is not one character",
            ),
            (b"a O\nb\0\tO\n", Format::Conll, "line 2: a NUL"),
            (b"\0a\0\t\0O\n", Format::Conll, "line 1: a NUL"),
            (b"a O\x0C\n", Format::Conll, "line 1: label \"O\\u{c}\""),
            (many.as_bytes(), Format::Conll, "65 labels"),
        ];
        for (bytes, format, expected) in cases {
            let error = Corpus::parse(bytes, format, None).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
            assert!(error.remedy().is_some(), "{error}");
        }
    }
}

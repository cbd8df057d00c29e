//! Tagged characters as text, written as they come: no line is held.
//!
//! | format | labels that cut words | other labels |
//! |---|---|---|
//! | words | `春眠 不 觉 晓` | `春/B-SEASON 眠/O …` |
//! | conll | `春` TAB `B`, a line each; an empty line behind every line of the text | the same |
//! | json | `{"line":1,"words":["春眠","不","觉","晓"]}` | only [`whole`], as labels follow all tokens |
//!
//! Words keep the text's own line ends, a byte order mark and a last line without an end. In the
//! other formats every line ends with a line feed.

pub mod whole;

use super::labels::{Labels, Role};
use super::text::{Ending, MARK};
use clap::ValueEnum;
use std::fmt::Write;

/// Form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The text with a blank between words; character/LABEL where labels cut no words.
    Words,
    /// A character, TAB, its label in each line; an empty line behind every line of the text.
    Conll,
    /// One JSON object for each line of the text.
    Json,
}

/// A tagged character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The character.
    pub character: char,
    /// Its tag.
    pub tag: u8,
    /// Whether white space stands before it.
    pub gap: bool,
}

/// Writes lines as their tokens come, into a string that the caller empties.
pub struct Writer {
    format: Format,
    labels: Labels,
    file: Option<String>,
    line: u64,
    /// The line has a token.
    open: bool,
    previous: Option<Role>,
    /// What has been written.
    pub out: String,
}

impl Writer {
    /// A writer of `format` for a model's `labels`.
    #[must_use]
    pub fn new(format: Format, labels: Labels) -> Self {
        Self {
            format,
            labels,
            file: None,
            line: 1,
            open: false,
            previous: None,
            out: String::new(),
        }
    }

    /// The lines that follow are those of another text; JSON names it where it has a name.
    pub fn start(&mut self, file: Option<&str>) {
        self.file = file.map(str::to_owned);
        self.line = 1;
    }

    /// The text starts with a byte order mark.
    pub fn mark(&mut self) {
        if self.format == Format::Words {
            self.out.push(MARK);
        }
    }

    /// The next character of the line.
    pub fn token(&mut self, token: Token) {
        let Token {
            character,
            tag,
            gap,
        } = token;
        let first = !self.open;
        let role = self.labels.role(tag);
        let begins = first || gap || role.is_none_or(|role| role.begins(self.previous));
        match (self.format, role) {
            (Format::Words, Some(_)) => {
                if begins && !first {
                    self.out.push(' ');
                }
                self.out.push(character);
            }
            (Format::Words, None) => {
                if !first {
                    self.out.push(' ');
                }
                let _ = write!(self.out, "{character}/{}", self.labels.name(tag));
            }
            (Format::Conll, _) => {
                let _ = writeln!(self.out, "{character}\t{}", self.labels.name(tag));
            }
            (Format::Json, _) => {
                if first {
                    self.head();
                }
                if begins {
                    self.out.push_str(if first { "\"" } else { "\",\"" });
                }
                escape(character, &mut self.out);
            }
        }
        self.open = true;
        self.previous = role;
    }

    /// The line ends.
    pub fn end(&mut self, ending: Ending) {
        match self.format {
            Format::Words => self.out.push_str(ending.text()),
            Format::Conll => self.out.push('\n'),
            Format::Json => {
                if !self.open {
                    self.head();
                }
                self.out.push_str(if self.open { "\"]}\n" } else { "]}\n" });
            }
        }
        self.open = false;
        self.previous = None;
        self.line += 1;
    }

    fn head(&mut self) {
        place(self.file.as_deref(), self.line, &mut self.out);
        self.out.push_str("\"words\":[");
    }
}

/// Opens a line's JSON object with its place.
fn place(file: Option<&str>, line: u64, out: &mut String) {
    out.push('{');
    if let Some(file) = file {
        out.push_str("\"file\":\"");
        file.chars().for_each(|character| escape(character, out));
        out.push_str("\",");
    }
    let _ = write!(out, "\"line\":{line},");
}

/// Appends `character` as it stands within a JSON string.
fn escape(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        control if control < ' ' => {
            let _ = write!(out, "\\u{:04x}", u32::from(control));
        }
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 4] = ["B", "M", "E", "S"];

    /// Writes `text`, a tag digit behind each character, `_` for a gap, as one line.
    fn written(format: Format, names: &[&str], text: &str, ending: Ending) -> String {
        let mut writer = Writer::new(format, Labels::new(names.iter().copied()));
        let characters: Vec<char> = text.chars().collect();
        let mut gap = false;
        let mut rest = &characters[..];
        while let [character, after @ ..] = rest {
            if *character == '_' {
                gap = true;
                rest = after;
                continue;
            }
            let tag = after[0].to_digit(10).unwrap() as u8;
            writer.token(Token {
                character: *character,
                tag,
                gap,
            });
            gap = false;
            rest = &after[1..];
        }
        writer.end(ending);
        writer.out
    }

    #[test]
    fn every_format_by_hand() {
        let line = "春0眠2不3_觉1晓1";
        for (format, expected) in [
            (Format::Words, "春眠 不 觉晓\r\n"),
            (Format::Conll, "春\tB\n眠\tE\n不\tS\n觉\tM\n晓\tM\n\n"),
            (
                Format::Json,
                "{\"line\":1,\"words\":[\"春眠\",\"不\",\"觉晓\"]}\n",
            ),
        ] {
            assert_eq!(written(format, &NAMES, line, Ending::CrLf), expected);
        }
        let other = ["O", "B-X", "I-X"];
        assert_eq!(
            written(Format::Words, &other, "春1眠0", Ending::Nothing),
            "春/B-X 眠/O"
        );
        assert_eq!(
            written(Format::Conll, &other, "春1", Ending::Nothing),
            "春\tB-X\n\n"
        );
    }

    #[test]
    fn empty_lines_stay() {
        for (format, expected) in [
            (Format::Words, "\n"),
            (Format::Conll, "\n"),
            (Format::Json, "{\"line\":1,\"words\":[]}\n"),
        ] {
            assert_eq!(written(format, &NAMES, "", Ending::Lf), expected);
        }
    }

    #[test]
    fn files_are_named_and_lines_numbered_anew() {
        let mut writer = Writer::new(Format::Json, Labels::new(NAMES));
        writer.start(Some("a\"b"));
        writer.end(Ending::Lf);
        writer.end(Ending::Lf);
        writer.start(Some("c"));
        writer.end(Ending::Lf);
        let lines: Vec<serde_json::Value> = writer
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let places: Vec<String> = lines
            .iter()
            .map(|line| format!("{}{}", line["file"], line["line"]))
            .collect();
        assert_eq!(places, ["\"a\\\"b\"1", "\"a\\\"b\"2", "\"c\"1"]);
    }

    proptest! {
        #[test]
        fn words_are_the_text(tokens in proptest::collection::vec(("[^ \n]", 0u8..4, any::<bool>()), 0..30)) {
            let mut text = String::new();
            let mut words = Writer::new(Format::Words, Labels::new(NAMES));
            let mut json = Writer::new(Format::Json, Labels::new(NAMES));
            for (character, tag, gap) in &tokens {
                let character = character.chars().next().unwrap();
                let token = Token { character, tag: *tag, gap: *gap };
                words.token(token);
                json.token(token);
                text.push(character);
            }
            words.end(Ending::Nothing);
            json.end(Ending::Nothing);
            prop_assert_eq!(words.out.replace(' ', ""), &*text);
            let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
            let found: Vec<&str> = value["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
            prop_assert_eq!(found.concat(), text);
            prop_assert_eq!(found.join(" "), words.out);
        }
    }
}

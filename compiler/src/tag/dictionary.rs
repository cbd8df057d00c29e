//! A user's dictionary: a file of words to prefer, or to avoid.
//!
//! A line is a word, or a word, a TAB and its weight in nats: what each of its characters gains where
//! the word stands in the text. Empty lines do not count. A word that is there twice has one weight.
//! The decoder of the runtime, [`qibu::decode::dictionary`], adds the weights.

use super::labels::{Labels, Role};
use super::text::{MARK, is_gap};
use crate::error::{Error, Result};
use crate::input_file::{self, TO_UTF8};
use qibu::decode::crf::fixed;
use qibu::decode::dictionary::{self, Entry, Roles};
use std::collections::BTreeMap;
use std::path::Path;

/// Weight of a word that has none, in nats for each character.
pub const WEIGHT: f32 = 2.0;
/// Most characters of a word.
pub const LONGEST: usize = 32;
/// Greatest weight; more than any network's scores.
const GREATEST: f32 = 1000.0;

/// What a dictionary is, for those who gave something else.
const FORM: &str = "a dictionary has a word a line, and behind a TAB, where wanted, its weight: \
    a number of nats such as 2 or -1.5";

/// Words with their weights, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Dictionary {
    words: Vec<(String, i32)>,
    roles: Roles,
}

/// Adds a dictionary's weights to scores as they come.
pub type Favour<'d> = dictionary::Dictionary<'d, Dictionary, 4, LONGEST>;

impl dictionary::Words for Dictionary {
    fn count(&self) -> usize {
        self.words.len()
    }

    fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let (word, bias) = self.words.get(index)?;
        Some(Entry { word, bias: *bias })
    }
}

/// Reads the dictionary at `path` for a model with `labels`.
///
/// # Errors
/// The file is unreadable, has no word or a bad line, or the labels cut no words.
pub fn read(path: &Path, labels: &Labels) -> Result<Dictionary> {
    let bytes = input_file::read(path, FORM)?;
    parse(&bytes, labels).map_err(|error| match error.kind() {
        crate::error::ErrorKind::Input => error.within(path.display()),
        _ => error,
    })
}

/// As [`read`], of bytes.
///
/// # Errors
/// As [`read`], without the file's name.
pub fn parse(bytes: &[u8], labels: &Labels) -> Result<Dictionary> {
    let tag = |role| labels.tag_of(role);
    let (Some(begin), Some(middle), Some(end), Some(single)) = (
        tag(Role::Begin),
        tag(Role::Middle),
        tag(Role::End),
        tag(Role::Single),
    ) else {
        return Err(Error::usage(format!(
            "--dict: the model's labels are {}, not those of words",
            labels.names().join(" ")
        ))
        .hint("a dictionary goes with models that have the labels B, M, E and S"));
    };
    let mut words: BTreeMap<String, (f32, usize)> = BTreeMap::new();
    for (line, number) in bytes.split(|&byte| byte == b'\n').zip(1..) {
        let refused = |what: String| Error::input(format!("line {number}: {what}")).hint(FORM);
        let text = std::str::from_utf8(line).map_err(|error| {
            Error::input(format!("line {number}: not UTF-8: {error}")).hint(TO_UTF8)
        })?;
        let text = if number == 1 {
            text.trim_start_matches(MARK)
        } else {
            text
        };
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.trim().is_empty() {
            continue;
        }
        let (word, weight) = entry(text).map_err(refused)?;
        match words.insert(word.to_owned(), (weight, number)) {
            Some((before, at)) if before != weight => {
                return Err(refused(format!(
                    "\"{word}\" has the weight {weight}, and {before} in line {at}"
                )));
            }
            _ => {}
        }
    }
    if words.is_empty() {
        return Err(Error::input("no word in the dictionary").hint(FORM));
    }
    let words = words
        .into_iter()
        .map(|(word, (weight, _))| (word, fixed(weight)));
    Ok(Dictionary {
        words: words.collect(),
        roles: Roles {
            begin,
            middle,
            end,
            single,
        },
    })
}

/// A line's word and weight.
fn entry(line: &str) -> std::result::Result<(&str, f32), String> {
    let (word, weight) = match line.split_once('\t') {
        Some((word, weight)) => (word.trim(), Some(weight.trim())),
        None => (line.trim(), None),
    };
    let length = word.chars().count();
    if length == 0 {
        return Err("no word before the TAB".into());
    }
    if word.contains(is_gap) {
        return Err(format!("\"{word}\" has white space in it"));
    }
    if length > LONGEST {
        return Err(format!("a word of {length} characters; at most {LONGEST}"));
    }
    let Some(text) = weight else {
        return Ok((word, WEIGHT));
    };
    let weight = text
        .parse()
        .ok()
        .filter(|weight: &f32| (-GREATEST..=GREATEST).contains(weight));
    let weight = weight.ok_or_else(|| {
        format!("\"{text}\" is no weight; expected a number from -{GREATEST} to {GREATEST}")
    })?;
    Ok((word, weight))
}

impl Dictionary {
    /// Number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Adds the weights to scores as they come.
    ///
    /// # Errors
    /// Never for a dictionary that was read.
    pub fn favour(&self) -> Result<Favour<'_>> {
        let favour = dictionary::Dictionary::new(self, self.roles, 4);
        favour.map_err(|error| Error::input(format!("the dictionary: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new(["S", "B", "M", "E"])
    }

    #[test]
    fn words_and_weights() {
        let text = "\u{FEFF}山水\t-1.5\r\n\n春眠\n a \n山水\t-1.5\n";
        let found = parse(text.as_bytes(), &labels()).unwrap();
        let nat = 65536;
        let expected = [("a", 2 * nat), ("山水", -3 * nat / 2), ("春眠", 2 * nat)];
        assert_eq!(
            found.words,
            expected.map(|(word, bias)| (word.to_owned(), bias))
        );
        assert_eq!((found.roles.begin, found.roles.single), (1, 0));
        assert!(found.favour().is_ok());
    }

    #[test]
    fn faults_name_the_line() {
        let long = format!("a\n{}\n", "长".repeat(33));
        for (text, says) in [
            (&b"a\nb\tx\n"[..], "line 2: \"x\" is no weight"),
            (b"a\t1\nb\tNaN\n", "line 2: \"NaN\" is no weight"),
            (b"a\t\n", "line 1: \"\" is no weight"),
            (
                b"a\t1e9",
                "line 1: \"1e9\" is no weight; expected a number from -1000 to 1000",
            ),
            (b"\t1", "line 1: no word"),
            (b"a 5 n\n", "line 1: \"a 5 n\" has white space"),
            (
                b"a\t1\nb\na\t2\n",
                "line 3: \"a\" has the weight 2, and 1 in line 1",
            ),
            (b"\n \n", "no word in the dictionary"),
            (b"a\n\xFF\n", "line 2: not UTF-8"),
            (
                long.as_bytes(),
                "line 2: a word of 33 characters; at most 32",
            ),
        ] {
            let error = parse(text, &labels()).unwrap_err().to_string();
            assert!(
                error.starts_with(says) && error.contains("help: "),
                "{error}"
            );
        }
        let error = parse(b"a", &Labels::new(["O", "B-X"]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("the labels B, M, E and S"), "{error}");
    }
}

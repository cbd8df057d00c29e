//! Couplets from text: plain files and the chinese-poetry folder.
//!
//! A couplet is a sentence `AAAAA，BBBBB。` (or seven and seven), both halves nothing but
//! characters; it starts at a line's start or after 。. Everything else is passed over.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Couplets of one form, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Corpus {
    /// Characters of one couplet.
    pub form: usize,
    /// The characters of all couplets.
    pub characters: Vec<char>,
}

impl Corpus {
    /// Reads `path`: a text file with one poem a line, or a folder with `poet.*.json` files as
    /// chinese-poetry has them.
    pub fn read(path: &Path, form: usize) -> Result<Self> {
        let mut corpus = Self {
            form,
            characters: Vec::new(),
        };
        if path.is_dir() {
            for file in poem_files(path)? {
                corpus.take_json(&file)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            corpus.take_json(path)?;
        } else {
            corpus
                .take_text(&load(path)?)
                .map_err(|error| error.within(path.display()))?;
        }
        if corpus.characters.is_empty() {
            let half = form / 2;
            return Err(Error::input(format!(
                "{}: no couplet of {half} and {half} characters",
                path.display()
            ))
            .hint(format!(
                "a couplet reads {}，{}。 at a line's start or after 。",
                "字".repeat(half),
                "字".repeat(half)
            )));
        }
        Ok(corpus)
    }

    /// Number of couplets.
    pub fn len(&self) -> usize {
        self.characters.len() / self.form
    }

    /// Whether there is no couplet.
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// Takes the couplets of a text, one poem a line.
    pub fn take_text(&mut self, bytes: &[u8]) -> Result<()> {
        for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = std::str::from_utf8(line).map_err(|error| {
                Error::input(format!("line {}: not UTF-8: {error}", number + 1))
                    .hint("convert the file to UTF-8, with `iconv -f GB18030 -t UTF-8` for example")
            })?;
            self.take_line(line.trim_start_matches('\u{FEFF}').trim());
        }
        Ok(())
    }

    fn take_line(&mut self, line: &str) {
        let half = self.form / 2;
        // What follows the last 。 is not a finished sentence.
        let Some((sentences, _)) = line.rsplit_once('。') else {
            return;
        };
        for sentence in sentences.split('。') {
            let mut halves = sentence.split('，');
            let (Some(first), Some(second), None) = (halves.next(), halves.next(), halves.next())
            else {
                continue;
            };
            let whole =
                |line: &str| line.chars().count() == half && line.chars().all(char::is_alphabetic);
            if whole(first) && whole(second) {
                self.characters.extend(first.chars().chain(second.chars()));
            }
        }
    }

    fn take_json(&mut self, path: &Path) -> Result<()> {
        let poems: serde_json::Value = serde_json::from_slice(&load(path)?)
            .map_err(|error| Error::input(format!("{}: {error}", path.display())))?;
        let poems = poems
            .as_array()
            .ok_or_else(|| Error::input(format!("{}: expected a list of poems", path.display())))?;
        for poem in poems {
            let paragraphs = poem["paragraphs"].as_array().map_or(&[][..], Vec::as_slice);
            for paragraph in paragraphs.iter().filter_map(|paragraph| paragraph.as_str()) {
                self.take_line(paragraph.trim());
            }
        }
        Ok(())
    }

    /// The characters that occur at least `min_count` times, the most frequent first, ties by
    /// code point.
    pub fn vocabulary(&self, min_count: usize) -> Vec<char> {
        let mut counts: BTreeMap<char, usize> = BTreeMap::new();
        for &character in &self.characters {
            *counts.entry(character).or_default() += 1;
        }
        let mut kept: Vec<(char, usize)> = counts
            .into_iter()
            .filter(|(_, count)| *count >= min_count)
            .collect();
        kept.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        kept.into_iter().map(|(character, _)| character).collect()
    }

    /// The couplets as ids; those with a character outside `vocabulary` are left out.
    pub fn encode(&self, vocabulary: &[char]) -> Encoded {
        let ids: BTreeMap<char, i64> = vocabulary.iter().copied().zip(0..).collect();
        let mut encoded = Encoded {
            form: self.form,
            ids: Vec::with_capacity(self.characters.len()),
            known: 0,
            total: self.characters.len(),
        };
        for couplet in self.characters.chunks_exact(self.form) {
            let row: Vec<i64> = couplet
                .iter()
                .filter_map(|character| ids.get(character).copied())
                .collect();
            encoded.known += row.len();
            if row.len() == self.form {
                encoded.ids.extend(row);
            }
        }
        encoded
    }
}

/// Couplets as vocabulary ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Characters of one couplet.
    pub form: usize,
    /// Ids of all kept couplets.
    pub ids: Vec<i64>,
    /// Characters of the corpus that the vocabulary has.
    pub known: usize,
    /// Characters of the corpus.
    pub total: usize,
}

impl Encoded {
    /// Number of kept couplets.
    pub fn len(&self) -> usize {
        self.ids.len() / self.form
    }

    /// Whether no couplet was kept.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Couplet `index`.
    pub fn couplet(&self, index: usize) -> &[i64] {
        &self.ids[index * self.form..][..self.form]
    }

    /// Share of the corpus' characters that the vocabulary has.
    pub fn coverage(&self) -> f64 {
        self.known as f64 / self.total.max(1) as f64
    }
}

fn load(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::input(format!("cannot read {}: {error}", path.display())))
}

/// The poem files of a chinese-poetry folder, in order of their numbers.
fn poem_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Error::input(format!("cannot read {}: {error}", folder.display())))?;
    let is_poems = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("poet.") && name.ends_with(".json")
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_poems)
        .collect();
    let number = |path: &PathBuf| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let number = name
            .split('.')
            .nth(2)
            .and_then(|text| text.parse::<u64>().ok());
        (name.split('.').nth(1).map(str::to_string), number, name)
    };
    files.sort_by_key(number);
    if files.is_empty() {
        return Err(Error::input(format!("{}: no poet.*.json file", folder.display()))
            .hint("give the folder 全唐诗 of github.com/chinese-poetry/chinese-poetry, or a text file"));
    }
    Ok(files)
}

/// The vocabulary of a model (`model.onnx`, `.safetensors`) or of a text file of characters.
pub fn vocabulary_of(path: &Path) -> Result<Vec<char>> {
    let bytes = load(path)?;
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let text = match extension.as_ref() {
        "onnx" => {
            let model: crate::onnx::ModelProto = prost::Message::decode(bytes.as_slice())
                .map_err(|error| Error::input(format!("{}: {error}", path.display())))?;
            let found = model
                .metadata_props
                .into_iter()
                .find(|entry| entry.key == "qibu.vocab");
            found.map(|entry| entry.value)
        }
        "safetensors" => super::tensors::File::parse(&bytes)
            .map_err(|error| error.within(path.display()))?
            .metadata
            .remove("vocab"),
        _ => String::from_utf8(bytes).ok().map(|text| {
            text.chars()
                .filter(|character| !character.is_whitespace())
                .collect()
        }),
    };
    let characters: Vec<char> = text.unwrap_or_default().chars().collect();
    let distinct: std::collections::BTreeSet<char> = characters.iter().copied().collect();
    match (characters.len(), distinct.len()) {
        (0, _) => Err(Error::input(format!(
            "{}: no vocabulary in it",
            path.display()
        ))),
        (all, distinct) if all != distinct => Err(Error::input(format!(
            "{}: the vocabulary repeats a character",
            path.display()
        ))),
        _ => Ok(characters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn couplets(text: &str) -> Vec<String> {
        let mut corpus = Corpus {
            form: 10,
            characters: Vec::new(),
        };
        corpus.take_text(text.as_bytes()).unwrap();
        corpus
            .characters
            .chunks(10)
            .map(|couplet| couplet.iter().collect())
            .collect()
    }

    #[test]
    fn takes_whole_sentences_of_the_form_only() {
        let text = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\n\
            春眠不觉晓，处处闻啼鸟\n\
            两个黄鹂鸣翠柳，一行白鹭上青天。\n\
            床前明月光，疑是地上□。举头望明月，低头思故乡。\r\n";
        let found = couplets(text);
        assert_eq!(
            found,
            [
                "白日依山尽黄河入海流",
                "欲穷千里目更上一层楼",
                "举头望明月低头思故乡"
            ]
        );
    }

    #[test]
    fn names_the_line_that_is_not_utf8() {
        let mut corpus = Corpus {
            form: 10,
            characters: Vec::new(),
        };
        let error = corpus.take_text(b"\xE7\x99\xBD\n\xFF\n").unwrap_err();
        assert!(
            error.to_string().starts_with("line 2: not UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn vocabulary_is_by_frequency_then_code_point() {
        let corpus = Corpus {
            form: 10,
            characters: "白日白山日白河入海山".chars().collect(),
        };
        assert_eq!(corpus.vocabulary(2).iter().collect::<String>(), "白山日");
        let encoded = corpus.encode(&corpus.vocabulary(1));
        assert_eq!(encoded.len(), 1);
        assert_eq!(encoded.couplet(0)[..3], [0, 2, 0]);
        assert!(corpus.encode(&corpus.vocabulary(2)).is_empty());
    }
}

//! Poems of one form from text: plain files and the chinese-poetry folder.
//!
//! A couplet is a sentence `AAAAA，BBBBB。` (or seven and seven), both halves nothing but
//! characters; it starts at a line's start or after 。. A quatrain is two couplets of one poem that
//! follow each other, the first of them the poem's first, third, fifth …: regulated poems of eight
//! lines repeat the pattern of four. Everything else is passed over.

mod vocabulary;

pub use vocabulary::{Encoded, vocabulary_of};

use crate::error::{Error, Result};
use crate::input_file;
use std::path::{Path, PathBuf};

/// Characters of the poems that are known: two and four lines of five, two and four of seven.
pub const FORMS: [usize; 4] = [10, 14, 20, 28];

/// Characters of a line of a poem of `form` characters.
#[must_use]
pub fn line_of(form: usize) -> usize {
    match form.is_multiple_of(7) {
        true => 7,
        false => 5,
    }
}

/// Poems of one form, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Corpus {
    /// Characters of one poem, see [`FORMS`].
    pub form: usize,
    /// The characters of all poems.
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
                .take_text(&input_file::read(path, CORPUS)?)
                .map_err(|error| error.within(path.display()))?;
        }
        if corpus.characters.is_empty() {
            let line = line_of(form);
            let couplet = format!("{0}，{0}。", "字".repeat(line));
            return Err(Error::input(format!(
                "{}: no poem of {} lines of {line} characters",
                path.display(),
                form / line
            ))
            .hint(format!(
                "a couplet reads {couplet} at a line's start or after 。; a quatrain is two of them"
            )));
        }
        Ok(corpus)
    }

    /// Number of poems.
    pub fn len(&self) -> usize {
        self.characters.len() / self.form
    }

    /// Whether there is no poem.
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// Takes the poems of a text, one poem a line.
    pub fn take_text(&mut self, bytes: &[u8]) -> Result<()> {
        for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = std::str::from_utf8(line).map_err(|error| {
                Error::input(format!("line {}: not UTF-8: {error}", number + 1))
                    .hint(input_file::TO_UTF8)
            })?;
            self.take_line(line.trim_start_matches('\u{FEFF}').trim());
        }
        Ok(())
    }

    fn take_line(&mut self, line: &str) {
        // What follows the last 。 is not a finished sentence.
        let Some((sentences, _)) = line.rsplit_once('。') else {
            return;
        };
        let sentences: Vec<&str> = sentences.split('。').collect();
        let couplets = self.form / line_of(self.form) / 2;
        for sentences in sentences.chunks_exact(couplets) {
            let poem = sentences.iter().map(|sentence| self.couplet(sentence));
            let poem: Option<Vec<[&str; 2]>> = poem.collect();
            let lines = poem.iter().flatten().flatten();
            self.characters.extend(lines.flat_map(|line| line.chars()));
        }
    }

    /// The lines of a sentence that is a couplet.
    fn couplet<'a>(&self, sentence: &'a str) -> Option<[&'a str; 2]> {
        let length = line_of(self.form);
        let (first, second) = sentence.split_once('，')?;
        let whole =
            |line: &str| line.chars().count() == length && line.chars().all(char::is_alphabetic);
        (whole(first) && whole(second)).then_some([first, second])
    }

    fn take_json(&mut self, path: &Path) -> Result<()> {
        let refused = |why: String| Error::input(format!("{}: {why}", path.display())).hint(CORPUS);
        let bytes = input_file::read(path, CORPUS)?;
        let poems: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
        let poems = poems
            .as_array()
            .ok_or_else(|| refused("expected a list of poems".into()))?;
        for poem in poems {
            let paragraphs = poem["paragraphs"].as_array().map_or(&[][..], Vec::as_slice);
            for paragraph in paragraphs.iter().filter_map(|paragraph| paragraph.as_str()) {
                self.take_line(paragraph.trim());
            }
        }
        Ok(())
    }
}

/// What a corpus is, for those who gave none.
const CORPUS: &str = "give a text file (one poem a line, clauses ended by ， and 。), or the folder \
    全唐诗 of github.com/chinese-poetry/chinese-poetry";

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
        let message = format!("{}: no poet.*.json file", folder.display());
        return Err(Error::input(message).hint(CORPUS));
    }
    Ok(files)
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
    fn quatrains_are_two_couplets_of_one_poem_from_an_odd_one_on() {
        let text = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。举头望明月，低头思故乡。\n\
            床前明月光，疑是地上霜。两个黄鹂鸣翠柳，一行白鹭上青天。\n\
            春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。\n";
        let mut corpus = Corpus {
            form: 20,
            characters: Vec::new(),
        };
        corpus.take_text(text.as_bytes()).unwrap();
        let poems = corpus.characters.chunks(20).map(String::from_iter);
        assert_eq!(
            poems.collect::<Vec<_>>(),
            [
                "白日依山尽黄河入海流欲穷千里目更上一层楼",
                "春眠不觉晓处处闻啼鸟夜来风雨声花落知多少"
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
        assert_eq!(encoded.poem(0)[..3], [0, 2, 0]);
        assert!(corpus.encode(&corpus.vocabulary(2)).is_empty());
    }
}

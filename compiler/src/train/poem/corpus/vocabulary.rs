//! The characters that a model knows, and poems as their ids.

use super::Corpus;
use crate::error::{Error, Result};
use crate::input_file;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

impl Corpus {
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

    /// The poems as ids; those with a character outside `vocabulary` are left out.
    pub fn encode(&self, vocabulary: &[char]) -> Encoded {
        let ids: BTreeMap<char, i64> = vocabulary.iter().copied().zip(0..).collect();
        let mut encoded = Encoded {
            form: self.form,
            ids: Vec::with_capacity(self.characters.len()),
            known: 0,
            total: self.characters.len(),
        };
        for poem in self.characters.chunks_exact(self.form) {
            let row: Vec<i64> = poem
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

/// Poems as vocabulary ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Characters of one poem.
    pub form: usize,
    /// Ids of all kept poems.
    pub ids: Vec<i64>,
    /// Characters of the corpus that the vocabulary has.
    pub known: usize,
    /// Characters of the corpus.
    pub total: usize,
}

impl Encoded {
    /// Number of kept poems.
    pub fn len(&self) -> usize {
        self.ids.len() / self.form
    }

    /// Whether no poem was kept.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Poem `index`.
    pub fn poem(&self, index: usize) -> &[i64] {
        &self.ids[index * self.form..][..self.form]
    }

    /// Share of the corpus' characters that the vocabulary has.
    pub fn coverage(&self) -> f64 {
        self.known as f64 / self.total.max(1) as f64
    }
}

/// What `--vocab` takes.
const VOCABULARY: &str = "--vocab takes a poem model's model.onnx or model.safetensors, or a UTF-8 \
    text file with every character once";

/// The vocabulary of a model (`model.onnx`, `.safetensors`) or of a text file of characters.
pub fn vocabulary_of(path: &Path) -> Result<Vec<char>> {
    let bytes = input_file::read(path, VOCABULARY)?;
    let refused = |why: &str| Error::input(format!("{}: {why}", path.display())).hint(VOCABULARY);
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let text = match extension.as_ref() {
        "onnx" => {
            let model: crate::onnx::ModelProto = prost::Message::decode(bytes.as_slice())
                .map_err(|error| refused(&error.to_string()))?;
            let found = model
                .metadata_props
                .into_iter()
                .find(|entry| entry.key == "qibu.vocab");
            found.map(|entry| entry.value)
        }
        "safetensors" => crate::train::tensors::File::parse(&bytes)
            .map_err(|error| error.within(path.display()).hint(VOCABULARY))?
            .metadata
            .remove("vocab"),
        _ => String::from_utf8(bytes).ok().map(|text| {
            text.chars()
                .filter(|character| !character.is_whitespace())
                .collect()
        }),
    };
    let characters: Vec<char> = text.unwrap_or_default().chars().collect();
    let distinct: BTreeSet<char> = characters.iter().copied().collect();
    match (characters.len(), distinct.len()) {
        (0, _) => Err(refused("no vocabulary in it")),
        (all, distinct) if all != distinct => Err(refused("the vocabulary repeats a character")),
        _ => Ok(characters),
    }
}

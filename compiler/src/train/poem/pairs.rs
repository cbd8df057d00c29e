//! The pairs of characters that stand side by side in the corpus' lines, as a set in the file.
//!
//! ```text
//! lines      all lines of five and of seven characters in the couplets of the corpus, whose
//!            characters the model knows; many more than it is trained on
//! pairs      neighbours within a line with their [`Kind`], those that stand there `pair_count` times
//!            or more
//! table      a binary fuse filter, as [`qibu::decode::pairs`] reads it
//! ```
//!
//! A path through the candidates of a poem gains the bonus for each pair that is in the set: where
//! positions are chosen one by one, neighbours that nobody ever wrote are the commonest fault.

mod fuse;

use super::corpus::{Corpus, line_of};
use super::recipe::Recipe;
use crate::error::{Error, Result};
use fuse::Filter;
use qibu::decode::pairs::{self, IDS, Kind};
use std::collections::BTreeMap;
use std::path::Path;

/// A set of pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// How many were put in.
    pub count: usize,
    /// The table's bytes.
    pub table: Vec<u8>,
}

impl Pairs {
    /// The pairs of the corpus at `path`; none where the recipe wants none, or where no pair is
    /// frequent enough.
    pub fn read(path: &Path, recipe: &Recipe, vocabulary: &[char]) -> Result<Option<Self>> {
        if recipe.pair_count == 0 {
            return Ok(None);
        }
        if vocabulary.len() > IDS.into() {
            return Err(Error::usage(format!(
                "pairs are of {IDS} characters at most, the vocabulary has {}",
                vocabulary.len()
            ))
            .hint("--set pair_count=0 leaves the pairs out, a higher min_count rare characters"));
        }
        // A corpus need not have lines of both lengths.
        let lines = [10, 14].map(|form| Corpus::read(path, form));
        let lines: Vec<Corpus> = lines.into_iter().filter_map(Result::ok).collect();
        let keys = frequent(&lines, vocabulary, recipe.pair_count);
        Ok((!keys.is_empty()).then(|| Self {
            count: keys.len(),
            table: table(&Filter::build(&keys), recipe.pair_bonus),
        }))
    }
}

/// Pairs that the lines have `least` times or more, ascending.
fn frequent(corpora: &[Corpus], vocabulary: &[char], least: usize) -> Vec<u32> {
    let ids: BTreeMap<char, u16> = vocabulary.iter().copied().zip(0..).collect();
    let mut keys: Vec<u32> = Vec::new();
    let lines = |corpus: &Corpus| line_of(corpus.form);
    let lines = corpora
        .iter()
        .flat_map(|corpus| corpus.characters.chunks_exact(lines(corpus)));
    for line in lines {
        let line: Option<Vec<u16>> = line.iter().map(|c| ids.get(c).copied()).collect();
        let line = line.unwrap_or_default();
        let left = (0..line.len().saturating_sub(1)).rev();
        let pairs = line.windows(2).zip(left);
        keys.extend(pairs.map(|(two, left)| pairs::key(Kind::behind(left), two[0], two[1])));
    }
    keys.sort_unstable();
    let alike = keys.chunk_by(|a, b| a == b);
    alike
        .filter(|alike| alike.len() >= least)
        .map(|alike| alike[0])
        .collect()
}

/// Header, slots, padding.
fn table(filter: &Filter, bonus: f32) -> Vec<u8> {
    let mut bytes = filter.seed.to_le_bytes().to_vec();
    bytes.extend((filter.segments as u16).to_le_bytes());
    bytes.extend([filter.shift as u8, fuse::BITS as u8]);
    bytes.extend(((bonus * 65536.0 + 0.5) as u32).to_le_bytes());
    let slots = bytes.len();
    bytes.resize(slots + (filter.slots.len() * fuse::BITS).div_ceil(8) + 1, 0);
    for (slot, &value) in filter.slots.iter().enumerate() {
        let bit = slot * fuse::BITS;
        let word = u16::from(value) << (bit % 8);
        for (byte, part) in bytes[slots + bit / 8..].iter_mut().zip(word.to_le_bytes()) {
            *byte |= part;
        }
    }
    bytes
}

#[cfg(test)]
mod tests;

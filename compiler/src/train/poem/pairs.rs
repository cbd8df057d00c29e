//! The pairs of characters that stand side by side in the corpus' lines, as a set in the file.
//!
//! ```text
//! lines      all lines of the model's length in all couplets of the corpus, whose characters the
//!            model knows; more of them than the poems that it is trained on
//! pairs      neighbours (a, b) within a line, those that stand there `pair_count` times or more
//! table      int8: seed u32, segments u16, shift u8, bits u8, bonus u32, little-endian, the bonus in
//!            1/65536 nat; then a binary fuse filter's slots, then a byte of padding, so that two
//!            bytes can be read wherever a slot starts
//! ```
//!
//! A path through the candidates of a poem gains the bonus for each pair that is in the set: where
//! positions are chosen one by one, neighbours that nobody ever wrote are the commonest fault.

mod fuse;
mod hash;

use super::corpus::{Corpus, line_of};
use super::recipe::Recipe;
use crate::error::{Error, Result};
use fuse::Filter;
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
        if vocabulary.len() > 1 << 16 {
            return Err(Error::usage(format!(
                "pairs are of 65,536 characters at most, the vocabulary has {}",
                vocabulary.len()
            ))
            .hint("--set pair_count=0 leaves the pairs out, a higher min_count rare characters"));
        }
        let couplets = Corpus::read(path, 2 * line_of(recipe.form))?;
        let keys = frequent(&couplets, vocabulary, recipe.pair_count);
        Ok((!keys.is_empty()).then(|| Self {
            count: keys.len(),
            table: table(&Filter::build(&keys), recipe.pair_bonus),
        }))
    }
}

/// Pairs that the lines have `least` times or more: `a << 16 | b` of the ids, ascending.
fn frequent(corpus: &Corpus, vocabulary: &[char], least: usize) -> Vec<u32> {
    let ids: BTreeMap<char, u32> = vocabulary.iter().copied().zip(0..).collect();
    let mut keys: Vec<u32> = Vec::new();
    for line in corpus.characters.chunks_exact(line_of(corpus.form)) {
        let line: Option<Vec<u32>> = line.iter().map(|c| ids.get(c).copied()).collect();
        let line = line.unwrap_or_default();
        keys.extend(line.windows(2).map(|two| two[0] << 16 | two[1]));
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

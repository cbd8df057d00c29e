//! What a tagger tells apart: characters, pairs of neighbours, labels.

use super::model::{PAD, SPECIALS, Sizes, UNKNOWN};
use std::collections::BTreeMap;

/// Characters and pairs with their ids, and the labels in tag order.
///
/// Characters are in the order of their code points, pairs in the order of their characters: a
/// device looks both up by bisection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Characters; number n has id n + 2.
    pub characters: Vec<char>,
    /// Pairs of characters; number n has id n + 1.
    pub pairs: Vec<[char; 2]>,
    /// What the tags are called.
    pub labels: Vec<String>,
}

impl Vocabulary {
    /// Counts `texts`: characters that occur `min_count` times, pairs of them that occur
    /// `pair_min_count` times (0 means no pairs).
    pub fn count<'t>(
        texts: impl Iterator<Item = &'t [char]>,
        labels: Vec<String>,
        min_count: usize,
        pair_min_count: usize,
    ) -> Self {
        let mut counts: BTreeMap<char, usize> = BTreeMap::new();
        let mut pair_counts: BTreeMap<[char; 2], usize> = BTreeMap::new();
        for text in texts {
            for &character in text {
                *counts.entry(character).or_default() += 1;
            }
            if pair_min_count > 0 {
                for pair in text.windows(2) {
                    *pair_counts.entry([pair[0], pair[1]]).or_default() += 1;
                }
            }
        }
        counts.retain(|_, count| *count >= min_count);
        pair_counts.retain(|pair, count| {
            *count >= pair_min_count && pair.iter().all(|one| counts.contains_key(one))
        });
        Self {
            characters: counts.into_keys().collect(),
            pairs: pair_counts.into_keys().collect(),
            labels,
        }
    }

    /// How many of each.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            characters: self.characters.len(),
            pairs: self.pairs.len(),
            tags: self.labels.len(),
        }
    }

    /// Id of a character.
    pub fn id(&self, character: char) -> i64 {
        match self.characters.binary_search(&character) {
            Ok(number) => (number + SPECIALS) as i64,
            Err(_) => UNKNOWN,
        }
    }

    /// Id of two neighbouring characters; 0 where they have none.
    pub fn pair(&self, first: char, second: char) -> i64 {
        match self.pairs.binary_search(&[first, second]) {
            Ok(number) => number as i64 + 1,
            Err(_) => 0,
        }
    }

    /// Ids of a text.
    pub fn ids(&self, text: &[char]) -> Vec<i64> {
        text.iter().map(|&character| self.id(character)).collect()
    }

    /// Pair ids of a text's neighbours: one fewer than characters.
    pub fn pair_ids(&self, text: &[char]) -> Vec<i64> {
        text.windows(2)
            .map(|pair| self.pair(pair[0], pair[1]))
            .collect()
    }

    /// The characters as one text, as model files have them.
    pub fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// The pairs' characters as one text, two for each pair.
    pub fn pair_text(&self) -> String {
        self.pairs.iter().flatten().collect()
    }
}

/// Ids of a text with `reach` PADs on both sides.
pub fn extended(ids: &[i64], reach: usize) -> Vec<i64> {
    let pads = vec![PAD; reach];
    [&pads[..], ids, &pads].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_ones_have_no_id_and_all_are_in_order() {
        let texts: Vec<Vec<char>> = ["白日b", "白日a", "日白", "x𠀀白日"]
            .iter()
            .map(|text| text.chars().collect())
            .collect();
        let count = |min, pair_min| {
            let texts = texts.iter().map(Vec::as_slice);
            Vocabulary::count(texts, vec!["S".into()], min, pair_min)
        };
        let all = count(1, 1);
        assert_eq!(all.text(), "abx日白𠀀");
        assert_eq!(all.pair_text(), "x𠀀日a日b日白白日𠀀白");
        let few = count(2, 2);
        assert_eq!(
            (few.text().as_str(), few.pair_text().as_str()),
            ("日白", "白日")
        );
        assert_eq!(few.ids(&texts[0]), [3, 2, UNKNOWN]);
        assert_eq!(few.pair_ids(&texts[0]), [1, 0]);
        assert!(count(1, 0).pairs.is_empty());
        assert_eq!(extended(&[5, 6], 2), [0, 0, 5, 6, 0, 0]);
    }
}

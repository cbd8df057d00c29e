//! Precision, recall and their harmonic mean over spans, and recall of words that training lacked.
//!
//! ```text
//! precision = right / found    recall = right / gold    F1 = 2 right / (found + gold)
//! OOV recall = right words among gold words not in the training text / all of those
//! ```

use super::spans::Span;
use serde::Serialize;
use std::collections::BTreeSet;

/// Sums over sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans in the gold file.
    pub gold: u64,
    /// Spans that the model found.
    pub found: u64,
    /// Spans that are both.
    pub right: u64,
    /// Gold words that training lacked.
    pub unknown: u64,
    /// Those of them that were found.
    pub unknown_right: u64,
}

/// Percentages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Of what was found, how much is right.
    pub precision: f64,
    /// Of what is right, how much was found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Recall of words that training lacked; none where those are not known or there is none.
    pub oov_recall: Option<f64>,
}

impl Counts {
    /// Takes in a sentence: its gold spans and those that were found, both in order.
    pub fn add(
        &mut self,
        gold: &[Span<'_>],
        found: &[Span<'_>],
        unknown: impl Fn(&Span<'_>) -> bool,
    ) {
        self.gold += gold.len() as u64;
        self.found += found.len() as u64;
        for span in gold {
            let right = found.binary_search(span).is_ok();
            let unknown = unknown(span);
            self.right += u64::from(right);
            self.unknown += u64::from(unknown);
            self.unknown_right += u64::from(right && unknown);
        }
    }

    /// The percentages, to `decimals`; of nothing, 100 where nothing was asked and nothing found,
    /// else 0.
    #[must_use]
    pub fn score(&self, decimals: i32) -> Score {
        let none = self.gold + self.found == 0;
        let percent = |part: u64, all: u64| match all {
            0 => f64::from(u8::from(none)) * 100.0,
            all => rounded(100.0 * part as f64 / all as f64, decimals),
        };
        Score {
            precision: percent(self.right, self.found),
            recall: percent(self.right, self.gold),
            f1: percent(2 * self.right, self.found + self.gold),
            oov_recall: (self.unknown > 0).then(|| percent(self.unknown_right, self.unknown)),
        }
    }
}

/// The words that a model was trained on.
pub enum Known {
    /// Their hashes, sorted, as training leaves them beside a model.
    Hashes(Vec<u32>),
    /// Themselves.
    Words(BTreeSet<String>),
}

impl Known {
    /// Whether `word` is one of them; of hashes, one in thousands of strange words passes for known.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        match self {
            Self::Hashes(hashes) => hashes.binary_search(&fnv1a(word)).is_ok(),
            Self::Words(words) => words.contains(word),
        }
    }
}

/// `value` to `decimals`.
#[must_use]
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}

/// FNV-1a of 32 bits.
#[must_use]
pub fn fnv1a(word: &str) -> u32 {
    let step = |hash: u32, &byte: &u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    word.as_bytes().iter().fold(0x811C_9DC5, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::spans::Measure;

    #[test]
    fn scores_by_hand() {
        // Gold 春眠 | 不 | 觉晓, found 春眠 | 不觉 | 晓: one of three right.
        let names = |text: &'static str| text.split(' ').collect::<Vec<&str>>();
        let gold = Measure::Words.spans(&names("B E S B E"));
        let found = Measure::Words.spans(&names("B E B E S"));
        let mut counts = Counts::default();
        counts.add(&gold, &found, |span| span.start != 2);
        let expected = Counts {
            gold: 3,
            found: 3,
            right: 1,
            unknown: 2,
            unknown_right: 1,
        };
        assert_eq!(counts, expected);
        // A second sentence: one word, cut in two: 1 of 5 found, 1 of 4 gold.
        counts.add(
            &Measure::Words.spans(&names("B E")),
            &Measure::Words.spans(&names("S S")),
            |_| true,
        );
        let score = counts.score(2);
        assert_eq!(
            (score.precision, score.recall, score.f1),
            (20.0, 25.0, 22.22)
        );
        assert_eq!(score.oov_recall, Some(33.33));
    }

    #[test]
    fn nothing_is_all_right_and_nothing_found_is_not() {
        assert_eq!(Counts::default().score(2).f1, 100.0);
        let score = Counts {
            gold: 2,
            ..Counts::default()
        }
        .score(2);
        assert_eq!(
            (score.precision, score.recall, score.f1, score.oov_recall),
            (0.0, 0.0, 0.0, None)
        );
    }

    #[test]
    fn hashes_are_the_published_ones() {
        assert_eq!(
            (fnv1a(""), fnv1a("a"), fnv1a("foobar")),
            (0x811C_9DC5, 0xE40C_292C, 0xBF9C_F968)
        );
        let mut hashes = vec![fnv1a("春眠"), fnv1a("不")];
        hashes.sort_unstable();
        let known = Known::Hashes(hashes);
        assert!(known.has("不") && !known.has("觉"));
    }
}

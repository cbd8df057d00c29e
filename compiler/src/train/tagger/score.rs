//! How good tags are, for stopping early: words or entities found, and tags right.
//!
//! Words and entities are those that `qibu eval tag` counts ([`crate::tag::spans`],
//! [`crate::tag::score`]); other labels have an accuracy only.

use crate::tag::labels::Labels;
use crate::tag::score;
use crate::tag::spans::{Measure, Span};
use crate::train::course::rounded;
use serde::{Deserialize, Serialize};

/// Decimals of percentages: as many as [`rounded`] keeps.
const DECIMALS: i32 = 6;

/// Counts over a corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of words or entities.
    pub spans: score::Counts,
    /// Characters.
    pub characters: usize,
    /// Characters with the right tag.
    pub tags: usize,
}

impl Counts {
    /// Adds a text: its right tags, the given ones, and whether a right span is new.
    pub fn add(
        &mut self,
        labels: &Labels,
        [right, given]: [&[u8]; 2],
        is_new: impl Fn(&Span<'_>) -> bool,
    ) {
        self.characters += right.len();
        self.tags += right.iter().zip(given).filter(|(a, b)| a == b).count();
        let measure = Measure::of(labels);
        let [right, given] = [right, given].map(|tags| measure.spans(&labels.names_of(tags)));
        self.spans.add(&right, &given, |span| {
            measure == Measure::Words && is_new(span)
        });
    }

    /// The figures, for tags that are `labels`.
    pub fn figures(&self, labels: &Labels) -> Figures {
        let score = match Measure::of(labels) {
            Measure::Labels => None,
            _ => Some(self.spans.score(DECIMALS)),
        };
        let accuracy = 100.0 * self.tags as f64 / self.characters.max(1) as f64;
        Figures {
            precision: score.map(|score| score.precision),
            recall: score.map(|score| score.recall),
            f1: score.map(|score| score.f1),
            oov_recall: score.and_then(|score| score.oov_recall),
            accuracy: rounded(accuracy),
        }
    }
}

/// Percentages; `None` where the labels have no such thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Of the spans given, those that are right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    /// Of the right spans, those that were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<f64>,
    /// Their harmonic mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    /// Recall of words that the training text lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oov_recall: Option<f64>,
    /// Of the characters, those with the right tag.
    pub accuracy: f64,
}

impl Figures {
    /// What training is to make as high as it can, and its name.
    pub fn score(&self) -> (f64, &'static str) {
        match self.f1 {
            Some(f1) => (f1, "F1"),
            None => (self.accuracy, "accuracy"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_their_wholes() {
        let mut counts = Counts::default();
        let labels = Labels::new(["B", "M", "E", "S"]);
        // 我们|去|北京 against 我|们|去|北京.
        let new = |span: &Span| span.end == 5;
        counts.add(&labels, [&[0, 2, 3, 0, 2], &[3, 3, 3, 0, 2]], new);
        let figures = counts.figures(&labels);
        assert_eq!(figures.precision, Some(50.0));
        assert_eq!(figures.recall, Some(66.666667));
        assert_eq!(figures.f1, Some(57.142857));
        assert_eq!(figures.oov_recall, Some(100.0));
        assert_eq!(figures.accuracy, 60.0);
    }

    /// In the order of a CoNLL file's labels too, and without kinds.
    #[test]
    fn what_counts_is_what_evaluation_counts() {
        for (names, tags, f1) in [
            (
                &["B", "E", "M", "S"][..],
                [[0, 1, 3], [3, 3, 3]],
                Some(40.0),
            ),
            (&["B", "I", "O"], [[0, 1, 2], [0, 1, 0]], Some(66.666667)),
            (&["N", "V"], [[0, 1, 1], [0, 1, 0]], None),
        ] {
            let labels = Labels::new(names.iter().copied());
            let mut counts = Counts::default();
            counts.add(&labels, [&tags[0], &tags[1]], |_| false);
            assert_eq!(counts.figures(&labels).f1, f1, "{names:?}");
        }
    }
}

//! How good tags are: words or other spans found, or tags right.
//!
//! A span is found if its text, both ends and kind are. Precision is found / all given, recall
//! found / all right, F1 twice found / (given + right); all in percent.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the labels mean, hence what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, from B M E S.
    Words,
    /// Spans, from B-X I-X O (also E-X and S-X).
    Spans,
    /// Tags by themselves.
    Tags,
}

impl Kind {
    /// What labels such as these mean.
    pub fn of(labels: &[String]) -> Self {
        if labels == super::corpus::SEGMENTATION {
            return Self::Words;
        }
        let span = |label: &String| {
            label == "O"
                || matches!(label.split_once('-'), Some(("B" | "I" | "E" | "S", kind)) if !kind.is_empty())
        };
        let starts = labels.iter().any(|label| label.starts_with("B-"));
        match starts && labels.iter().all(span) {
            true => Self::Spans,
            false => Self::Tags,
        }
    }
}

/// A stretch of characters of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span<'l> {
    /// Its first character.
    pub from: usize,
    /// The one after its last.
    pub to: usize,
    /// What it is; empty for words.
    pub kind: &'l str,
}

/// The words that tags mean: one ends after E and S, before B and S, and with the text.
pub fn words(tags: &[u8]) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut from = 0;
    for (at, &tag) in tags.iter().enumerate() {
        let next = tags.get(at + 1);
        if tag >= 2 || matches!(next, None | Some(0 | 3)) {
            let to = at + 1;
            spans.push(Span { from, to, kind: "" });
            from = to;
        }
    }
    spans
}

/// The spans that labels mean: one goes on with I and E of its kind.
pub fn spans<'l>(tags: &[u8], labels: &'l [String]) -> Vec<Span<'l>> {
    let mut spans: Vec<Span> = Vec::new();
    let mut open: Option<Span> = None;
    for (at, &tag) in tags.iter().enumerate() {
        let label = labels.get(usize::from(tag)).map_or("O", String::as_str);
        let (part, kind) = label.split_once('-').unwrap_or(("O", ""));
        open = match open {
            Some(span) if matches!(part, "I" | "E") && span.kind == kind => {
                Some(Span { to: at + 1, ..span })
            }
            other => {
                spans.extend(other);
                let to = at + 1;
                (part != "O").then_some(Span { from: at, to, kind })
            }
        };
        if matches!(part, "E" | "S") {
            spans.extend(open.take());
        }
    }
    spans.extend(open);
    spans
}

/// Counts over a corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans that are right.
    pub right: usize,
    /// Spans that were given.
    pub given: usize,
    /// Spans that were found.
    pub found: usize,
    /// Right spans that the training text lacks.
    pub new: usize,
    /// Those that were found.
    pub new_found: usize,
    /// Characters.
    pub characters: usize,
    /// Characters with the right tag.
    pub tags: usize,
}

impl Counts {
    /// Adds a text: its right tags, the given ones, and whether a right span is new.
    pub fn add(
        &mut self,
        kind: Kind,
        labels: &[String],
        [right, given]: [&[u8]; 2],
        mut is_new: impl FnMut(Span) -> bool,
    ) {
        self.characters += right.len();
        self.tags += right.iter().zip(given).filter(|(a, b)| a == b).count();
        let of = |tags| match kind {
            Kind::Words => words(tags),
            Kind::Spans => spans(tags, labels),
            Kind::Tags => Vec::new(),
        };
        let (right, given) = (of(right), of(given));
        self.right += right.len();
        self.given += given.len();
        let given: BTreeSet<Span> = given.into_iter().collect();
        for span in right {
            let found = given.contains(&span);
            let new = is_new(span);
            self.found += usize::from(found);
            self.new += usize::from(new);
            self.new_found += usize::from(new && found);
        }
    }

    /// The figures.
    pub fn figures(&self, kind: Kind) -> Figures {
        let share = |part: usize, whole: usize| match whole {
            0 => 0.0,
            whole => super::super::course::rounded(100.0 * part as f64 / whole as f64),
        };
        let of_spans = |value: f64| (kind != Kind::Tags).then_some(value);
        Figures {
            precision: of_spans(share(self.found, self.given)),
            recall: of_spans(share(self.found, self.right)),
            f1: of_spans(share(2 * self.found, self.given + self.right)),
            oov_recall: (kind == Kind::Words && self.new > 0)
                .then(|| share(self.new_found, self.new)),
            accuracy: share(self.tags, self.characters),
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

    fn ends(spans: &[Span]) -> Vec<usize> {
        spans.iter().map(|span| span.to).collect()
    }

    #[test]
    fn words_cover_every_text() {
        assert_eq!(ends(&words(&[0, 2, 3, 0, 1, 2])), [2, 3, 6]);
        // What no segmentation has still means words, one after the other.
        assert_eq!(ends(&words(&[1, 1, 0, 0])), [2, 3, 4]);
        assert!(words(&[]).is_empty());
    }

    #[test]
    fn spans_have_kinds() {
        let labels = ["B-A", "B-B", "E-A", "I-A", "O", "S-A"].map(String::from);
        assert_eq!(Kind::of(&labels), Kind::Spans);
        let found = spans(&[4, 0, 3, 0, 1, 3, 4, 5, 5, 0, 2, 3], &labels);
        let flat: Vec<(usize, usize, &str)> = found
            .iter()
            .map(|span| (span.from, span.to, span.kind))
            .collect();
        let expected = [
            (1, 3, "A"),
            (3, 4, "A"),
            (4, 5, "B"),
            (5, 6, "A"),
            (7, 8, "A"),
            (8, 9, "A"),
            (9, 11, "A"),
            (11, 12, "A"),
        ];
        assert_eq!(flat, expected);
        assert_eq!(Kind::of(&["NN".into(), "VV".into()]), Kind::Tags);
        assert_eq!(
            Kind::of(&super::super::corpus::SEGMENTATION.map(String::from)),
            Kind::Words
        );
    }

    #[test]
    fn shares_are_of_their_wholes() {
        let mut counts = Counts::default();
        // 我们|去|北京 against 我|们|去|北京.
        let new = |span: Span| span.to == 5;
        counts.add(Kind::Words, &[], [&[0, 2, 3, 0, 2], &[3, 3, 3, 0, 2]], new);
        let figures = counts.figures(Kind::Words);
        assert_eq!(figures.precision, Some(50.0));
        assert_eq!(figures.recall, Some(66.666667));
        assert_eq!(figures.f1, Some(57.142857));
        assert_eq!(figures.oov_recall, Some(100.0));
        assert_eq!(figures.accuracy, 60.0);
    }
}

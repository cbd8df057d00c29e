//! What is right or wrong as a whole: words, entities, or single labels, all as spans.
//!
//! ```text
//! words     a span for each word
//! entities  label = mark "-" kind; a span for each run of one kind:
//!           B, S and U open one; I, M, E and L do behind O, another kind, or a closed span
//!           E, L, S and U close one; so do O, another kind, and what opens one
//! labels    a span for each character
//! ```
//! The entities are those of the CoNLL shared tasks' `conlleval`: a damaged sequence of labels has
//! its entities too. A span counts where both ends and the kind are the same.

use crate::tag::labels::{Labels, Role};

/// Characters `start..end` of a sentence and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span<'l> {
    /// First character.
    pub start: usize,
    /// Behind the last.
    pub end: usize,
    /// Kind of entity, or the label; empty for words.
    pub kind: &'l str,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Words.
    Words,
    /// Entities.
    Entities,
    /// Labels of characters.
    Labels,
}

impl Measure {
    /// What suits `labels`.
    #[must_use]
    pub fn of(labels: &Labels) -> Self {
        let names = labels.names();
        let parts: Option<Vec<_>> = names.iter().map(|name| mark(name)).collect();
        let inside = |&(mark, _): &(Mark, &str)| mark != Mark::Outside;
        match parts {
            _ if labels.are_words() => Self::Words,
            Some(parts) if parts.iter().any(inside) && !parts.iter().all(inside) => Self::Entities,
            _ => Self::Labels,
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Entities => "entities",
            Self::Labels => "labels",
        }
    }

    /// The spans of a sentence with these `names` of labels, in order.
    #[must_use]
    pub fn spans<'l>(self, names: &[&'l str]) -> Vec<Span<'l>> {
        match self {
            Self::Words => words(names),
            Self::Entities => entities(names),
            Self::Labels => {
                let spans = names.iter().enumerate();
                spans
                    .map(|(start, &kind)| Span {
                        start,
                        end: start + 1,
                        kind,
                    })
                    .collect()
            }
        }
    }
}

fn words<'l>(names: &[&'l str]) -> Vec<Span<'l>> {
    let mut spans: Vec<Span<'l>> = Vec::new();
    let mut previous = None;
    for (start, name) in names.iter().enumerate() {
        let role = match *name {
            "B" => Role::Begin,
            "E" => Role::End,
            "S" => Role::Single,
            _ => Role::Middle,
        };
        match spans.last_mut() {
            Some(word) if !role.begins(previous) => word.end += 1,
            _ => spans.push(Span {
                start,
                end: start + 1,
                kind: "",
            }),
        }
        previous = Some(role);
    }
    spans
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Outside,
    Open,
    Inside,
    Close,
    Only,
}

/// A label's mark and kind; `None` where it is no entity's.
fn mark(label: &str) -> Option<(Mark, &str)> {
    let (mark, kind) = label.split_once('-').unwrap_or((label, ""));
    let mark = match mark {
        "O" if kind.is_empty() => Mark::Outside,
        "B" => Mark::Open,
        "I" | "M" => Mark::Inside,
        "E" | "L" => Mark::Close,
        "S" | "U" => Mark::Only,
        _ => return None,
    };
    Some((mark, kind))
}

fn entities<'l>(names: &[&'l str]) -> Vec<Span<'l>> {
    let mut spans: Vec<Span<'l>> = Vec::new();
    // Whether the last span may still grow.
    let mut growing = false;
    for (start, name) in names.iter().enumerate() {
        let (mark, kind) = mark(name).unwrap_or((Mark::Outside, ""));
        match (spans.last_mut(), mark) {
            (_, Mark::Outside) => {}
            (Some(span), Mark::Inside | Mark::Close) if growing && span.kind == kind => {
                span.end += 1;
            }
            _ => spans.push(Span {
                start,
                end: start + 1,
                kind,
            }),
        }
        growing = matches!(mark, Mark::Open | Mark::Inside);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(measure: Measure, names: &str) -> String {
        let names: Vec<&str> = names.split(' ').collect();
        let spans = measure.spans(&names);
        let shown = spans
            .iter()
            .map(|span| format!("{}-{}{}", span.start, span.end, span.kind));
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_of_any_sequence() {
        assert_eq!(shown(Measure::Words, "B E S B M E"), "0-2 2-3 3-6");
        assert_eq!(shown(Measure::Words, "M M S M E B"), "0-2 2-3 3-5 5-6");
    }

    #[test]
    fn entities_as_conlleval_has_them() {
        for (names, expected) in [
            ("B-X I-X O B-X B-X", "0-2X 3-4X 4-5X"),
            ("O I-X I-X I-Y O", "1-3X 3-4Y"),
            ("B-X E-X I-X S-X I-X E-X", "0-2X 2-3X 3-4X 4-6X"),
            ("S-X S-X E-X E-X", "0-1X 1-2X 2-3X 3-4X"),
            ("B-X M-X L-X U-Y O", "0-3X 3-4Y"),
            ("B I O B", "0-2 3-4"),
        ] {
            assert_eq!(shown(Measure::Entities, names), expected, "{names}");
        }
    }

    #[test]
    fn labels_choose_the_measure() {
        let of = |names: &str| Measure::of(&Labels::new(names.split(' ')));
        assert_eq!(of("S B M E"), Measure::Words);
        assert_eq!(of("O B-PER I-PER"), Measure::Entities);
        assert_eq!(of("B I O"), Measure::Entities);
        assert_eq!(of("B-X I-X"), Measure::Labels);
        assert_eq!(of("N V P"), Measure::Labels);
        assert_eq!(shown(Measure::Labels, "N V"), "0-1N 1-2V");
    }
}

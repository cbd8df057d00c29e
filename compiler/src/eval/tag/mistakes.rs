//! What goes wrong most often, for people.
//!
//! ```text
//! words     the text between two cuts that both have, where they differ: 个 人 → 个人
//! the rest  a gold span that was not found, with what was found in its place, and the other way round
//! ```

use crate::tag::spans::Span;
use std::collections::BTreeMap;

/// Mistakes and how often each was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes(BTreeMap<(String, String), u64>);

/// Longest side that is listed, in characters: longer ones hardly repeat.
const LONGEST: usize = 24;

impl Mistakes {
    /// Takes in a sentence with its gold spans and those found, both in order.
    ///
    /// Both lists are walked together; what overlaps belongs to one mistake.
    pub fn add(&mut self, characters: &[char], gold: &[Span<'_>], found: &[Span<'_>]) {
        let (mut g, mut f) = (0, 0);
        while g < gold.len() || f < found.len() {
            let (first_g, first_f) = (g, f);
            let next = |all: &[Span<'_>], index: usize| {
                all.get(index).map_or(usize::MAX, |span| span.start)
            };
            // Everything that touches what starts first.
            let mut end = next(gold, g).min(next(found, f)).saturating_add(1);
            loop {
                if next(gold, g) < end {
                    end = end.max(gold[g].end);
                    g += 1;
                } else if next(found, f) < end {
                    end = end.max(found[f].end);
                    f += 1;
                } else {
                    break;
                }
            }
            let (gold, found) = (&gold[first_g..g], &found[first_f..f]);
            if gold != found {
                let sides = (side(characters, gold), side(characters, found));
                if sides.0.chars().count() <= LONGEST && sides.1.chars().count() <= LONGEST {
                    *self.0.entry(sides).or_default() += 1;
                }
            }
        }
    }

    /// The `count` most frequent ones: gold, found, how often.
    #[must_use]
    pub fn most(&self, count: usize) -> Vec<(&str, &str, u64)> {
        let all = self
            .0
            .iter()
            .map(|((gold, found), &times)| (&**gold, &**found, times));
        let mut all: Vec<_> = all.collect();
        // Stable: equals stay in the order of their text.
        all.sort_by_key(|&(.., times)| std::cmp::Reverse(times));
        all.truncate(count);
        all
    }
}

/// Spans as text, with their kinds where they have any; a dash for none.
fn side(characters: &[char], spans: &[Span<'_>]) -> String {
    let text = |span: &Span<'_>| {
        let text: String = characters.iter().take(span.end).skip(span.start).collect();
        match span.kind {
            "" => text,
            kind => format!("{text}/{kind}"),
        }
    };
    match spans {
        [] => "–".into(),
        spans => spans.iter().map(text).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::spans::Measure;

    fn most(measure: Measure, sentences: &[(&str, &str, &str)]) -> Vec<String> {
        let mut mistakes = Mistakes::default();
        for (text, gold, found) in sentences {
            let characters: Vec<char> = text.chars().collect();
            let [gold, found] = [gold, found].map(|names| names.split(' ').collect::<Vec<_>>());
            mistakes.add(&characters, &measure.spans(&gold), &measure.spans(&found));
        }
        let most = mistakes.most(3);
        most.iter()
            .map(|(gold, found, times)| format!("{gold} > {found} {times}"))
            .collect()
    }

    #[test]
    fn words_between_common_cuts() {
        let found = most(
            Measure::Words,
            &[
                ("一个人来了", "S S S S S", "S B E B E"),
                ("个人", "S S", "B E"),
                ("春眠", "B E", "B E"),
            ],
        );
        assert_eq!(found, ["个 人 > 个人 2", "来 了 > 来了 1"]);
    }

    #[test]
    fn spans_with_their_kinds() {
        let found = most(
            Measure::Entities,
            &[
                ("王维在长安", "B-P I-P O B-L I-L", "B-L I-L O O O"),
                ("白", "O", "S-P"),
            ],
        );
        assert_eq!(found, ["– > 白/P 1", "王维/P > 王维/L 1", "长安/L > – 1"]);
    }
}

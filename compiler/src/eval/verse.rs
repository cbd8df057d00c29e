//! What can be said of couplets without a model: form, prosody, variety, likeness to the reference.

use super::prosody::Prosody;
use super::reference::{self, Reference};
use super::trigram::Surprise;
use serde::Serialize;
use std::collections::BTreeSet;

/// Measures of a set of couplets; rates from 0 to 1. Compare sets of equal size only: the distinct
/// ones fall with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verse {
    /// Number of couplets.
    pub n: usize,
    /// Couplets all of whose characters are Han characters of the vocabulary.
    pub well_formed: f64,
    /// Couplets that keep the tone rule, see [`Prosody::alternates`].
    pub tone_rule: f64,
    /// Couplets whose lines end oblique, then level.
    pub line_ends: f64,
    /// Adjacent pairs within a line that occur within a line of the reference.
    pub pairs_seen: f64,
    /// Different characters per character.
    pub distinct_1: f64,
    /// Different adjacent pairs (within a line) per such pair.
    pub distinct_2: f64,
    /// Couplets with a character that occurs twice in them.
    pub repeated: f64,
    /// Lines that the reference has verbatim.
    pub copied_lines: f64,
    /// Perplexity of the lines under the reference's trigram model.
    pub perplexity: f64,
}

/// Measures the couplets of `characters`, `form` characters each.
#[must_use]
pub fn measure(
    characters: &[char],
    form: usize,
    vocabulary: &BTreeSet<char>,
    prosody: &Prosody,
    reference: &Reference,
) -> Verse {
    let couplets = || characters.chunks_exact(form);
    let lines = || characters.chunks_exact(form / 2);
    let pairs = || lines().flat_map(reference::pairs);
    let mut surprise = Surprise::default();
    lines().for_each(|line| reference.trigram.surprise(line, &mut surprise));
    let known = |c: &char| is_han(*c) && vocabulary.contains(c);
    Verse {
        n: couplets().count(),
        well_formed: share(couplets(), |couplet| couplet.iter().all(known)),
        tone_rule: share(couplets(), |couplet| prosody.alternates(couplet)),
        line_ends: share(couplets(), |couplet| prosody.ends(couplet)),
        pairs_seen: share(pairs(), |pair| reference.has_pair(pair)),
        distinct_1: distinct(characters.iter()),
        distinct_2: distinct(pairs()),
        repeated: share(couplets(), |couplet| distinct(couplet.iter()) < 1.0),
        copied_lines: share(lines(), |line| reference.has_line(line)),
        perplexity: surprise.perplexity(),
    }
}

/// Share of `items` for which `holds`; 0 of none.
fn share<T>(items: impl Iterator<Item = T>, holds: impl Fn(T) -> bool) -> f64 {
    let (mut yes, mut all) = (0u64, 0u64);
    for item in items {
        yes += u64::from(holds(item));
        all += 1;
    }
    yes as f64 / all.max(1) as f64
}

/// Different items per item; 0 of none.
fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> f64 {
    let mut all = 0u64;
    let different: BTreeSet<T> = items.inspect(|_| all += 1).collect();
    different.len() as f64 / all.max(1) as f64
}

/// Whether `character` is a Han character: the unified ideographs with their extensions, the
/// compatibility ones, and 〇.
#[must_use]
pub fn is_han(character: char) -> bool {
    matches!(
        character,
        '\u{4E00}'..='\u{9FFF}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{20000}'..='\u{323AF}'
            | '\u{F900}'..='\u{FAFF}'
            | '〇'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{prosody, reference};

    #[test]
    fn each_measure_by_hand() {
        let characters: Vec<char> = "白日依山尽黄河入海流黄河千里山白日上山流".chars().collect();
        let vocabulary: BTreeSet<char> = "白日依山尽黄河入海流千上".chars().collect();
        let reference = reference::tests::of("白日依山尽，黄河入海流。欲穷千里目，更上一层楼。");
        let verse = measure(
            &characters,
            10,
            &vocabulary,
            &prosody::tests::table(),
            &reference,
        );
        assert_eq!(verse.n, 2);
        // 里 is unknown.
        assert_eq!(verse.well_formed, 0.5);
        // 河 P 里 Z / 日 Z 山 P keeps the rule too; its line ends 山 P do not.
        assert_eq!((verse.tone_rule, verse.line_ends), (1.0, 0.5));
        // Seen: 4 + 4 of the first; 黄河 千里 白日 of the second.
        assert_eq!(verse.pairs_seen, 11.0 / 16.0);
        // 白日依山尽黄河入海流 千里上; 黄河 and 白日 repeat.
        assert_eq!(
            (verse.distinct_1, verse.distinct_2),
            (13.0 / 20.0, 14.0 / 16.0)
        );
        // 山 twice in the second.
        assert_eq!(verse.repeated, 0.5);
        assert_eq!(verse.copied_lines, 0.5);
        let mut surprise = Surprise::default();
        for line in characters.chunks(5) {
            reference.trigram.surprise(line, &mut surprise);
        }
        assert_eq!(verse.perplexity, surprise.perplexity());
    }

    #[test]
    fn han_are_ideographs_only() {
        assert!("山〇㐀𠀀".chars().all(is_han));
        assert!(!"a，。\u{FFFD}あ□".chars().any(is_han));
    }
}

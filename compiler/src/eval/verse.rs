//! What can be said of poems without a model: form, prosody, variety, likeness to the reference.

use super::meter::Meter;
use super::reference::{self, Reference};
use super::trigram::Surprise;
use crate::prosody::Prosody;
use crate::train::poem::corpus::line_of;
use serde::Serialize;
use std::collections::BTreeSet;

/// Measures of a set of poems, couplets or quatrains; rates from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verse {
    /// Number of poems.
    pub n: usize,
    /// The first so many of them are what `distinct_1`, `distinct_2` and `perplexity` are of: the
    /// distinct ones fall with the size of a set, so that only equal ones compare.
    pub compared: usize,
    /// Poems all of whose characters are Han characters of the vocabulary.
    pub well_formed: f64,
    /// Poems that keep a tone pattern in every position, see [`Meter::template`].
    pub tone_template: f64,
    /// Poems that keep the tone rule, see [`Meter::rule`].
    pub tone_rule: f64,
    /// Poems whose lines end oblique, then level, see [`Meter::ends`].
    pub line_ends: f64,
    /// Poems that rhyme, see [`Meter::rhymes`].
    pub rhyme: f64,
    /// Poems whose first line rhymes too where it should, see [`Meter::first_rhymes`].
    pub first_line_rhyme: f64,
    /// Adjacent pairs within a line that occur within a line of the reference.
    pub pairs_seen: f64,
    /// Different characters per character.
    pub distinct_1: f64,
    /// Different adjacent pairs (within a line) per such pair.
    pub distinct_2: f64,
    /// Couplets with a character that occurs twice in them; a quatrain has two couplets.
    pub repeated: f64,
    /// Lines that the reference has verbatim.
    pub copied_lines: f64,
    /// Perplexity of the lines under the reference's trigram model.
    pub perplexity: f64,
}

/// What poems are held against.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// Characters of a poem.
    pub form: usize,
    /// Characters that the model has.
    pub vocabulary: &'a BTreeSet<char>,
    /// Tones and rhymes.
    pub prosody: &'a Prosody,
    /// What people wrote.
    pub reference: &'a Reference,
    /// Poems of every set that are compared where size matters.
    pub compared: usize,
}

impl<'a> Judge<'a> {
    /// The rules for poems of this form.
    #[must_use]
    pub fn meter(&self) -> Meter<'a> {
        Meter::new(self.prosody, line_of(self.form))
    }

    /// Measures the poems of `characters`, one after the other.
    #[must_use]
    pub fn measure(&self, characters: &[char]) -> Verse {
        let (line, meter, reference) = (line_of(self.form), self.meter(), self.reference);
        let poems = || characters.chunks_exact(self.form);
        let lines = || characters.chunks_exact(line);
        let n = poems().count();
        let compared = self.compared.min(n);
        let first = &characters[..compared * self.form];
        let mut surprise = Surprise::default();
        first
            .chunks_exact(line)
            .for_each(|line| reference.trigram.surprise(line, &mut surprise));
        Verse {
            n,
            compared,
            well_formed: share(poems(), |poem| self.well_formed(poem)),
            tone_template: share(poems(), |poem| meter.template(poem)),
            tone_rule: share(poems(), |poem| meter.rule(poem)),
            line_ends: share(poems(), |poem| meter.ends(poem)),
            rhyme: share(poems(), |poem| meter.rhymes(poem)),
            first_line_rhyme: share(poems(), |poem| meter.first_rhymes(poem)),
            pairs_seen: share(lines().flat_map(reference::pairs), |pair| {
                reference.has_pair(pair)
            }),
            distinct_1: distinct(first.iter()),
            distinct_2: distinct(first.chunks_exact(line).flat_map(reference::pairs)),
            repeated: share(characters.chunks_exact(2 * line), |couplet| {
                distinct(couplet.iter()) < 1.0
            }),
            copied_lines: share(lines(), |line| reference.has_line(line)),
            perplexity: surprise.perplexity(),
        }
    }

    /// Whether `poem` has its length and all its characters are Han characters of the vocabulary.
    #[must_use]
    pub fn well_formed(&self, poem: &[char]) -> bool {
        let known = |&c: &char| is_han(c) && self.vocabulary.contains(&c);
        poem.len() == self.form && poem.iter().all(known)
    }
}

/// Share of `items` for which `holds`; 0 of none.
pub(super) fn share<T>(items: impl Iterator<Item = T>, holds: impl Fn(T) -> bool) -> f64 {
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
    use crate::eval::reference;
    use crate::prosody;

    #[test]
    fn each_measure_by_hand() {
        let characters: Vec<char> = "白日依山尽黄河入海流黄河千里山白日上山流".chars().collect();
        let vocabulary: BTreeSet<char> = "白日依山尽黄河入海流千上".chars().collect();
        let reference = reference::tests::of("白日依山尽，黄河入海流。欲穷千里目，更上一层楼。");
        let prosody = prosody::tests::table();
        let judge = Judge {
            form: 10,
            vocabulary: &vocabulary,
            prosody: &prosody,
            reference: &reference,
            compared: 2,
        };
        let verse = judge.measure(&characters);
        assert_eq!((verse.n, verse.compared), (2, 2));
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
        // Of the first couplet alone, what depends on the number; all else is of both.
        let first = Judge {
            compared: 1,
            ..judge
        };
        let (first, one) = (first.measure(&characters), judge.measure(&characters[..10]));
        assert_eq!((first.n, first.compared), (2, 1));
        assert_eq!(first.pairs_seen, verse.pairs_seen);
        assert_eq!((first.distinct_1, first.distinct_2), (1.0, 1.0));
        assert_eq!(first.perplexity, one.perplexity);
    }

    #[test]
    fn a_quatrain_has_four_lines_and_two_couplets() {
        // 登鹳雀楼, and with 黄河 for 千里 in its third line.
        let tower = "白日依山尽黄河入海流欲穷千里目更上一层楼";
        let text = tower.to_string() + &tower.replace("千里", "黄河");
        let characters: Vec<char> = text.chars().collect();
        let vocabulary: BTreeSet<char> = characters.iter().copied().collect();
        let reference = reference::tests::of("白日依山尽，黄河入海流。");
        let prosody = crate::eval::meter::tests::table();
        let judge = Judge {
            form: 20,
            vocabulary: &vocabulary,
            prosody: &prosody,
            reference: &reference,
            compared: 2,
        };
        let verse = judge.measure(&characters);
        assert_eq!((verse.n, verse.well_formed, verse.rhyme), (2, 1.0, 1.0));
        // 欲穷黄河目: Z P P P Z is no line of the four.
        assert_eq!((verse.tone_template, verse.tone_rule), (0.5, 0.5));
        assert_eq!(verse.copied_lines, 0.5);
        // Four lines of two pairs are seen whole; 黄河 once more.
        assert_eq!(verse.pairs_seen, 17.0 / 32.0);
        // 黄河 is in both couplets of the second poem, twice in neither.
        assert_eq!(verse.repeated, 0.0);
        let doubled: Vec<char> = tower.replace('层', "上").chars().collect();
        assert_eq!(judge.measure(&doubled).repeated, 0.5);
    }

    #[test]
    fn han_are_ideographs_only() {
        assert!("山〇㐀𠀀".chars().all(is_han));
        assert!(!"a，。\u{FFFD}あ□".chars().any(is_han));
    }
}

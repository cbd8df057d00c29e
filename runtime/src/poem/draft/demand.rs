//! What a position asks for, and the candidates that suit.

use super::{Draft, none};
use crate::decode::lattice::Row;
use crate::decode::prosody::{Groups, LineType, OBLIQUE, Pattern, RHYMES, Tone};
use crate::poem::lists::Place;
use crate::poem::{ComposeError, Rule, Rules};
use core::ops::Range;

/// What a position asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    Tone(Tone),
    Rhyme(u8),
}

impl Demand {
    fn suits(self, groups: Groups) -> bool {
        match self {
            Self::Tone(tone) => groups.suit(tone),
            Self::Rhyme(group) => groups.has(group),
        }
    }

    /// Lists whose characters suit.
    fn lists(self, place: &Place<'_>) -> Range<usize> {
        let rhymes = 0..if place.is_last { RHYMES } else { 1 };
        match self {
            Self::Tone(Tone::Either) => place.all(),
            Self::Tone(Tone::Level) => rhymes,
            Self::Tone(Tone::Oblique) => one(place.list_of(OBLIQUE).unwrap_or(0)),
            Self::Rhyme(group) => one(group.into()),
        }
    }

    fn rule(self) -> Rule {
        match self {
            Self::Tone(_) => Rule::Tone,
            Self::Rhyme(_) => Rule::Rhyme,
        }
    }
}

fn one(number: usize) -> Range<usize> {
    number..number.wrapping_add(1)
}

/// The character that is fixed at `position`.
pub(super) fn fixed(rules: &Rules<'_>, position: usize) -> Option<i32> {
    rules.fixed.get(position).copied().filter(|&id| id >= 0)
}

/// Whether `id` is an avoided word of its own.
pub(super) fn is_avoided(rules: &Rules<'_>, id: u16) -> bool {
    let alone = |word: &&[i32]| matches!(word, [only] if *only == i32::from(id));
    rules.avoided.iter().any(alone)
}

impl Draft<'_> {
    /// Tone that `pattern` asks for.
    pub(super) fn tone(
        &self,
        rules: &Rules<'_>,
        pattern: Option<Pattern>,
        line: usize,
        at: usize,
    ) -> Tone {
        let Some(pattern) = pattern else {
            return Tone::Either;
        };
        let length = self.form.line;
        let mut kind = pattern.line(line);
        if kind == LineType::B {
            let head = line
                .wrapping_mul(length)
                .wrapping_add(length.saturating_sub(5));
            let head = fixed(rules, head).map(|id| u16::try_from(id).unwrap_or(u16::MAX));
            if head.is_some_and(|id| !self.form.groups_of(id).is_level()) {
                kind = LineType::Rescued;
            }
        }
        kind.tone(length, at)
    }

    /// Candidates of one position.
    pub(super) fn row(
        &self,
        rules: &Rules<'_>,
        position: usize,
        place: &Place<'_>,
        demand: Demand,
    ) -> Result<Row, ComposeError> {
        if matches!(demand, Demand::Rhyme(group) if usize::from(group) >= RHYMES) {
            return Err(none(position, Rule::Rhyme));
        }
        if let Some(id) = fixed(rules, position) {
            let id = u16::try_from(id).map_err(|_| none(position, Rule::Fixed))?;
            if is_avoided(rules, id) {
                return Err(none(position, Rule::Avoided));
            }
            if !demand.suits(self.form.groups_of(id)) {
                return Err(none(position, demand.rule()));
            }
            return Ok(Row::fixed(id));
        }
        let (mut row, mut rule) = (Row::default(), demand.rule());
        let best = place.best();
        for (id, score) in demand.lists(place).flat_map(|number| place.list(number)) {
            if is_avoided(rules, id) {
                rule = Rule::Avoided;
            } else {
                row.offer(id, self.lead(score, best));
            }
        }
        match row.ids().is_empty() {
            true => Err(none(position, rule)),
            false => Ok(row),
        }
    }

    /// A score against the best of its position, in the unit of lattices.
    fn lead(&self, score: i32, best: i32) -> i32 {
        (best.saturating_sub(score) >> (self.form.shift & 31)).wrapping_neg()
    }
}

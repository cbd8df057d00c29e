//! The outputs of `compose`: candidates in lists by tone and rhyme.
//!
//! ```text
//! a line of n characters:  level, oblique │ level, oblique │ … │ 30 rhyme groups, oblique
//!                          at 0             at 1                 at n − 1
//! ```
//!
//! Each list has k places, best first; an empty one holds id −1.

use crate::decode::lattice::STATES;
use crate::decode::prosody::{Groups, LEVEL, NONE, OBLIQUE};
use core::ops::Range;

/// Lists of a line's last character.
const LAST: usize = OBLIQUE as usize + 1;
/// Lists of every other.
const TONES: usize = 2;

/// Lists of a line of `line` characters.
pub(super) const fn lists_of_line(line: usize) -> usize {
    line.saturating_sub(1)
        .saturating_mul(TONES)
        .saturating_add(LAST)
}

/// Candidates of all positions; scores are integers, in whatever unit.
#[derive(Clone, Copy)]
pub(super) struct Lists<'a> {
    pub ids: &'a [i32],
    pub scores: &'a [i32],
    pub k: usize,
    pub line: usize,
}

/// The lists of one position.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    ids: &'a [i32],
    scores: &'a [i32],
    k: usize,
    pub is_last: bool,
}

impl<'a> Lists<'a> {
    /// Lists of character `at` of line `line`.
    pub fn place(&self, line: usize, at: usize) -> Place<'a> {
        let is_last = at.saturating_add(1) >= self.line;
        let first = line.saturating_mul(lists_of_line(self.line));
        let first = first.saturating_add(at.saturating_mul(TONES));
        let count = if is_last { LAST } else { TONES };
        Place {
            ids: cut(
                self.ids,
                first.saturating_mul(self.k),
                count.saturating_mul(self.k),
            ),
            scores: cut(
                self.scores,
                first.saturating_mul(self.k),
                count.saturating_mul(self.k),
            ),
            k: self.k,
            is_last,
        }
    }
}

impl<'a> Place<'a> {
    /// Number of the list that characters of group `code` are offered to.
    pub fn list_of(&self, code: u8) -> Option<usize> {
        match (self.is_last, code) {
            (_, NONE) | (true, LEVEL) => None,
            (true, code) => Some(code.into()),
            (false, OBLIQUE) => Some(1),
            (false, _) => Some(0),
        }
    }

    /// Numbers of all lists.
    pub fn all(&self) -> Range<usize> {
        0..if self.is_last { LAST } else { TONES }
    }

    /// Ids and scores of list `number`, of at most as many as a lattice has states.
    pub fn list(&self, number: usize) -> impl Iterator<Item = (u16, i32)> + use<'a> {
        let start = number.saturating_mul(self.k);
        let length = self.k.min(STATES);
        let ids = cut(self.ids, start, length).iter();
        let both = ids.zip(cut(self.scores, start, length));
        both.map_while(|(&id, &score)| Some((u16::try_from(id).ok()?, score)))
    }

    /// Best score of all lists.
    pub fn best(&self) -> i32 {
        let firsts = self.all().filter_map(|number| self.list(number).next());
        firsts.fold(i32::MIN, |best, (_, score)| best.max(score))
    }

    /// All candidates, once each: those of two lists where they are offered first.
    pub fn once(&self, groups: impl Fn(u16) -> Groups) -> impl Iterator<Item = (u16, i32)> {
        self.all()
            .flat_map(move |number| self.list(number).map(move |found| (number, found)))
            .filter_map(move |(number, (id, score))| {
                let [first, _] = groups(id).codes();
                let twice = self.list_of(first).filter(|&first| first != number);
                let before = |first| self.list(first).any(|(other, _)| other == id);
                (!twice.is_some_and(before)).then_some((id, score))
            })
    }
}

/// `length` elements from `start` on.
fn cut(slice: &[i32], start: usize, length: usize) -> &[i32] {
    let tail = slice.get(start..).unwrap_or(&[]);
    tail.get(..length).unwrap_or(&[])
}

//! Who keeps scores: the best of rows, or of lists of another kind.

use super::super::{dot, elements};
use crate::step::Step;

/// Who keeps scores. For each row ids come in ascending order.
pub(in super::super) trait Keep<S> {
    /// Hears `row`'s score of `id`.
    fn offer(&mut self, row: usize, id: i32, score: S);
}

/// Who keeps scores that come several at a time.
pub(in super::super) trait KeepAll {
    /// Hears `row`'s `scores` of the ids from `first` on.
    fn offer_all(&mut self, row: usize, first: i32, scores: &[i32]);
}

/// The best candidates so far of all rows, or of lists of any other kind.
pub(in super::super) struct Best<'a, S> {
    ids: &'a mut [i32],
    scores: &'a mut [S],
    candidates: usize,
}

impl<'a, S: PartialOrd + bytemuck::Pod> Best<'a, S> {
    /// No candidates yet: each place holds the id and the score of `nobody`.
    #[inline(always)]
    pub fn empty(
        step: &Step<'_>,
        [ids, scores]: [&'a mut [u8]; 2],
        nobody: (i32, S),
    ) -> Option<Self> {
        let (ids, scores) = (elements::of_mut(ids)?, elements::of_mut(scores)?);
        // In one loop: two fills would link two routines of the compiler's.
        for (id, score) in ids.iter_mut().zip(scores.iter_mut()) {
            (*id, *score) = nobody;
        }
        let candidates = step.output(0)?.columns();
        Some(Self {
            ids,
            scores,
            candidates,
        })
    }

    /// Lists of `candidates` places each.
    #[cfg(test)]
    pub fn of(ids: &'a mut [i32], scores: &'a mut [S], candidates: usize) -> Self {
        Self {
            ids,
            scores,
            candidates,
        }
    }

    /// The worst score kept of `row`.
    pub fn worst(&self, row: usize) -> Option<S> {
        let at = ((row + 1) * self.candidates).checked_sub(1)?;
        self.scores.get(at).copied()
    }
}

impl<S: PartialOrd + bytemuck::Pod> Keep<S> for Best<'_, S> {
    /// Ids come in ascending order, so that a strict comparison keeps the lower one first.
    #[inline]
    fn offer(&mut self, row: usize, id: i32, score: S) {
        let start = row * self.candidates;
        let (Some(ids), Some(scores)) = (
            self.ids
                .get_mut(start..)
                .and_then(|tail| tail.get_mut(..self.candidates)),
            self.scores
                .get_mut(start..)
                .and_then(|tail| tail.get_mut(..self.candidates)),
        ) else {
            return;
        };
        match scores.last() {
            Some(worst) if score > *worst => insert(ids, scores, id, score),
            _ => {}
        }
    }
}

impl KeepAll for Best<'_, i32> {
    // Inlined, it takes registers of the loop around it, of which these chips have few.
    #[cfg_attr(all(isa = "dsp", not(isa = "helium")), inline(never))]
    fn offer_all(&mut self, row: usize, first: i32, scores: &[i32]) {
        if let Some(least) = self.worst(row) {
            sift(first, scores, least, |id, score| {
                self.offer(row, id, score);
                self.worst(row)
            });
        }
    }
}

/// Offers those of `scores`, of the ids from `first` on, that are better than `least`. `offer` answers
/// what the next ones have to be better than.
#[inline(always)]
pub(in super::super) fn sift(
    first: i32,
    scores: &[i32],
    mut least: i32,
    mut offer: impl FnMut(i32, i32) -> Option<i32>,
) {
    let mut some = |first: i32, scores: &[i32], mut least: i32| {
        for (id, &score) in (first..).zip(scores) {
            if score > least {
                least = offer(id, score).unwrap_or(least);
            }
        }
        least
    };
    // Few scores are better: where there are vector registers, sixteen are looked at together.
    let (sixteens, mut rest) = scores.as_chunks::<16>();
    let mut id = first;
    if dot::BY_HAND {
        rest = scores;
    } else {
        for sixteen in sixteens {
            let better = |any, &score| any | (score > least);
            if sixteen.iter().fold(false, better) {
                least = some(id, sixteen, least);
            }
            id += 16;
        }
    }
    some(id, rest, least);
}

/// Puts a candidate into its place; the last one drops out.
fn insert<S: PartialOrd + Copy>(ids: &mut [i32], scores: &mut [S], id: i32, score: S) {
    let mut carried = (id, score);
    let mut shifting = false;
    for (id, score) in ids.iter_mut().zip(scores) {
        shifting |= carried.1 > *score;
        if shifting {
            let kept = (*id, *score);
            (*id, *score) = carried;
            carried = kept;
        }
    }
}

//! One character per position from the k best of each, no character twice.
//!
//! ```text
//! while a position is open:
//!     take the open position whose best admissible candidate leads its next one by most
//!     give it that candidate; the character is no longer admissible elsewhere
//! ```
//!
//! The most confident position chooses first, by the lead of its score: no softmax, integers only.
//! A position all of whose candidates are taken repeats its best one. Ties go to the first position.

use crate::kernels::divide;
use heapless::Vec;

/// Candidates of all positions: `k` each, best first.
#[derive(Clone, Copy, Debug)]
pub struct Candidates<'a> {
    /// Ids, `[positions, k]`.
    pub ids: &'a [i32],
    /// Scores, `[positions, k]`, descending in each position.
    pub scores: &'a [i32],
    /// Candidates of each position.
    pub k: usize,
}

impl<'a> Candidates<'a> {
    /// Ids and scores of `position`.
    fn at(&self, position: usize) -> (&'a [i32], &'a [i32]) {
        let start = position.saturating_mul(self.k);
        let cut = |slice: &'a [i32]| {
            let tail = slice.get(start..).unwrap_or(&[]);
            tail.get(..self.k).unwrap_or(&[])
        };
        (cut(self.ids), cut(self.scores))
    }

    /// Number of positions.
    #[must_use]
    pub fn positions(&self) -> usize {
        divide(self.ids.len(), self.k).map_or(0, |(quotient, _)| quotient)
    }
}

/// The best candidate of each position, repeats allowed. At most `N` positions.
#[must_use]
pub fn choose_first<const N: usize>(candidates: Candidates<'_>) -> Vec<i32, N> {
    let positions = 0..candidates.positions();
    let mut ids = Vec::new();
    fill(
        &mut ids,
        positions.filter_map(|position| candidates.at(position).0.first().copied()),
    );
    ids
}

/// Adds as many of `values` as there is room for. Unlike `collect`, which panics where there are more,
/// and whose result is moved, by a routine that has to be linked.
fn fill<T, const N: usize>(filled: &mut Vec<T, N>, values: impl Iterator<Item = T>) {
    for value in values {
        if filled.push(value).is_err() {
            break;
        }
    }
}

/// Most positions of [`choose_distinct`]: each has a bit.
const MOST: usize = 32;

/// One candidate for each position, no character twice. At most `N` positions, which is at most 32.
#[must_use]
pub fn choose_distinct<const N: usize>(candidates: Candidates<'_>) -> Vec<i32, N> {
    const { assert!(N <= MOST) }
    let positions = candidates.positions().min(N);
    let mut chosen: Vec<i32, N> = Vec::new();
    fill(&mut chosen, (0..positions).map(|_| 0));
    // Positions without a character yet.
    let mut open = u32::MAX;
    for _ in 0..positions {
        let mut best: Option<(i64, usize, i32)> = None;
        for position in 0..positions {
            if open >> position & 1 == 0 {
                continue;
            }
            let (lead, id) = lead(candidates.at(position), &chosen, open);
            if best.is_none_or(|(most, ..)| lead > most) {
                best = Some((lead, position, id));
            }
        }
        if let Some((_, position, id)) = best
            && let Some(slot) = chosen.get_mut(position)
        {
            *slot = id;
            open &= !(1 << position);
        }
    }
    chosen
}

/// Lead of the best admissible candidate over the next, and that candidate.
fn lead((ids, scores): (&[i32], &[i32]), chosen: &[i32], open: u32) -> (i64, i32) {
    let is_free = |id| {
        let mut open = open;
        chosen.iter().all(|&taken| {
            let is_open = open & 1 != 0;
            open >>= 1;
            is_open || taken != id
        })
    };
    let mut admissible = ids.iter().zip(scores).filter(|&(&id, _)| is_free(id));
    match (admissible.next(), admissible.next()) {
        (Some((&id, &score)), Some((_, &next))) => (i64::from(score) - i64::from(next), id),
        // The last admissible one must have it, before another position takes it.
        (Some((&id, _)), None) => (i64::MAX, id),
        (None, _) => (i64::MIN, ids.first().copied().unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct(ids: &[i32], scores: &[i32], k: usize) -> std::vec::Vec<i32> {
        choose_distinct::<16>(Candidates { ids, scores, k })
            .iter()
            .copied()
            .collect()
    }

    #[test]
    fn the_most_confident_position_keeps_its_first_choice() {
        // Both want 7; the second leads by more.
        assert_eq!(distinct(&[7, 1, 7, 2], &[10, 9, 10, 2], 2), [1, 7]);
        // Without conflict, everyone has the best.
        assert_eq!(distinct(&[7, 1, 8, 2], &[10, 9, 10, 2], 2), [7, 8]);
    }

    #[test]
    fn a_position_without_choice_goes_first_and_repeats_only_when_it_must() {
        assert_eq!(distinct(&[7, 7, 7], &[1, 2, 3], 1), [7, 7, 7]);
        // The third leads most and takes 1; the first then takes 2 without a rival, and the second,
        // left without a candidate, repeats its best one.
        assert_eq!(
            distinct(&[1, 2, 1, 2, 1, 3], &[9, 1, 9, 2, 9, 0], 2),
            [2, 1, 1]
        );
    }

    #[test]
    fn nothing_in_nothing_out() {
        assert!(distinct(&[], &[], 0).is_empty());
        assert!(
            choose_first::<4>(Candidates {
                ids: &[],
                scores: &[],
                k: 0
            })
            .is_empty()
        );
    }
}

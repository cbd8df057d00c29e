//! The k best tag sequences of a text: parallel list Viterbi (Seshadri and Sundberg, 1994).
//!
//! ```text
//! for each position, for each tag: a list of the k best paths that end there, best first
//!     merged from the lists before, each shifted by its transition
//!     pointer = the place in the lists before: tag · k + rank
//! the k best of the last lists, with end scores, followed back by their pointers
//! ```
//!
//! Scores are added and the best one is subtracted as in [`super::viterbi()`], whose tags come
//! first. Of paths with equal scores the one comes first that has the lower tag where they last
//! differ: the merge prefers the lower tag before, and a list keeps the order of the one that it
//! comes from.

use super::error::CrfError;
use super::score::Score;
use super::table::{Crf, MAX_TAGS, has};
use super::viterbi::{exactly, positions, set, two};
use crate::kernels::{rows, rows_mut};

/// Most candidates of a position, tags times paths: a pointer has 16 bits.
const MOST: usize = 1 << 16;

/// Scores that [`k_best`] needs.
#[must_use]
pub const fn k_best_scores(tags: usize, k: usize) -> usize {
    tags.saturating_mul(k).saturating_mul(2)
}

/// Back-pointers that [`k_best`] needs, for `length` characters.
#[must_use]
pub const fn k_best_pointers(tags: usize, length: usize, k: usize) -> usize {
    tags.saturating_mul(k).saturating_mul(length)
}

/// Memory for one search for several paths, of any contents.
#[derive(Debug)]
pub struct ListScratch<'s, S> {
    /// [`k_best_scores`] of them or more.
    pub scores: &'s mut [S],
    /// [`k_best_pointers`] of them or more.
    pub pointers: &'s mut [u16],
}

/// The best tag sequences of a text, as many as `totals` has room for, and their number: all that
/// are allowed where that is less.
///
/// `emissions` are `[N, T]`, `allowed` is a set of tags for each position, `totals` receives k
/// scores, best first, and `paths` `[k, N]` their tags. What lies behind the paths found is left as
/// it is. An empty text has one path, of score 0.
///
/// # Errors
/// A slice has the wrong length, T · k is above 65,536, or no path is allowed.
pub fn k_best<S: Score>(
    crf: &Crf<'_, S>,
    emissions: &[S],
    allowed: Option<&[u64]>,
    scratch: ListScratch<'_, S>,
    paths: &mut [u8],
    totals: &mut [S::Total],
) -> Result<usize, CrfError> {
    let k = totals.len();
    let length = positions(crf.tags(), emissions, allowed)?;
    exactly(paths.len(), length.saturating_mul(k))?;
    let width = crf.tags().saturating_mul(k);
    if width > MOST {
        return Err(CrfError::Candidates);
    }
    let needed = width.saturating_mul(length);
    let pointers = scratch.pointers.get_mut(..needed);
    let pointers = pointers.ok_or(CrfError::Scratch { needed })?;
    let (mut from, mut to) = two(scratch.scores, width)?;
    if length == 0 || k == 0 {
        for total in totals.iter_mut().take(1) {
            *total = S::total(S::Sum::default());
        }
        return Ok(k.min(1));
    }

    let mut sum = S::Sum::default();
    let mut rest = &mut *pointers;
    for (position, emission) in rows(emissions, crf.tags()).enumerate() {
        let (row, behind) = rest
            .split_at_mut_checked(width)
            .ok_or(CrfError::Scratch { needed })?;
        rest = behind;
        let before = (position > 0).then_some(&*from);
        let best = step(crf, k, (emission, set(allowed, position)), before, to, row);
        if best.is_forbidden() {
            return Err(CrfError::NoPath { position });
        }
        best.add_to(&mut sum);
        core::mem::swap(&mut from, &mut to);
    }
    let mut found = 0;
    let mut free = rows_mut(paths, length).zip(totals);
    merge(
        from,
        k,
        |tag| crf.end(tag),
        |score, place| {
            if let Some((path, total)) = free.next() {
                let mut sum = sum;
                score.add_to(&mut sum);
                *total = S::total(sum);
                follow(pointers, place, width, k, path);
                found += 1;
            }
        },
    );
    if found == 0 {
        return Err(CrfError::NoPath { position: length });
    }
    Ok(found)
}

/// The lists of one position, and the best score, which is subtracted.
fn step<S: Score>(
    crf: &Crf<'_, S>,
    k: usize,
    (emission, allowed): (&[S], u64),
    from: Option<&[S]>,
    to: &mut [S],
    pointers: &mut [u16],
) -> S {
    to.fill(S::FORBIDDEN);
    let mut best = S::FORBIDDEN;
    let lists = rows_mut(to, k).zip(rows_mut(pointers, k));
    for (tag, ((list, pointers), &emission)) in lists.zip(emission).enumerate() {
        if !has(allowed, tag) {
            continue;
        }
        let mut slots = list.iter_mut().zip(pointers);
        let mut take = |score: S, place: usize| {
            if let Some((slot, pointer)) = slots.next() {
                *slot = score.plus(emission);
                *pointer = place as u16;
            }
        };
        match from {
            None => take(crf.start(tag), 0),
            Some(from) => merge(from, k, |before| crf.transition(before, tag), take),
        }
        if let Some(&first) = list.first()
            && first > best
        {
            best = first;
        }
    }
    if !best.is_forbidden() {
        for score in to {
            *score = score.minus(best);
        }
    }
    best
}

/// Merges the lists in `from`, each shifted by `shift` of its tag, and hands the k best candidates
/// and their places to `take`.
fn merge<S: Score>(
    from: &[S],
    k: usize,
    shift: impl Fn(usize) -> S,
    mut take: impl FnMut(S, usize),
) {
    // Candidates of each list that are taken.
    let mut taken = [0_usize; MAX_TAGS];
    for _ in 0..k {
        let mut best = None;
        let mut most = S::FORBIDDEN;
        for (tag, (list, &rank)) in rows(from, k).zip(&taken).enumerate() {
            let head = list.get(rank).copied().unwrap_or(S::FORBIDDEN);
            let score = head.plus(shift(tag));
            if score > most {
                most = score;
                best = Some((tag, rank));
            }
        }
        let Some((tag, rank)) = best else {
            return;
        };
        if let Some(taken) = taken.get_mut(tag) {
            *taken = rank.saturating_add(1);
        }
        take(most, tag.saturating_mul(k).saturating_add(rank));
    }
}

/// The path whose last place is `place`.
fn follow(pointers: &[u16], mut place: usize, width: usize, k: usize, path: &mut [u8]) {
    for (position, slot) in path.iter_mut().enumerate().rev() {
        *slot = place.checked_div(k).unwrap_or(0) as u8;
        let pointer = pointers.get(position.saturating_mul(width).saturating_add(place));
        place = usize::from(pointer.copied().unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn all(k: usize, allowed: Option<&[u64]>) -> Result<Vec<Vec<u8>>, CrfError> {
        let crf = Crf::new(2, &[0; 8]).ok_or(CrfError::Candidates)?;
        let (mut paths, mut totals) = (std::vec![0; 3 * k], std::vec![9; k]);
        let scratch = ListScratch {
            scores: &mut std::vec![0; k_best_scores(2, k)],
            pointers: &mut std::vec![0; k_best_pointers(2, 3, k)],
        };
        let found = k_best(&crf, &[0; 6], allowed, scratch, &mut paths, &mut totals)?;
        assert!(totals[..found].iter().all(|&total| total == 0));
        Ok(paths.chunks(3).take(found).map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn of_equal_paths_the_lower_tag_where_they_last_differ_comes_first() {
        let order: Vec<Vec<u8>> = (0..8_u8)
            .map(|bits| std::vec![bits & 1, bits >> 1 & 1, bits >> 2])
            .collect();
        for k in 0..10 {
            assert_eq!(all(k, None), Ok(order[..k.min(8)].to_vec()));
        }
        assert_eq!(
            all(9, Some(&[1, 2, 3])),
            Ok(std::vec![std::vec![0, 1, 0], std::vec![0, 1, 1]])
        );
        assert_eq!(
            all(9, Some(&[1, 0, 3])),
            Err(CrfError::NoPath { position: 1 })
        );
    }

    #[test]
    fn an_empty_text_has_one_path_of_score_0() {
        let crf = Crf::new(2, &[1; 8]).expect("the table fits");
        for k in 0..3 {
            let mut totals = std::vec![9; k];
            let scratch = ListScratch {
                scores: &mut std::vec![0; k_best_scores(2, k)],
                pointers: &mut [],
            };
            let found = k_best(&crf, &[], None, scratch, &mut [], &mut totals);
            assert_eq!(found, Ok(k.min(1)));
            assert_eq!(totals, [0, 9][..k]);
        }
    }

    #[test]
    fn pointers_have_sixteen_bits() {
        assert_eq!(all(1 << 15, None).map(|paths| paths.len()), Ok(8));
        assert_eq!(all((1 << 15) + 1, None), Err(CrfError::Candidates));
    }
}

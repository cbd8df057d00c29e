//! The best tags of a text (Viterbi, 1967), and the score of any tags.
//!
//! ```text
//! for each position: one step, its pointers kept
//! last tag = the lowest of the best with end scores
//! from the last position back: tag before = pointer of the tag
//! score = Σ of the subtracted best scores + best score of the last tag
//! ```
//!
//! As f32, `score` is summed with compensation. As i32 all is exact, as long as every entry is
//! within ±2²⁹ and no path that matters lies 16,383 nats behind the best one.

use super::error::CrfError;
use super::score::Score;
use super::step;
use super::table::{ALL, Crf, has};
use crate::kernels::rows;

/// Scores that [`viterbi`] needs.
#[must_use]
pub const fn viterbi_scores(tags: usize) -> usize {
    tags.saturating_mul(2)
}

/// Back-pointers that [`viterbi`] needs, for `length` characters.
#[must_use]
pub const fn viterbi_pointers(tags: usize, length: usize) -> usize {
    tags.saturating_mul(length)
}

/// Memory for one search, of any contents.
#[derive(Debug)]
pub struct Scratch<'s, S> {
    /// [`viterbi_scores`] of them or more.
    pub scores: &'s mut [S],
    /// [`viterbi_pointers`] of them or more.
    pub pointers: &'s mut [u8],
}

/// The best tags of a text, and their score.
///
/// `emissions` are `[N, T]`, `allowed` is a set of tags for each of the N positions (bit `t` of the
/// u64 is tag `t`), `tags` receives N tags. An empty text scores 0.
///
/// # Errors
/// A slice has the wrong length, or no path is allowed.
pub fn viterbi<S: Score>(
    crf: &Crf<'_, S>,
    emissions: &[S],
    allowed: Option<&[u64]>,
    scratch: Scratch<'_, S>,
    tags: &mut [u8],
) -> Result<S::Total, CrfError> {
    let width = crf.tags();
    let length = positions(width, emissions, allowed)?;
    exactly(tags.len(), length)?;
    let (from, to) = two(scratch.scores, width)?;
    let needed = viterbi_pointers(width, length);
    let pointers = scratch.pointers.get_mut(..needed);
    let pointers = pointers.ok_or(CrfError::Scratch { needed })?;

    let (mut from, mut to) = (from, to);
    let mut sum = S::Sum::default();
    let mut rest = &mut *pointers;
    for (position, emission) in rows(emissions, width).enumerate() {
        let allowed = set(allowed, position);
        let (row, behind) = rest
            .split_at_mut_checked(width)
            .ok_or(CrfError::Scratch { needed })?;
        rest = behind;
        let best = if position == 0 {
            step::first(crf, emission, allowed, to)
        } else {
            step::next(crf, emission, allowed, from, to, row)
        };
        if best.is_forbidden() {
            return Err(CrfError::NoPath { position });
        }
        best.add_to(&mut sum);
        core::mem::swap(&mut from, &mut to);
    }
    if length == 0 {
        return Ok(S::total(sum));
    }
    let no_end = CrfError::NoPath { position: length };
    let (mut tag, score) = step::last(from, crf.ends()).ok_or(no_end)?;
    score.add_to(&mut sum);
    for (position, slot) in tags.iter_mut().enumerate().rev() {
        *slot = tag as u8;
        let pointer = pointers.get(position.saturating_mul(width).saturating_add(tag));
        tag = usize::from(pointer.copied().unwrap_or(0));
    }
    Ok(S::total(sum))
}

/// The score of the tags of a text; of i32, exactly their sum.
///
/// # Errors
/// A slice has the wrong length, a tag does not exist, or the tags are forbidden: at the position
/// whose tag, or the transition to it, is.
pub fn score<S: Score>(
    crf: &Crf<'_, S>,
    emissions: &[S],
    allowed: Option<&[u64]>,
    tags: &[u8],
) -> Result<S::Total, CrfError> {
    let length = positions(crf.tags(), emissions, allowed)?;
    exactly(tags.len(), length)?;
    let mut sum = S::Sum::default();
    let mut before = None;
    for (position, (emission, &tag)) in rows(emissions, crf.tags()).zip(tags).enumerate() {
        let tag = usize::from(tag);
        let &emission = emission.get(tag).ok_or(CrfError::Tag { position })?;
        let enter = match before {
            None => crf.start(tag),
            Some(before) => crf.transition(before, tag),
        };
        if !has(set(allowed, position), tag) || emission.is_forbidden() || enter.is_forbidden() {
            return Err(CrfError::NoPath { position });
        }
        emission.add_to(&mut sum);
        enter.add_to(&mut sum);
        before = Some(tag);
    }
    if let Some(tag) = before {
        let end = crf.end(tag);
        if end.is_forbidden() {
            return Err(CrfError::NoPath { position: length });
        }
        end.add_to(&mut sum);
    }
    Ok(S::total(sum))
}

/// The number of positions of `emissions`, where `allowed` has as many.
pub(super) fn positions<S>(
    width: usize,
    emissions: &[S],
    allowed: Option<&[u64]>,
) -> Result<usize, CrfError> {
    let length = emissions.len().checked_div(width).unwrap_or(0);
    exactly(emissions.len(), length.saturating_mul(width))?;
    if let Some(allowed) = allowed {
        exactly(allowed.len(), length)?;
    }
    Ok(length)
}

/// That a slice has the length `needed`.
pub(super) fn exactly(length: usize, needed: usize) -> Result<(), CrfError> {
    if length == needed {
        Ok(())
    } else {
        Err(CrfError::Length { needed })
    }
}

/// Two rows of `width` scores.
pub(super) fn two<S>(scores: &mut [S], width: usize) -> Result<(&mut [S], &mut [S]), CrfError> {
    let needed = width.saturating_mul(2);
    let rows = scores.get_mut(..needed);
    let rows = rows.and_then(|rows| rows.split_at_mut_checked(width));
    rows.ok_or(CrfError::Scratch { needed })
}

/// The set of tags at `position`.
pub(super) fn set(allowed: Option<&[u64]>, position: usize) -> u64 {
    allowed.map_or(ALL, |sets| sets.get(position).copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three tags: 2 may not start a text, 0 may not end one, 1 does not follow 1.
    const TABLE: [i32; 15] = [0, 0, NO, 0, 0, 0, 0, NO, 0, 0, 0, 0, NO, 0, 0];
    const NO: i32 = i32::FORBIDDEN;

    fn decode(emissions: &[i32], allowed: Option<&[u64]>) -> Result<(i64, [u8; 2]), CrfError> {
        let crf = Crf::new(3, &TABLE).ok_or(CrfError::Candidates)?;
        let mut tags = [9; 2];
        let scratch = Scratch {
            scores: &mut [7; viterbi_scores(3)],
            pointers: &mut [7; viterbi_pointers(3, 2)],
        };
        viterbi(&crf, emissions, allowed, scratch, &mut tags).map(|total| (total, tags))
    }

    #[test]
    fn ties_go_to_the_lower_tag() {
        assert_eq!(decode(&[0; 6], None), Ok((0, [0, 1])));
        assert_eq!(decode(&[0, 1, 1, 0, 0, 0], None), Ok((1, [1, 2])));
        assert_eq!(decode(&[0, 1, 1, 0, 1, 0], None), Ok((1, [0, 1])));
    }

    #[test]
    fn constraints_without_a_path_name_the_position() {
        let nowhere = |position| Err(CrfError::NoPath { position });
        assert_eq!(decode(&[0; 6], Some(&[0b100, 0b111])), nowhere(0));
        assert_eq!(decode(&[0; 6], Some(&[0b010, 0b010])), nowhere(1));
        assert_eq!(decode(&[0; 6], Some(&[0b111, 0b001])), nowhere(2));
        assert_eq!(decode(&[0; 6], Some(&[0b010, !0b011])), Ok((0, [1, 2])));
        // Sets of tags that do not exist are empty.
        assert_eq!(decode(&[0; 6], Some(&[!0b111, 0b111])), nowhere(0));
    }

    #[test]
    fn slices_of_other_lengths_are_refused() {
        assert_eq!(decode(&[0; 5], None), Err(CrfError::Length { needed: 3 }));
        assert_eq!(decode(&[0; 3], None), Err(CrfError::Length { needed: 1 }));
        let refused = Err(CrfError::Length { needed: 2 });
        assert_eq!(decode(&[0; 6], Some(&[1; 3])), refused);
        let crf = Crf::new(3, &TABLE).expect("the table fits");
        let short = |scores: &mut [i32], pointers: &mut [u8]| {
            let scratch = Scratch { scores, pointers };
            viterbi(&crf, &[0; 6], None, scratch, &mut [0; 2])
        };
        let scratch = |needed| Err(CrfError::Scratch { needed });
        assert_eq!(short(&mut [0; 5], &mut [0; 6]), scratch(6));
        assert_eq!(short(&mut [0; 6], &mut [0; 5]), scratch(6));
    }

    #[test]
    fn totals_are_wider_than_scores() {
        let most = [i32::MAX >> 2; 6];
        assert_eq!(
            decode(&most, None),
            Ok((2 * i64::from(i32::MAX >> 2), [0, 1]))
        );
        let crf = Crf::new(3, &TABLE).expect("the table fits");
        let own = score(&crf, &[i32::MAX; 6], None, &[0, 2]);
        assert_eq!(own, Ok(2 * i64::from(i32::MAX)));
        let own = |tags: &[u8]| score(&crf, &[0; 6], Some(&[0b111, 0b110]), tags);
        assert_eq!(own(&[2, 1]), Err(CrfError::NoPath { position: 0 }));
        assert_eq!(own(&[1, 1]), Err(CrfError::NoPath { position: 1 }));
        assert_eq!(own(&[1, 0]), Err(CrfError::NoPath { position: 1 }));
        assert_eq!(own(&[1, 3]), Err(CrfError::Tag { position: 1 }));
        let own = score(&crf, &[0; 6], None, &[1, 0]);
        assert_eq!(own, Err(CrfError::NoPath { position: 2 }));
    }
}

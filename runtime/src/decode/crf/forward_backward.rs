//! The sum over all tag sequences, and what share of it single ones and single tags have (Rabiner,
//! 1989), in f32 nats.
//!
//! ```text
//! lse(x)      = m + ln Σ exp(xᵢ − m), m = max x                     −∞ where all are forbidden
//! forward     a₁[j] = start(j) + emission₁[j]
//!             aₙ[j] = lse over i (aₙ₋₁[i] + transition(i, j)) + emissionₙ[j]
//!             cₙ = lse(aₙ);  aₙ = aₙ − cₙ
//! end         c = lse over i (a_N[i] + end(i))
//! partition   ln Z = Σ cₙ + c
//! backward    b_N[i] = end(i)
//!             bₙ₋₁[i] = lse over j (transition(i, j) + emissionₙ[j] + bₙ[j]), minus its own lse
//! marginal    v = aₙ + bₙ;  pₙ[j] = exp(v[j] − max v) / Σ exp(v − max v)
//! ln p(y)     = Σ (transition(yₙ₋₁, yₙ) + emissionₙ[yₙ] − cₙ) + end(y_N) − c, start for n = 1
//! ```
//!
//! Each position has its own normaliser, so that all numbers stay small however long the text is;
//! sums over positions are compensated. `ln p` is summed from the differences: a difference of two
//! large sums would have no digits left.

#[cfg(test)]
mod tests;

use super::error::CrfError;
use super::score::{Compensated, Score};
use super::table::{Crf, has};
use super::viterbi::{exactly, positions, set, two};
use crate::kernels::rows;
use crate::math;

/// Floats that [`log_partition`], [`marginals`] and [`log_probability`] need.
#[must_use]
pub const fn forward_scratch(tags: usize) -> usize {
    tags.saturating_mul(2)
}

/// The logarithm of the sum of `exp(score)` over all tag sequences, in nats; 0 of an empty text.
///
/// `emissions` are `[N, T]`, `allowed` is a set of tags for each position, `scratch` has
/// [`forward_scratch`] elements or more.
///
/// # Errors
/// A slice has the wrong length, or no path is allowed.
pub fn log_partition<S: Score>(
    crf: &Crf<'_, S>,
    emissions: &[S],
    allowed: Option<&[u64]>,
    scratch: &mut [f32],
) -> Result<f32, CrfError> {
    let mut sum = Compensated::default();
    forward(crf, emissions, allowed, scratch, |_, normaliser| {
        normaliser.add_to(&mut sum);
        Ok(())
    })?;
    Ok(f32::total(sum))
}

/// The logarithm of the probability of `tags` among all tag sequences that are allowed; −∞ where
/// they are not.
///
/// # Errors
/// A slice has the wrong length, a tag does not exist, or no path is allowed.
pub fn log_probability<S: Score>(
    crf: &Crf<'_, S>,
    emissions: &[S],
    allowed: Option<&[u64]>,
    tags: &[u8],
    scratch: &mut [f32],
) -> Result<f32, CrfError> {
    let length = positions(crf.tags(), emissions, allowed)?;
    exactly(tags.len(), length)?;
    let mut sum = Compensated::default();
    let mut possible = true;
    let mut add = |score: f32| {
        possible &= !score.is_forbidden();
        if possible {
            score.add_to(&mut sum);
        }
    };
    let mut texts = rows(emissions, crf.tags()).zip(tags).enumerate();
    let mut before = None;
    forward(crf, emissions, allowed, scratch, |_, normaliser| {
        if let Some((position, (emission, &tag))) = texts.next() {
            let tag = usize::from(tag);
            if tag >= crf.tags() {
                return Err(CrfError::Tag { position });
            }
            add(masked(emission, set(allowed, position), tag));
            add(match before {
                None => crf.start(tag).nats(),
                Some(before) => crf.transition(before, tag).nats(),
            });
            before = Some(tag);
        } else if let Some(last) = before {
            add(crf.end(last).nats());
        }
        add(-normaliser);
        Ok(())
    })?;
    Ok(if possible {
        f32::total(sum)
    } else {
        f32::NEG_INFINITY
    })
}

/// The probability of each tag at each position, into `marginals` `[N, T]`; the result is the
/// logarithm of the partition sum.
///
/// # Errors
/// A slice has the wrong length, or no path is allowed.
pub fn marginals<S: Score>(
    crf: &Crf<'_, S>,
    emissions: &[S],
    allowed: Option<&[u64]>,
    scratch: &mut [f32],
    marginals: &mut [f32],
) -> Result<f32, CrfError> {
    let width = crf.tags();
    let length = positions(width, emissions, allowed)?;
    exactly(marginals.len(), length.saturating_mul(width))?;
    // First the forward scores, each row to give way to its probabilities.
    let mut sum = Compensated::default();
    let mut slots = marginals.iter_mut();
    forward(crf, emissions, allowed, scratch, |scores, normaliser| {
        normaliser.add_to(&mut sum);
        for (&score, slot) in scores.iter().zip(&mut slots) {
            *slot = score;
        }
        Ok(())
    })?;

    let (mut later, mut earlier) = two(scratch, width)?;
    for (slot, end) in later.iter_mut().zip(crf.ends()) {
        *slot = end.nats();
    }
    let (mut texts, mut rest) = (emissions, &mut *marginals);
    for position in (0..length).rev() {
        let start = position.saturating_mul(width);
        let (before, row) = core::mem::take(&mut rest)
            .split_at_mut_checked(start)
            .ok_or(CrfError::Length { needed: start })?;
        rest = before;
        let (before, emission) = texts
            .split_at_checked(start)
            .ok_or(CrfError::Length { needed: start })?;
        texts = before;
        for (slot, &score) in row.iter_mut().zip(&*later) {
            *slot = slot.plus(score);
        }
        let most = row.iter().copied().fold(f32::NEG_INFINITY, math::max);
        for slot in row.iter_mut() {
            *slot = math::exp(slot.minus(most));
        }
        let sum = row.iter().fold(0.0, |sum, share| sum + share);
        for slot in row.iter_mut() {
            *slot /= sum;
        }
        for (tag, slot) in later.iter_mut().enumerate() {
            *slot = slot.plus(masked(emission, set(allowed, position), tag));
        }
        for (slot, row) in earlier.iter_mut().zip(crf.rows()) {
            let behind = || row.iter().zip(&*later);
            *slot = sum_of(|| behind().map(|(score, later)| score.nats().plus(*later)));
        }
        let normaliser = sum_of(|| earlier.iter().copied());
        for slot in earlier.iter_mut() {
            *slot = slot.minus(normaliser);
        }
        core::mem::swap(&mut later, &mut earlier);
    }
    Ok(f32::total(sum))
}

/// Goes through the text and hands on the normalised forward scores and the normaliser of each
/// position, then no scores and that of the end, unless the text is empty.
fn forward<S: Score>(
    crf: &Crf<'_, S>,
    emissions: &[S],
    allowed: Option<&[u64]>,
    scratch: &mut [f32],
    mut visit: impl FnMut(&[f32], f32) -> Result<(), CrfError>,
) -> Result<(), CrfError> {
    let length = positions(crf.tags(), emissions, allowed)?;
    let (mut from, mut to) = two(scratch, crf.tags())?;
    for (position, emission) in rows(emissions, crf.tags()).enumerate() {
        let allowed = set(allowed, position);
        for (tag, slot) in to.iter_mut().enumerate() {
            let enter = if position == 0 {
                crf.start(tag).nats()
            } else {
                let before = || from.iter().enumerate();
                sum_of(|| before().map(|(i, score)| score.plus(crf.transition(i, tag).nats())))
            };
            *slot = enter.plus(masked(emission, allowed, tag));
        }
        let normaliser = sum_of(|| to.iter().copied());
        if normaliser.is_forbidden() {
            return Err(CrfError::NoPath { position });
        }
        for slot in to.iter_mut() {
            *slot = slot.minus(normaliser);
        }
        visit(to, normaliser)?;
        core::mem::swap(&mut from, &mut to);
    }
    if length > 0 {
        let ends = || from.iter().zip(crf.ends());
        let normaliser = sum_of(|| ends().map(|(score, end)| score.plus(end.nats())));
        if normaliser.is_forbidden() {
            return Err(CrfError::NoPath { position: length });
        }
        visit(&[], normaliser)?;
    }
    Ok(())
}

/// The emission of `tag`, −∞ where it is not allowed.
fn masked<S: Score>(emission: &[S], allowed: u64, tag: usize) -> f32 {
    match emission.get(tag) {
        Some(score) if has(allowed, tag) => score.nats(),
        _ => f32::NEG_INFINITY,
    }
}

/// The logarithm of the sum of the exponentials; no term is NaN or +∞.
fn sum_of<I: Iterator<Item = f32>>(terms: impl Fn() -> I) -> f32 {
    let most = terms().fold(f32::NEG_INFINITY, math::max);
    if most.is_forbidden() {
        return most;
    }
    let sum = terms().fold(0.0, |sum, term| sum + math::exp(term - most));
    most.plus(math::ln(sum))
}

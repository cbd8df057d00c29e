//! One step of the Viterbi recurrence; the decoder of whole texts and the stream share it.
//!
//! ```text
//! first:  to[j] = start(j) ⊕ emission[j]                          where j is allowed
//! next:   to[j] = max over i: (from[i] ⊕ transition(i, j)) ⊕ emission[j]
//!         pointer[j] = the lowest such i; 0 where all are forbidden
//! then:   best = max over j: to[j]
//!         to[j] = to[j] ⊖ best
//! ```
//!
//! After it the best score is 0 and all others are below: scores do not grow with the text, only
//! the sum of `best` does.

use super::score::Score;
use super::table::{Crf, has};

/// The first character: `to`, and the best score, which is subtracted; forbidden where all are.
pub(super) fn first<S: Score>(crf: &Crf<'_, S>, emission: &[S], allowed: u64, to: &mut [S]) -> S {
    for (slot, &start) in to.iter_mut().zip(crf.starts()) {
        *slot = start;
    }
    emit(emission, allowed, to)
}

/// Another character, like [`first`]. `pointers` are the tags before.
pub(super) fn next<S: Score>(
    crf: &Crf<'_, S>,
    emission: &[S],
    allowed: u64,
    from: &[S],
    to: &mut [S],
    pointers: &mut [u8],
) -> S {
    to.fill(S::FORBIDDEN);
    pointers.fill(0);
    // By rows of the table; an equal score does not replace that of a lower tag.
    for (tag, (&score, row)) in from.iter().zip(crf.rows()).enumerate() {
        if score.is_forbidden() {
            continue;
        }
        for ((slot, pointer), &transition) in to.iter_mut().zip(pointers.iter_mut()).zip(row) {
            let candidate = score.plus(transition);
            if candidate > *slot {
                *slot = candidate;
                *pointer = tag as u8;
            }
        }
    }
    emit(emission, allowed, to)
}

/// Adds the emission and subtracts the best score.
fn emit<S: Score>(emission: &[S], allowed: u64, to: &mut [S]) -> S {
    let mut best = S::FORBIDDEN;
    for (tag, (slot, &score)) in to.iter_mut().zip(emission).enumerate() {
        *slot = if has(allowed, tag) {
            slot.plus(score)
        } else {
            S::FORBIDDEN
        };
        if *slot > best {
            best = *slot;
        }
    }
    if !best.is_forbidden() {
        for slot in to.iter_mut() {
            *slot = slot.minus(best);
        }
    }
    best
}

/// The best last tag with its score, end scores included; `None` where all are forbidden.
pub(super) fn last<S: Score>(from: &[S], ends: &[S]) -> Option<(usize, S)> {
    let mut best = None;
    let mut most = S::FORBIDDEN;
    for (tag, (score, &end)) in from.iter().zip(ends).enumerate() {
        let score = score.plus(end);
        if score > most {
            most = score;
            best = Some((tag, score));
        }
    }
    best
}

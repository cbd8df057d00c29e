//! Offsets by greedy placement: each span at the lowest gap among those that it meets.
//!
//! ```text
//! for each of four keys:
//!     order = spans by the key
//!     repeat up to ROUNDS times:
//!         place each span of order at the lowest gap that holds it
//!         move the spans that reach the peak to the front of order
//! the smallest peak wins, the earlier one on a tie; the first at the lower bound ends it all
//! ```
//!
//! The keys are: largest first, earliest first, longest-lived first (Pisarchyk and Lee, "Efficient
//! Memory Management for Deep Neural Net Inference", 2020, sections 5.2 and 5.3), and largest area
//! of bytes and steps first. Where that leaves a gap, `exact` searches on.

use super::exact;
use super::lifetimes::{Span, lower_bound};
use std::cmp::Reverse;

/// An offset for each span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Placement {
    pub peak: usize,
    pub offsets: Vec<usize>,
}

/// Orders tried for each key.
const ROUNDS: usize = 200;

/// The best placement that is found: one at the lower bound wherever the search ends in time.
pub(super) fn place(spans: &[Span]) -> Placement {
    exact::improve(spans, repeated(spans))
}

/// The best of all keys and rounds.
pub(super) fn repeated(spans: &[Span]) -> Placement {
    let bound = lower_bound(spans);
    let mut best = greedy(spans);
    for mut order in orders(spans) {
        // Rounds are quadratic: fewer for many spans.
        let rounds = ROUNDS.min((1 << 24) / (spans.len() * spans.len() + 1));
        for _ in 0..rounds {
            if best.peak == bound {
                return best;
            }
            let placement = place_in(spans, &order);
            let top = |&index: &usize| placement.offsets[index] + spans[index].bytes;
            let first = order.clone();
            order.sort_by_key(|index| top(index) != placement.peak);
            let stuck = order == first;
            if placement.peak < best.peak {
                best = placement;
            }
            if stuck {
                break;
            }
        }
    }
    best
}

/// The best of the first three keys, one round each.
pub(super) fn greedy(spans: &[Span]) -> Placement {
    let mut best: Option<Placement> = None;
    for order in &orders(spans)[..3] {
        let placement = place_in(spans, order);
        if best.as_ref().is_none_or(|best| placement.peak < best.peak) {
            best = Some(placement);
        }
    }
    best.unwrap_or_default()
}

fn orders(spans: &[Span]) -> [Vec<usize>; 4] {
    let sorted = |key: &dyn Fn(&Span) -> (Reverse<usize>, usize)| {
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|&index| (key(&spans[index]), index));
        order
    };
    // Steps, but for the last: a span that is always there has usize::MAX of them.
    let length = |s: &Span| s.last.saturating_sub(s.first);
    [
        sorted(&|s| (Reverse(s.bytes), s.first)),
        sorted(&|s| (Reverse(0), s.first)),
        sorted(&|s| (Reverse(length(s)), s.first)),
        sorted(&|s| {
            (
                Reverse(s.bytes.saturating_mul(length(s).saturating_add(1))),
                s.first,
            )
        }),
    ]
}

fn place_in(spans: &[Span], order: &[usize]) -> Placement {
    let mut offsets = vec![0; spans.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut peak = 0;
    for &index in order {
        let mut rivals: Vec<(usize, usize)> = placed
            .iter()
            .filter(|&&other| spans[other].meets(&spans[index]))
            .map(|&other| (offsets[other], offsets[other] + spans[other].bytes))
            .collect();
        rivals.sort_unstable();
        let mut offset = 0;
        for (start, end) in rivals {
            if offset + spans[index].bytes <= start {
                break;
            }
            offset = offset.max(end);
        }
        offsets[index] = offset;
        peak = peak.max(offset + spans[index].bytes);
        placed.push(index);
    }
    Placement { peak, offsets }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Spans of up to `blocks` units within about `steps` steps.
    pub fn spans(most: usize, blocks: usize, steps: usize) -> impl Strategy<Value = Vec<Span>> {
        let span = (1..=blocks, 0..steps, 0..steps.div_ceil(2));
        let span = span.prop_map(|(blocks, first, length)| Span {
            bytes: 16 * blocks,
            first,
            last: first + length,
        });
        proptest::collection::vec(span, 1..=most)
    }

    /// No two overlap in time and space, and the peak is what it says.
    pub fn sound(spans: &[Span], placement: &Placement) -> Result<(), TestCaseError> {
        let end = |index: usize| placement.offsets[index] + spans[index].bytes;
        prop_assert_eq!((0..spans.len()).map(end).max(), Some(placement.peak));
        for (a, span) in spans.iter().enumerate() {
            prop_assert!(placement.offsets[a].is_multiple_of(16));
            for (b, other) in spans[..a].iter().enumerate() {
                let apart = end(a) <= placement.offsets[b] || end(b) <= placement.offsets[a];
                prop_assert!(!span.meets(other) || apart);
            }
        }
        prop_assert!(placement.peak >= lower_bound(spans));
        Ok(())
    }

    /// Least peak of all: some order of lowest-gap placement gives it, that of its offsets.
    pub fn least(spans: &[Span]) -> usize {
        fn permute(spans: &[Span], order: &mut Vec<usize>, at: usize) -> usize {
            if at == order.len() {
                return place_in(spans, order).peak;
            }
            let swapped = |index| {
                order.swap(at, index);
                let least = permute(spans, order, at + 1);
                order.swap(at, index);
                least
            };
            (at..spans.len()).map(swapped).min().unwrap_or(0)
        }
        permute(spans, &mut (0..spans.len()).collect(), 0)
    }

    proptest! {
        #[test]
        fn nothing_that_meets_overlaps(spans in spans(40, 20, 12)) {
            sound(&spans, &greedy(&spans))?;
            let placement = place(&spans);
            sound(&spans, &placement)?;
            prop_assert!(placement.peak <= greedy(&spans).peak);
        }

        #[test]
        fn of_few_spans_the_least_peak_is_found(spans in spans(6, 6, 7)) {
            prop_assert_eq!(place(&spans).peak, least(&spans));
        }
    }

    #[test]
    fn a_chain_needs_its_two_largest_neighbours() {
        let sizes = [64, 128, 32, 160, 16];
        let span = |(first, &bytes): (usize, &usize)| Span {
            bytes,
            first,
            last: first + 1,
        };
        let chain: Vec<Span> = sizes.iter().enumerate().map(span).collect();
        assert_eq!(place(&chain).peak, 32 + 160);
    }
}

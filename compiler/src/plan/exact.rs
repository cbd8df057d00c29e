//! Offsets by branch and bound, for what greedy placement leaves above the lower bound.
//!
//! ```text
//! descend(floor):
//!     prune if at some step  max(skyline, floor) + bytes still to place there  >= best peak
//!     for each span that is not placed, the lowest first:
//!         offset = highest skyline of its steps;  skip if offset < floor
//!         place it there, descend(offset), take it away
//! ```
//!
//! Any placement can be let down until each span lies on the ground or on another span. Placed in
//! the order of its offsets, each span then lies on the skyline of those before it: so the search
//! meets an optimum, and where it ends within its budget, the result is one. Spans of equal offset
//! do not meet, and only one of their orders is tried. The budget counts the steps looked at, so
//! that the result is the same on every machine; it is shared by three orders among equals, and
//! beyond `MOST` spans there is no search.

use super::lifetimes::{Span, lower_bound};
use super::place::Placement;
use std::cmp::Reverse;

/// Steps looked at for each order.
const BUDGET: usize = 1 << 24;
/// Most spans searched.
const MOST: usize = 400;

/// What puts one span before another of the same offset: the larger key.
type Key = fn(&Span) -> (usize, usize);

/// Steps of a span.
fn length(span: &Span) -> usize {
    span.last.saturating_sub(span.first).saturating_add(1)
}

/// `best` or a placement with a lower peak.
pub(super) fn improve(spans: &[Span], mut best: Placement) -> Placement {
    let bound = lower_bound(spans);
    if best.peak == bound || spans.len() > MOST {
        return best;
    }
    let keys: [Key; 3] = [
        |s| (length(s), s.bytes),
        |s| (s.bytes, length(s)),
        |s| (s.bytes.saturating_mul(length(s)), 0),
    ];
    for key in keys {
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|&index| (Reverse(key(&spans[index])), index));
        let sorted: Vec<Span> = order.iter().map(|&index| spans[index]).collect();
        let mut search = Search::new(&sorted, bound, best.peak);
        search.descend(0, None);
        if let Some(offsets) = search.found.take() {
            best.peak = search.best;
            for (&index, offset) in order.iter().zip(offsets) {
                best.offsets[index] = offset;
            }
        }
        if best.peak == bound || search.work < BUDGET {
            break;
        }
    }
    best
}

struct Search {
    /// First and last column of each span.
    columns: Vec<(usize, usize)>,
    bytes: Vec<usize>,
    /// Highest byte in use at each column.
    skyline: Vec<usize>,
    /// Bytes not yet placed at each column.
    left: Vec<usize>,
    offsets: Vec<Option<usize>>,
    bound: usize,
    best: usize,
    found: Option<Vec<usize>>,
    work: usize,
}

impl Search {
    fn new(spans: &[Span], bound: usize, best: usize) -> Self {
        // Spans that meet do so where one of them begins: those steps are the columns.
        let mut starts: Vec<usize> = spans.iter().map(|span| span.first).collect();
        starts.sort_unstable();
        starts.dedup();
        let columns = spans.iter().map(|span| {
            let first = starts.partition_point(|&start| start < span.first);
            let behind = starts.partition_point(|&start| start <= span.last);
            (first, behind - 1)
        });
        let mut search = Self {
            columns: columns.collect(),
            bytes: spans.iter().map(|span| span.bytes).collect(),
            skyline: vec![0; starts.len()],
            left: vec![0; starts.len()],
            offsets: vec![None; spans.len()],
            bound,
            best,
            found: None,
            work: 0,
        };
        for (&(first, last), &bytes) in search.columns.iter().zip(&search.bytes) {
            search.left[first..=last]
                .iter_mut()
                .for_each(|left| *left += bytes);
        }
        search
    }

    /// Places what is left at `floor` and above; of what lies at `floor`, only spans behind
    /// `previous`.
    fn descend(&mut self, floor: usize, previous: Option<usize>) {
        self.work += self.skyline.len();
        let hopeless =
            |(&top, &left): (&usize, &usize)| left > 0 && top.max(floor) + left >= self.best;
        if self.skyline.iter().zip(&self.left).any(hopeless) {
            return;
        }
        let mut candidates = Vec::new();
        for (index, offset) in self.offsets.iter().enumerate() {
            if offset.is_some() {
                continue;
            }
            let (first, last) = self.columns[index];
            self.work += last - first + 1;
            let offset = self.skyline[first..=last]
                .iter()
                .copied()
                .max()
                .unwrap_or(0);
            if offset > floor || offset == floor && previous.is_none_or(|previous| previous < index)
            {
                candidates.push((offset, index));
            }
        }
        if candidates.is_empty() && self.left.iter().all(|&left| left == 0) {
            self.best = self.skyline.iter().copied().max().unwrap_or(0);
            self.found = Some(
                self.offsets
                    .iter()
                    .map(|offset| offset.unwrap_or(0))
                    .collect(),
            );
            return;
        }
        candidates.sort_unstable();
        for (offset, index) in candidates {
            if self.best == self.bound || self.work >= BUDGET {
                return;
            }
            let (first, last) = self.columns[index];
            let before = self.skyline[first..=last].to_vec();
            let bytes = self.bytes[index];
            for column in first..=last {
                self.skyline[column] = offset + bytes;
                self.left[column] -= bytes;
            }
            self.offsets[index] = Some(offset);
            self.descend(offset, Some(index));
            self.offsets[index] = None;
            for (column, top) in (first..=last).zip(before) {
                self.skyline[column] = top;
                self.left[column] += bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::repeated;
    use super::super::place::tests::{least, sound, spans};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn from_nothing_it_finds_the_least_peak(spans in spans(6, 5, 6)) {
            let sum = spans.iter().map(|span| span.bytes).sum();
            let mut end = 0;
            let stacked = spans.iter().map(|span| {
                end += span.bytes;
                end - span.bytes
            });
            let worst = Placement { peak: sum, offsets: stacked.collect() };
            let found = improve(&spans, worst);
            sound(&spans, &found)?;
            prop_assert_eq!(found.peak, least(&spans));
        }
    }

    /// Every key of the greedy placement leaves a gap here, and the search closes it.
    #[test]
    fn it_closes_a_gap() {
        let span = |blocks, first, last| Span {
            bytes: 16 * blocks,
            first,
            last,
        };
        let spans = GAP.map(|(blocks, first, last)| span(blocks, first, last));
        let before = repeated(&spans);
        assert!(before.peak > lower_bound(&spans));
        assert_eq!(improve(&spans, before).peak, lower_bound(&spans));
    }

    /// Blocks, first and last step.
    const GAP: [(usize, usize, usize); 6] = [
        (4, 5, 8),
        (5, 7, 9),
        (3, 5, 5),
        (2, 2, 3),
        (2, 3, 7),
        (4, 3, 6),
    ];
}

//! Offsets by greedy placement: each tensor at the lowest gap among those that it meets.
//!
//! The order decides how good that is. Three orders are tried — largest first, earliest first,
//! longest-lived first — and the smallest peak wins, the earlier order on a tie (Pisarchyk and Lee,
//! "Efficient Memory Management for Deep Neural Net Inference", 2020, sections 5.2 and 5.3).

use super::Lifetime;
use std::cmp::Reverse;

/// Sets the offsets; the peak in bytes.
pub(super) fn place(lifetimes: &mut [Lifetime]) -> usize {
    let mut best: Option<(usize, Vec<usize>)> = None;
    for order in orders(lifetimes) {
        let (peak, offsets) = place_in(lifetimes, &order);
        if best.as_ref().is_none_or(|(least, _)| peak < *least) {
            best = Some((peak, offsets));
        }
    }
    let (peak, offsets) = best.unwrap_or_default();
    for (lifetime, offset) in lifetimes.iter_mut().zip(offsets) {
        lifetime.offset = offset;
    }
    peak
}

fn orders(lifetimes: &[Lifetime]) -> [Vec<usize>; 3] {
    let sorted = |key: &dyn Fn(&Lifetime) -> (Reverse<usize>, usize)| {
        let mut order: Vec<usize> = (0..lifetimes.len()).collect();
        order.sort_by_key(|&index| (key(&lifetimes[index]), index));
        order
    };
    let span = |l: &Lifetime| l.last.saturating_sub(l.first);
    [
        sorted(&|l| (Reverse(l.bytes), l.first)),
        sorted(&|l| (Reverse(0), l.first)),
        sorted(&|l| (Reverse(span(l)), l.first)),
    ]
}

fn place_in(lifetimes: &[Lifetime], order: &[usize]) -> (usize, Vec<usize>) {
    let mut offsets = vec![0; lifetimes.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut peak = 0;
    for &index in order {
        let mut rivals: Vec<(usize, usize)> = placed
            .iter()
            .filter(|&&other| lifetimes[other].meets(&lifetimes[index]))
            .map(|&other| (offsets[other], offsets[other] + lifetimes[other].bytes))
            .collect();
        rivals.sort_unstable();
        let mut offset = 0;
        for (start, end) in rivals {
            if offset + lifetimes[index].bytes <= start {
                break;
            }
            offset = offset.max(end);
        }
        offsets[index] = offset;
        peak = peak.max(offset + lifetimes[index].bytes);
        placed.push(index);
    }
    (peak, offsets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lifetimes() -> impl Strategy<Value = Vec<Lifetime>> {
        let lifetime = (1usize..20, 0usize..12, 0usize..5);
        proptest::collection::vec(lifetime, 1..20).prop_map(|all| {
            let enumerated = all.into_iter().enumerate();
            let each = |(tensor, (blocks, first, span))| Lifetime {
                tensor,
                bytes: 16 * blocks,
                first,
                last: first + span,
                offset: 0,
            };
            enumerated.map(each).collect()
        })
    }

    proptest! {
        #[test]
        fn nothing_that_meets_overlaps(mut lifetimes in lifetimes()) {
            let peak = place(&mut lifetimes);
            for (index, a) in lifetimes.iter().enumerate() {
                prop_assert!(a.offset + a.bytes <= peak);
                for b in &lifetimes[..index] {
                    let apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
                    prop_assert!(!a.meets(b) || apart);
                }
            }
            prop_assert!(peak >= super::super::lifetimes::lower_bound(&lifetimes));
        }
    }

    #[test]
    fn a_chain_needs_its_two_largest_neighbours() {
        let sizes = [64, 128, 32, 160, 16];
        let mut chain: Vec<Lifetime> = sizes
            .iter()
            .enumerate()
            .map(|(tensor, &bytes)| Lifetime {
                tensor,
                bytes,
                first: tensor,
                last: tensor + 1,
                offset: 0,
            })
            .collect();
        assert_eq!(place(&mut chain), 32 + 160);
    }
}

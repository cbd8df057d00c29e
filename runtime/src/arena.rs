//! Memory that the caller owns: alignment, and the split into operands.

use crate::format::opcode::MAX_OUTPUTS;
#[cfg(target_pointer_width = "64")]
use core::mem::swap;
use core::ops::Range;

/// Bytes on a 16-byte boundary.
#[repr(C, align(16))]
pub struct Aligned<T: ?Sized>(pub T);

/// An arena of `N` bytes.
pub struct Arena<const N: usize>(Aligned<[u8; N]>);

impl<const N: usize> Arena<N> {
    /// An arena of zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self(Aligned([0; N]))
    }

    /// The bytes, on a 16-byte boundary.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.0.0
    }
}

impl<const N: usize> Default for Arena<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Ranges of a step's outputs, and behind them its scratch.
pub(crate) const WRITTEN: usize = MAX_OUTPUTS + 1;

/// Inputs whose bytes a kernel is handed. Of an operator that has more, the others are constants, which
/// its kernels look for themselves: no other operator's steps pay for them.
pub(crate) const HANDED: usize = 4;

/// Bytes of one step's operands.
pub(crate) struct Operands<'a> {
    /// Empty where there is none, and where output 0 replaces it.
    pub inputs: [&'a [u8]; HANDED],
    pub outputs: [&'a mut [u8]; MAX_OUTPUTS],
    /// Memory that only this step uses.
    pub scratch: &'a mut [u8],
}

/// What a step only reads of the arena: what lies before each written range, and behind the last.
#[derive(Default)]
pub(crate) struct Parts<'a>([(usize, &'a [u8]); WRITTEN + 1]);

impl<'a> Parts<'a> {
    /// Cuts what is `written` out of the arena, and keeps the rest.
    ///
    /// `None` where ranges overlap or leave the arena, which loading rules out.
    #[inline(always)]
    pub fn carve(
        &mut self,
        arena: &'a mut [u8],
        written: &mut [Range<usize>; WRITTEN],
    ) -> Option<[&'a mut [u8]; WRITTEN]> {
        #[cfg(target_pointer_width = "64")]
        return self.carve_sorted(arena, written);
        #[cfg(not(target_pointer_width = "64"))]
        self.carve_by_search(arena, written)
    }

    /// [`Parts::carve`] in the least time.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    fn carve_sorted(
        &mut self,
        arena: &'a mut [u8],
        written: &mut [Range<usize>; WRITTEN],
    ) -> Option<[&'a mut [u8]; WRITTEN]> {
        // In the order of their starts, each with its place among the written.
        let [first, second, scratch] = written.clone();
        let mut ranges = [(first, 0), (second, 1), (scratch, 2)];
        let [low, middle, high] = &mut ranges;
        let sort = |low: &mut (Range<usize>, usize), high: &mut (Range<usize>, usize)| {
            if high.0.start < low.0.start {
                swap(low, high);
            }
        };
        sort(low, middle);
        sort(middle, high);
        sort(low, middle);
        let Self([read @ .., last]) = self;
        let mut cut: [&'a mut [u8]; WRITTEN] = Default::default();
        let (mut rest, mut start) = (arena, 0);
        for (part, (range, place)) in read.iter_mut().zip(ranges) {
            let (before, tail) = rest.split_at_mut_checked(range.start.checked_sub(start)?)?;
            let (own, tail) = tail.split_at_mut_checked(range.end.checked_sub(range.start)?)?;
            *part = (start, before);
            *cut.get_mut(place)? = own;
            (rest, start) = (tail, range.end);
        }
        *last = (start, rest);
        Some(cut)
    }

    /// [`Parts::carve`] in the least code.
    #[cfg(any(test, not(target_pointer_width = "64")))]
    #[cfg_attr(not(test), inline(always))]
    fn carve_by_search(
        &mut self,
        arena: &'a mut [u8],
        written: &mut [Range<usize>; WRITTEN],
    ) -> Option<[&'a mut [u8]; WRITTEN]> {
        let Self([read @ .., last]) = self;
        let mut cut: [&'a mut [u8]; WRITTEN] = Default::default();
        let (mut rest, mut start) = (arena, 0);
        for part in read {
            let mut ranges = written.iter_mut().zip(&mut cut);
            let (mut range, mut bytes) = ranges.next()?;
            for (other, slot) in ranges {
                if other.start < range.start {
                    (range, bytes) = (other, slot);
                }
            }
            let (before, tail) = rest.split_at_mut_checked(range.start.checked_sub(start)?)?;
            let (own, tail) = tail.split_at_mut_checked(range.end.checked_sub(range.start)?)?;
            *part = (start, before);
            (*bytes, rest, start) = (own, tail, range.end);
            // Not the first of what is left.
            range.start = usize::MAX;
        }
        *last = (start, rest);
        Some(cut)
    }

    /// The bytes of `range`; `None` where some of them are written.
    pub fn get(&self, range: Range<usize>) -> Option<&'a [u8]> {
        let Self(parts) = self;
        parts.iter().find_map(|&(start, part)| {
            part.get(range.start.checked_sub(start)?..range.end.checked_sub(start)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    type Carve = for<'a> fn(
        &mut Parts<'a>,
        &'a mut [u8],
        &mut [Range<usize>; WRITTEN],
    ) -> Option<[&'a mut [u8]; WRITTEN]>;
    const WAYS: [Carve; 2] = [
        |parts, arena, written| parts.carve_by_search(arena, written),
        |parts, arena, written| parts.carve(arena, written),
    ];

    #[test]
    fn carves_around_outputs_and_scratch_in_any_order() {
        let mut arena: [u8; 32] = core::array::from_fn(|index| index as u8);
        for outputs in [
            [8..12, 20..24, 32..32],
            [20..24, 8..12, 32..32],
            [20..22, 8..12, 22..24],
            [8..10, 10..12, 20..24],
        ] {
            for carve in WAYS {
                let mut parts = Parts::default();
                let carved = carve(&mut parts, &mut arena, &mut outputs.clone()).unwrap();
                assert_eq!(parts.get(12..20).unwrap(), [12, 13, 14, 15, 16, 17, 18, 19]);
                assert_eq!(parts.get(0..8).unwrap()[7], 7);
                assert_eq!(parts.get(24..32).unwrap()[0], 24);
                for range in &outputs {
                    assert!(range.is_empty() || parts.get(range.clone()).is_none());
                }
                for (bytes, range) in carved.into_iter().zip(outputs.clone()) {
                    let expected: Vec<u8> = range.map(|byte| byte as u8).collect();
                    assert_eq!(bytes, expected);
                }
            }
        }
    }

    #[test]
    fn overlaps_are_refused() {
        let mut arena = [0; 32];
        for way in WAYS {
            let mut carve = |mut written, read: Range<usize>| {
                let mut parts = Parts::default();
                way(&mut parts, &mut arena, &mut written)?;
                parts.get(read).map(<[u8]>::len)
            };
            assert!(carve([8..16, 12..20, 32..32], 0..1).is_none());
            assert!(carve([8..40, 40..40, 40..40], 0..1).is_none());
            assert!(carve([8..16, 20..24, 15..20], 0..1).is_none());
            assert!(carve([8..16, 32..32, 32..32], 4..9).is_none());
            assert_eq!(carve([8..16, 32..32, 32..32], 4..8), Some(4));
        }
    }
}

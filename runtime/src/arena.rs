//! Memory that the caller owns: alignment, and the split into operands.

use crate::format::opcode::{MAX_INPUTS, MAX_OUTPUTS};
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

/// Bytes of one step's operands.
pub(crate) struct Operands<'a> {
    /// Empty where there is none, and where output 0 replaces it.
    pub inputs: [&'a [u8]; MAX_INPUTS],
    pub outputs: [&'a mut [u8]; MAX_OUTPUTS],
    /// Memory that only this step uses.
    pub scratch: &'a mut [u8],
}

impl<'a> Operands<'a> {
    /// Cuts what is `written` and those of `inputs` that are in the arena out of it.
    ///
    /// Inputs that are constants come ready. `None` where ranges overlap or leave the arena, which
    /// loading rules out.
    #[inline(always)]
    pub fn carve(
        arena: &'a mut [u8],
        inputs: [Operand<'a>; MAX_INPUTS],
        written: [Range<usize>; WRITTEN],
    ) -> Option<Self> {
        #[cfg(target_pointer_width = "64")]
        return Self::carve_sorted(arena, inputs, written);
        #[cfg(not(target_pointer_width = "64"))]
        Self::carve_by_search(arena, inputs, written)
    }

    /// [`Operands::carve`] in the least code.
    #[cfg(any(test, not(target_pointer_width = "64")))]
    fn carve_by_search(
        arena: &'a mut [u8],
        inputs: [Operand<'a>; MAX_INPUTS],
        mut written: [Range<usize>; WRITTEN],
    ) -> Option<Self> {
        let mut cut: [&'a mut [u8]; WRITTEN] = [&mut [], &mut [], &mut []];
        // What lies before each written range, and behind the last.
        let mut parts: [(usize, &'a [u8]); WRITTEN + 1] = [(0, &[]); WRITTEN + 1];
        let [read @ .., last] = &mut parts;
        let (mut rest, mut start) = (arena, 0);
        for part in read {
            let ranges = written.iter_mut().zip(cut.iter_mut());
            let (range, bytes) = ranges.min_by_key(|(range, _)| range.start)?;
            let (before, tail) = rest.split_at_mut_checked(range.start.checked_sub(start)?)?;
            let (own, tail) = tail.split_at_mut_checked(range.end.checked_sub(range.start)?)?;
            *part = (start, before);
            (*bytes, rest, start) = (own, tail, range.end);
            // Not the first of what is left.
            range.start = usize::MAX;
        }
        *last = (start, rest);
        let mut slices: [&'a [u8]; MAX_INPUTS] = [&[]; MAX_INPUTS];
        for (slice, operand) in slices.iter_mut().zip(inputs) {
            *slice = match operand {
                Operand::None => continue,
                Operand::Constant(bytes) => bytes,
                Operand::Arena(range) => parts.iter().find_map(|&(start, part)| {
                    part.get(range.start.checked_sub(start)?..range.end.checked_sub(start)?)
                })?,
            };
        }
        let [first, second, scratch] = cut;
        Some(Self {
            inputs: slices,
            outputs: [first, second],
            scratch,
        })
    }

    /// [`Operands::carve`] in the least time.
    #[cfg(target_pointer_width = "64")]
    fn carve_sorted(
        arena: &'a mut [u8],
        inputs: [Operand<'a>; MAX_INPUTS],
        written: [Range<usize>; WRITTEN],
    ) -> Option<Self> {
        // In the order of their starts, each with its place among the written.
        let [first, second, scratch] = written;
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
        let mut cut: [&'a mut [u8]; WRITTEN] = [&mut [], &mut [], &mut []];
        // What lies before each written range, and behind the last.
        let mut parts: [(usize, &'a [u8]); WRITTEN + 1] = [(0, &[]); WRITTEN + 1];
        let [read @ .., last] = &mut parts;
        let (mut rest, mut start) = (arena, 0);
        for (part, (range, place)) in read.iter_mut().zip(&ranges) {
            let (before, tail) = rest.split_at_mut_checked(range.start.checked_sub(start)?)?;
            let (own, tail) = tail.split_at_mut_checked(range.end.checked_sub(range.start)?)?;
            *part = (start, before);
            *cut.get_mut(*place)? = own;
            (rest, start) = (tail, range.end);
        }
        *last = (start, rest);
        let mut slices: [&'a [u8]; MAX_INPUTS] = [&[]; MAX_INPUTS];
        for (slice, operand) in slices.iter_mut().zip(inputs) {
            *slice = match operand {
                Operand::None => continue,
                Operand::Constant(bytes) => bytes,
                Operand::Arena(range) => {
                    // The part behind all written ranges that end before it.
                    let before =
                        |(written, _): &(Range<usize>, _)| usize::from(written.end <= range.start);
                    let (start, part) = parts.get(ranges.iter().map(before).sum::<usize>())?;
                    part.get(range.start.checked_sub(*start)?..range.end.checked_sub(*start)?)?
                }
            };
        }
        let [first, second, scratch] = cut;
        Some(Self {
            inputs: slices,
            outputs: [first, second],
            scratch,
        })
    }
}

/// Where an input's bytes are.
#[derive(Clone, Default)]
pub(crate) enum Operand<'a> {
    /// There is none, or output 0 replaces it: no slice of its own.
    #[default]
    None,
    Constant(&'a [u8]),
    Arena(Range<usize>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    type Carve = for<'a> fn(
        &'a mut [u8],
        [Operand<'a>; MAX_INPUTS],
        [Range<usize>; WRITTEN],
    ) -> Option<Operands<'a>>;
    const WAYS: [Carve; 2] = [
        |arena, inputs, written| Operands::carve_by_search(arena, inputs, written),
        |arena, inputs, written| Operands::carve(arena, inputs, written),
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
            let inputs = [
                Operand::Arena(0..8),
                Operand::Arena(12..20),
                Operand::Arena(24..32),
                Operand::Constant(&[99]),
            ];
            for carve in WAYS {
                let operands = carve(&mut arena, inputs.clone(), outputs.clone()).unwrap();
                assert_eq!(operands.inputs[1], [12, 13, 14, 15, 16, 17, 18, 19]);
                assert_eq!(operands.inputs[2][0], 24);
                assert_eq!(operands.inputs[3], [99]);
                let [first, second] = operands.outputs;
                for (bytes, range) in [&*first, second, operands.scratch]
                    .into_iter()
                    .zip(outputs.clone())
                {
                    let expected: Vec<u8> = range.map(|byte| byte as u8).collect();
                    assert_eq!(bytes, expected);
                }
            }
        }
    }

    #[test]
    fn overlaps_are_refused() {
        let mut arena = [0; 32];
        let inputs = || [const { Operand::None }; MAX_INPUTS];
        for carve in WAYS {
            assert!(carve(&mut arena, inputs(), [8..16, 12..20, 32..32]).is_none());
            assert!(carve(&mut arena, inputs(), [8..40, 40..40, 40..40]).is_none());
            assert!(carve(&mut arena, inputs(), [8..16, 20..24, 15..20]).is_none());
            let mut reading = inputs();
            reading[0] = Operand::Arena(4..9);
            assert!(carve(&mut arena, reading, [8..16, 32..32, 32..32]).is_none());
        }
    }
}

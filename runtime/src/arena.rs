//! Memory that the caller owns: alignment, and the split into operands.

use crate::format::opcode::{MAX_INPUTS, MAX_OUTPUTS};
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

/// Bytes of one step's operands.
pub(crate) struct Operands<'a> {
    /// Empty where there is none, and where output 0 replaces it.
    pub inputs: [&'a [u8]; MAX_INPUTS],
    pub outputs: [&'a mut [u8]; MAX_OUTPUTS],
}

impl<'a> Operands<'a> {
    /// Cuts `outputs` and those of `inputs` that are in the arena out of it.
    ///
    /// Inputs that are constants come ready. `None` where ranges overlap or leave the arena, which
    /// loading rules out.
    pub fn carve(
        arena: &'a mut [u8],
        inputs: [Operand<'a>; MAX_INPUTS],
        outputs: [Range<usize>; MAX_OUTPUTS],
    ) -> Option<Self> {
        let [first, second] = outputs;
        let swapped = second.start < first.start;
        let (low, high) = if swapped {
            (second, first)
        } else {
            (first, second)
        };
        let (before, rest) = arena.split_at_mut_checked(low.start)?;
        let (low_bytes, rest) = rest.split_at_mut_checked(low.end.checked_sub(low.start)?)?;
        let (between, rest) = rest.split_at_mut_checked(high.start.checked_sub(low.end)?)?;
        let (high_bytes, after) = rest.split_at_mut_checked(high.end.checked_sub(high.start)?)?;
        let parts: [(usize, &'a [u8]); 3] = [(0, before), (low.end, between), (high.end, after)];
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
        Some(Self {
            inputs: slices,
            outputs: if swapped {
                [high_bytes, low_bytes]
            } else {
                [low_bytes, high_bytes]
            },
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

    #[test]
    fn carves_around_two_outputs_in_either_order() {
        let mut arena: [u8; 32] = core::array::from_fn(|index| index as u8);
        for outputs in [[8..12, 20..24], [20..24, 8..12]] {
            let inputs = [
                Operand::Arena(0..8),
                Operand::Arena(12..20),
                Operand::Arena(24..32),
                Operand::Constant(&[99]),
            ];
            let operands = Operands::carve(&mut arena, inputs, outputs.clone()).unwrap();
            assert_eq!(operands.inputs[1], [12, 13, 14, 15, 16, 17, 18, 19]);
            assert_eq!(operands.inputs[2][0], 24);
            assert_eq!(operands.inputs[3], [99]);
            assert_eq!(usize::from(operands.outputs[0][0]), outputs[0].start);
            assert_eq!(usize::from(operands.outputs[1][0]), outputs[1].start);
        }
    }

    #[test]
    fn overlaps_are_refused() {
        let mut arena = [0; 32];
        let inputs = || [const { Operand::None }; MAX_INPUTS];
        assert!(Operands::carve(&mut arena, inputs(), [8..16, 12..20]).is_none());
        assert!(Operands::carve(&mut arena, inputs(), [8..40, 40..40]).is_none());
        let mut reading = inputs();
        reading[0] = Operand::Arena(4..9);
        assert!(Operands::carve(&mut arena, reading, [8..16, 32..32]).is_none());
    }
}

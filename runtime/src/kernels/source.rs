//! An operand of an elementwise operator, which may lie where the result goes.
//!
//! ```text
//! for each index:  read every operand at index, then write the result at index
//! ```
//!
//! An operand that the result replaces has no slice of its own: the arena is lent out for writing
//! there, and to no one else. So it comes as an empty slice (see `Operands`), and its elements are
//! read from the output, each before it is overwritten. That is one loop for both cases.

use bytemuck::AnyBitPattern;

/// Elements of an operand, or word that they stand in the output.
#[derive(Clone, Copy)]
pub(super) enum Source<'a, T> {
    /// In bytes of its own.
    Apart(&'a [T]),
    /// In the bytes that the result replaces.
    Replaced,
}

impl<'a, T: AnyBitPattern> Source<'a, T> {
    /// `bytes` as elements; no tensor is empty, so that no bytes mean that they are replaced.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::Replaced);
        }
        Some(Self::Apart(bytemuck::try_cast_slice(bytes).ok()?))
    }

    /// Element `index`; `old` is what stands in the output there.
    #[inline]
    pub fn get(&self, index: usize, old: T) -> Option<T> {
        match self {
            Self::Apart(values) => values.get(index).copied(),
            Self::Replaced => Some(old),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn a_replaced_operand_is_what_stands_in_the_output() {
        let apart: Source<'_, i8> = Source::new(&[1, 255]).unwrap();
        assert_eq!(
            [0, 1, 2].map(|index| apart.get(index, 7)),
            [Some(1), Some(-1), None]
        );
        let replaced: Source<'_, i8> = Source::new(&[]).unwrap();
        assert_eq!(replaced.get(9, 7), Some(7));
    }
}

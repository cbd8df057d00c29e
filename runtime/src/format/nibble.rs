//! Four-bit weights: two in a byte, the first in the low half, two's complement −8…7.
//!
//! ```text
//! byte i of a row = (element 2i & 15) | (element 2i + 1 & 15) << 4
//! ```
//!
//! A row is everything behind the first axis: one output's weights. It ends with a whole byte, whose
//! upper half is zero where the number of elements is odd; readers ignore it.

/// Smallest and largest element.
pub const RANGE: (i8, i8) = (-8, 7);

/// Bytes of a row of `elements`.
#[must_use]
pub const fn row_bytes(elements: usize) -> usize {
    elements.div_ceil(2)
}

/// The byte of two neighbours; `high` is zero behind the last one. Only the lower four bits count.
#[must_use]
pub const fn pack(low: i8, high: i8) -> u8 {
    (low as u8 & 15) | (high as u8) << 4
}

/// The two elements of a byte.
#[must_use]
pub const fn unpack(byte: u8) -> [i8; 2] {
    [(byte << 4) as i8 >> 4, byte as i8 >> 4]
}

/// The bytes of a row.
pub fn pack_row(row: &[i8]) -> impl Iterator<Item = u8> {
    row.chunks(2).map(|pair| match *pair {
        [low, high] => pack(low, high),
        [low] => pack(low, 0),
        _ => 0,
    })
}

/// The elements of a row's bytes, a last one too that only fills the byte.
pub fn unpack_row(bytes: &[u8]) -> impl Iterator<Item = i8> {
    bytes.iter().flat_map(|&byte| unpack(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn every_pair_comes_back() {
        for low in -8..8 {
            for high in -8..8 {
                assert_eq!(unpack(pack(low, high)), [low, high]);
            }
        }
        assert_eq!(pack(1, -2), 0xE1);
    }

    #[test]
    fn rows_are_padded_to_bytes() {
        let row = [3, -4, 7];
        let bytes: Vec<u8> = pack_row(&row).collect();
        assert_eq!(bytes, [0xC3, 0x07]);
        assert_eq!(bytes.len(), row_bytes(row.len()));
        assert_eq!(unpack_row(&bytes).collect::<Vec<_>>(), [3, -4, 7, 0]);
    }
}

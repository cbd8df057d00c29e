//! Bytes at the start of a cache line: model files and arenas need a 16-byte boundary, vectors of 64
//! bytes cross no line from there.

use std::ops::{Deref, DerefMut, Range};

/// Owned bytes that start on a 64-byte boundary.
#[derive(Debug, Default)]
pub struct AlignedBytes {
    /// Room for the bytes wherever the boundary is.
    blocks: Vec<u128>,
    length: usize,
}

/// Bytes of a cache line.
const LINE: usize = 64;
/// Bytes of a block.
const BLOCK: usize = size_of::<u128>();

/// 128-bit integers are aligned to 16 on every host that the compiler runs on.
const _: () = assert!(align_of::<u128>() == BLOCK);

impl AlignedBytes {
    /// `length` zeros.
    #[must_use]
    pub fn zeros(length: usize) -> Self {
        Self {
            blocks: vec![0; (length + LINE).div_ceil(BLOCK)],
            length,
        }
    }

    /// Where they are among the blocks' bytes.
    fn range(&self) -> Range<usize> {
        let start = match self.blocks.as_ptr().addr() % LINE {
            0 => 0,
            behind => LINE - behind,
        };
        start..start + self.length
    }
}

/// Not the blocks themselves: those of another vector may start elsewhere.
impl Clone for AlignedBytes {
    fn clone(&self) -> Self {
        Self::from(&self[..])
    }
}

impl From<&[u8]> for AlignedBytes {
    fn from(bytes: &[u8]) -> Self {
        let mut aligned = Self::zeros(bytes.len());
        aligned.copy_from_slice(bytes);
        aligned
    }
}

impl Deref for AlignedBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // Bytes of nothing have no blocks.
        bytemuck::cast_slice(&self.blocks)
            .get(self.range())
            .unwrap_or(&[])
    }
}

impl DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        let range = self.range();
        bytemuck::cast_slice_mut(&mut self.blocks)
            .get_mut(range)
            .unwrap_or(&mut [])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_start_at_a_line_wherever_they_are_copied() {
        let mut all: Vec<AlignedBytes> = (0..200).map(AlignedBytes::zeros).collect();
        for (length, bytes) in all.iter_mut().enumerate() {
            bytes.fill(length as u8);
        }
        for (length, bytes) in all.iter().enumerate() {
            for bytes in [bytes.clone(), AlignedBytes::from(&bytes[..])] {
                assert_eq!(bytes[..], vec![length as u8; length]);
                assert_eq!(bytes.as_ptr().addr() % LINE, 0);
            }
        }
        assert_eq!(AlignedBytes::default()[..], [0u8; 0]);
    }
}

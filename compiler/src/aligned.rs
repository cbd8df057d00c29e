//! Bytes on a 16-byte boundary, as model files and arenas need them.

use std::ops::{Deref, DerefMut};

/// Owned bytes that start on a 16-byte boundary.
#[derive(Clone, Debug, Default)]
pub struct AlignedBytes {
    /// 128-bit integers are aligned to 16 on every host that the compiler runs on.
    blocks: Vec<u128>,
    length: usize,
}

const _: () = assert!(align_of::<u128>() == 16);

impl AlignedBytes {
    /// `length` zeros.
    #[must_use]
    pub fn zeros(length: usize) -> Self {
        Self {
            blocks: vec![0; length.div_ceil(16)],
            length,
        }
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
        &bytemuck::cast_slice(&self.blocks)[..self.length]
    }
}

impl DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.blocks)[..self.length]
    }
}

//! Bytes on a 16-byte boundary, as model files and arenas need them.

/// An owned byte string whose first byte is aligned to 16.
#[derive(Clone, Debug, Default)]
pub struct AlignedBytes {
    blocks: Vec<u128>,
    length: usize,
}

impl AlignedBytes {
    /// A copy of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        let mut aligned = Self::zeros(bytes.len());
        aligned.bytes_mut().copy_from_slice(bytes);
        aligned
    }

    /// `length` zeros.
    pub fn zeros(length: usize) -> Self {
        Self {
            blocks: vec![0; length.div_ceil(16)],
            length,
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.blocks)[..self.length]
    }

    /// The bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.blocks)[..self.length]
    }
}

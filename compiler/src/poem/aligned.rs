//! Bytes on a 16-byte boundary, as files and arenas need them.

use qibu::format::ALIGNMENT;

/// Owned bytes on a 16-byte boundary.
///
/// The storage is longer than needed and starts anywhere; its heap block does not move while it is
/// not resized, so the aligned start holds for the value's whole life.
pub(crate) struct AlignedBytes {
    storage: Vec<u8>,
    start: usize,
    length: usize,
}

impl AlignedBytes {
    /// `length` zeros.
    pub fn zeros(length: usize) -> Self {
        let storage = vec![0; length + ALIGNMENT];
        let start = storage.as_ptr().addr().wrapping_neg() % ALIGNMENT;
        Self {
            storage,
            start,
            length,
        }
    }

    /// A copy of `bytes`.
    pub fn copy(bytes: &[u8]) -> Self {
        let mut aligned = Self::zeros(bytes.len());
        aligned.bytes_mut().copy_from_slice(bytes);
        aligned
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.storage[self.start..][..self.length]
    }

    /// The bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.storage[self.start..][..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_on_a_boundary_also_after_a_move() {
        let many: Vec<AlignedBytes> = (0..50).map(|n| AlignedBytes::copy(&vec![7; n])).collect();
        for (n, aligned) in many.iter().enumerate() {
            assert_eq!(aligned.bytes().as_ptr().addr() % ALIGNMENT, 0);
            assert_eq!(aligned.bytes(), vec![7; n]);
        }
    }
}

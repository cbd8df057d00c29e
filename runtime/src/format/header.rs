//! The 48-byte header.

use super::{Section, aligned, u32_at};

/// First four bytes of every file.
pub const MAGIC: [u8; 4] = *b"QIBU";
/// Format version that this crate reads and writes.
pub const VERSION: u16 = 1;
/// Flag: activation ranges come from noise, not from samples of the task.
pub const FLAG_NOISE_CALIBRATED: u16 = 1;

/// Byte ranges of the header's fields.
mod field {
    use core::ops::Range;
    pub const MAGIC: Range<usize> = 0..4;
    pub const STRUCTURE_CRC: Range<usize> = 4..8;
    pub const VERSION: Range<usize> = 8..10;
    pub const FLAGS: Range<usize> = 10..12;
    pub const FILE_LENGTH: Range<usize> = 12..16;
    pub const WEIGHTS_CRC: Range<usize> = 16..20;
    /// Counts of the six sections, in file order: records, words or bytes.
    pub const COUNTS: Range<usize> = 20..44;
    pub const RESERVED: Range<usize> = 44..48;
}

/// What the header says; sections' offsets follow from their counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Header {
    /// CRC-32 over the bytes from [`Header::CHECKED_FROM`] to the weights.
    pub structure_crc: u32,
    /// Format version.
    pub version: u16,
    /// [`FLAG_NOISE_CALIBRATED`] or zero.
    pub flags: u16,
    /// Length of the whole file in bytes.
    pub file_length: u32,
    /// CRC-32 over the weights section.
    pub weights_crc: u32,
    /// Records (functions, tensors, steps), words (parameters) or bytes (text, weights).
    pub counts: [u32; 6],
}

impl Header {
    /// Length in bytes.
    pub const LENGTH: usize = 48;
    /// First byte that the structure checksum covers: all behind the magic and the checksum itself.
    pub const CHECKED_FROM: usize = field::VERSION.start;
    /// Bytes of one unit of each section's count.
    pub const UNITS: [usize; 6] = [
        super::FunctionRecord::LENGTH,
        super::TensorRecord::LENGTH,
        super::StepRecord::LENGTH,
        4,
        1,
        1,
    ];

    /// Reads the fields.
    pub(crate) fn of(bytes: &[u8; Self::LENGTH]) -> Self {
        let half = |range: core::ops::Range<usize>| u32_at(bytes, range.start) as u16;
        // Not filled with zeros first: that links a routine of the compiler's.
        let counts = core::array::from_fn(|index| u32_at(bytes, field::COUNTS.start + 4 * index));
        Self {
            structure_crc: u32_at(bytes, field::STRUCTURE_CRC.start),
            version: half(field::VERSION),
            flags: half(field::FLAGS),
            file_length: u32_at(bytes, field::FILE_LENGTH.start),
            weights_crc: u32_at(bytes, field::WEIGHTS_CRC.start),
            counts,
        }
    }

    /// Reads the fields; `None` unless the magic stands first and, in a version that this crate
    /// knows, the reserved word is zero.
    #[must_use]
    pub fn parse(bytes: &[u8; Self::LENGTH]) -> Option<Self> {
        let header = Self::of(bytes);
        let reserved = u32_at(bytes, field::RESERVED.start);
        debug_assert_eq!(field::MAGIC.start, 0);
        let known = header.version != VERSION || reserved == 0;
        (bytes.first_chunk::<4>() == Some(&MAGIC) && known).then_some(header)
    }

    /// Writes the fields.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[field::MAGIC].copy_from_slice(&MAGIC);
        bytes[field::STRUCTURE_CRC].copy_from_slice(&self.structure_crc.to_le_bytes());
        bytes[field::VERSION].copy_from_slice(&self.version.to_le_bytes());
        bytes[field::FLAGS].copy_from_slice(&self.flags.to_le_bytes());
        bytes[field::FILE_LENGTH].copy_from_slice(&self.file_length.to_le_bytes());
        bytes[field::WEIGHTS_CRC].copy_from_slice(&self.weights_crc.to_le_bytes());
        for (slot, count) in bytes[field::COUNTS].chunks_exact_mut(4).zip(self.counts) {
            slot.copy_from_slice(&count.to_le_bytes());
        }
        bytes
    }

    /// Start and length in bytes of `section`, padding left out; `None` where that overflows.
    #[must_use]
    pub fn range(&self, section: Section) -> Option<(usize, usize)> {
        let mut start = Self::LENGTH;
        let mut length = 0;
        for (index, (&count, unit)) in self.counts.iter().zip(Self::UNITS).enumerate() {
            start = aligned(start.checked_add(length)?)?;
            length = (count as usize).checked_mul(unit)?;
            if index == section as usize {
                return Some((start, length));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_undoes_emit_and_sections_are_gapless() {
        let header = Header {
            structure_crc: 0xDEAD_BEEF,
            version: VERSION,
            flags: 1,
            file_length: 1234,
            weights_crc: 7,
            counts: [1, 2, 3, 5, 7, 11],
        };
        assert_eq!(Header::parse(&header.emit()), Some(header));
        assert_eq!(header.range(Section::Functions), Some((48, 32)));
        assert_eq!(header.range(Section::Tensors), Some((80, 96)));
        assert_eq!(header.range(Section::Steps), Some((176, 24)));
        assert_eq!(header.range(Section::Parameters), Some((208, 20)));
        assert_eq!(header.range(Section::Text), Some((240, 7)));
        assert_eq!(header.range(Section::Weights), Some((256, 11)));
    }
}

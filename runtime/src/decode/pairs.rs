//! A set of pairs of characters in a few bits each, read in place.
//!
//! ```text
//! contains(kind, a, b):
//!     three slots, fingerprint = slots(kind · 2³⁰ + a · 2¹⁵ + b)
//!     value[first] ^ value[second] ^ value[third] = fingerprint, in as many bits as slots have
//! ```
//!
//! A binary fuse filter (Graf and Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters",
//! 2022): every pair of the set is found, and one of 2^bits that are not in it. The slots of a pair lie
//! in three neighbouring segments. Pairs are of a [`Kind`], by where they stand in a line: what makes a
//! word at its start is often none across the caesura. Whoever fills the table takes [`slots`] from here, so that there is
//! one definition of it.
//!
//! ```text
//! table:  seed u32 │ segments u16 │ shift u8 │ bits u8 │ bonus u32 │ slots, packed │ a byte
//! ```
//!
//! Little-endian; `segments << shift` slots of `bits` bits, the first in the lowest bits of the first
//! byte. The last byte makes every slot a part of two bytes. The bonus is what a pair of the set adds to
//! a line, in 1/65536 nats.

/// Bytes before the slots.
pub const HEADER: usize = 12;
/// Most bits of a slot.
pub const MAX_BITS: u32 = 8;
/// Most bits of a slot's number within its segment: the hash has no more.
pub const MAX_SHIFT: u32 = 16;
/// Most slots: their bits are counted in 32.
const MAX_SLOTS: u32 = 1 << 28;
/// Slots of a pair, each in a segment of its own.
const SLOTS: u32 = 3;

/// A set of pairs; borrows the table.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'m> {
    slots: &'m [u8],
    seed: u32,
    segments: u32,
    bonus: u32,
    shift: u8,
    bits: u8,
}

/// Ids that pairs are of: fifteen bits of them.
pub const IDS: u16 = 1 << 15;

/// Where a pair stands in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Within a word of two characters in front of the last three.
    Word = 0,
    /// Across two such words, or from the last one to the last three characters.
    Caesura = 1,
    /// Among the last three characters.
    End = 2,
}

impl Kind {
    /// The kind of a pair behind which `left` more characters stand in its line. Lines of five and of
    /// seven characters have the same kinds from their ends on: their words are of two, two, three.
    #[must_use]
    pub const fn behind(left: usize) -> Self {
        match left {
            0 | 1 => Self::End,
            _ if left & 1 == 0 => Self::Caesura,
            _ => Self::Word,
        }
    }
}

/// The pair of `a` and, behind it, `b` as one number; ids are below [`IDS`].
#[must_use]
pub fn key(kind: Kind, a: u16, b: u16) -> u32 {
    (kind as u32) << 30 | u32::from(a) << 15 | u32::from(b)
}

/// Every bit of the result depends on every bit of `h` (Wellons' `lowbias32`).
#[must_use]
pub fn mix(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(0x7feb_352d);
    h ^= h >> 15;
    h = h.wrapping_mul(0x846c_a68b);
    h ^ h >> 16
}

/// The three slots of `key`, below `segments << shift`, and its fingerprint, of which a table keeps
/// the lowest bits. There are at least three segments and at most 2²⁸ slots.
#[must_use]
pub fn slots(key: u32, seed: u32, segments: u32, shift: u32) -> ([u32; 3], u32) {
    let a = mix(key ^ seed);
    let b = mix(a.wrapping_add(0x9e37_79b9));
    let mask = 1u32.wrapping_shl(shift).wrapping_sub(1);
    // The high half of a product: evenly among the segments that two more come behind.
    let choices = segments.wrapping_sub(SLOTS - 1);
    let first = (u64::from(a).wrapping_mul(u64::from(choices)) >> 32) as u32;
    let slot = |segment: u32, hash: u32| segment.wrapping_shl(shift).wrapping_add(hash & mask);
    let slots = [
        slot(first, a),
        slot(first.wrapping_add(1), b),
        slot(first.wrapping_add(2), b >> 16),
    ];
    (slots, b >> 24 ^ a >> 9)
}

/// Bytes of a table.
#[must_use]
pub fn table_length(segments: u16, shift: u32, bits: u32) -> Option<usize> {
    if segments < SLOTS as u16 || shift > MAX_SHIFT || bits == 0 || bits > MAX_BITS {
        return None;
    }
    // Below 2³².
    let slots = u32::from(segments) << shift;
    if slots > MAX_SLOTS {
        return None;
    }
    let bytes = slots.checked_mul(bits)?.div_ceil(8) as usize;
    bytes.checked_add(HEADER + 1)
}

impl<'m> Pairs<'m> {
    /// The set in `table`; `None` where header and length do not fit each other.
    #[must_use]
    pub fn new(table: &'m [u8]) -> Option<Self> {
        let (header, slots) = table.split_first_chunk::<HEADER>()?;
        let &[a, b, c, d, low, high, shift, bits, e, f, g, h] = header;
        let segments = u16::from_le_bytes([low, high]);
        let needed = table_length(segments, shift.into(), bits.into())?;
        (table.len() == needed).then_some(Self {
            slots,
            seed: u32::from_le_bytes([a, b, c, d]),
            segments: segments.into(),
            bonus: u32::from_le_bytes([e, f, g, h]),
            shift,
            bits,
        })
    }

    /// Whether `b` may stand behind `a`: always where the pair is in the set, and by chance, one time
    /// in 2^bits, where it is not.
    #[must_use]
    pub fn contains(&self, kind: Kind, a: u16, b: u16) -> bool {
        let key = key(kind, a, b);
        let (slots, fingerprint) = slots(key, self.seed, self.segments, self.shift.into());
        let found = slots
            .iter()
            .fold(fingerprint, |x, &slot| x ^ self.get(slot));
        let mask = 1u32.wrapping_shl(self.bits.into()).wrapping_sub(1);
        a | b < IDS && found & mask == 0
    }

    /// What a pair of the set adds to a line's score, in 1/65536 nats.
    #[must_use]
    pub fn bonus(&self) -> u32 {
        self.bonus
    }

    /// Bits from `slot` on; those of the slot are the lowest.
    fn get(&self, slot: u32) -> u32 {
        // Below 2³¹.
        let bit = slot.wrapping_mul(self.bits.into());
        let at = (bit >> 3) as usize;
        let two = self.slots.get(at..at.wrapping_add(2));
        let word = two.and_then(<[u8]>::first_chunk).copied();
        u32::from(u16::from_le_bytes(word.unwrap_or([0; 2]))) >> (bit & 7)
    }
}

#[cfg(test)]
mod tests;

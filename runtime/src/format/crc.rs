//! CRC-32 (ISO-HDLC, the one of zlib and Ethernet), eight bits at a time: a table of 1,024 bytes. On the
//! smallest cores, where flash counts most, seven: 512 bytes.
//!
//! ```text
//! seven bits n:  crc = (crc >> 7) ^ remainder[n]           four bits n:  (crc >> 4) ^ remainder[8 n]
//! ```
//!
//! A word takes four times eight bits, or four times seven and four. Rather than to shift the register each time, it stays
//! where it is and the next bits stand higher: what comes to it is rotated there, which costs nothing
//! in an ARM's operand, and entries of the table take along the bits that leave. No two of the rounds
//! are the same code, so that a compiler that looks for small code cannot make calls of them.

/// Bits of an index of the table.
const BITS: u32 = if cfg!(isa = "thumb1") { 7 } else { 8 };

/// Remainders of that many bits, polynomial 0xEDB88320 reflected, with the bits themselves on top.
const TABLE: [u32; 1 << BITS] = {
    let mut table = [0; 1 << BITS];
    let mut index = 0;
    while index < 1 << BITS {
        let mut remainder = index as u32;
        let mut bit = 0;
        while bit < BITS {
            let mask = 0u32.wrapping_sub(remainder & 1);
            remainder = (remainder >> 1) ^ (0xEDB8_8320 & mask);
            bit += 1;
        }
        table[index] = remainder ^ (index as u32) << (32 - BITS);
        index += 1;
    }
    table
};

/// Checksum of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    // Two words where flash counts less: the loop itself costs as much as a quarter of one. What the
    // header covers is whole pairs.
    #[cfg(not(isa = "thumb1"))]
    let (pairs, bytes) = bytes.as_chunks();
    #[cfg(not(isa = "thumb1"))]
    for &[a, b, c, d, e, f, g, h] in pairs {
        crc = word(word(crc, [a, b, c, d]), [e, f, g, h]);
    }
    #[cfg(isa = "thumb1")]
    let (words, bytes) = bytes.as_chunks();
    #[cfg(isa = "thumb1")]
    for &each in words {
        crc = word(crc, each);
    }
    for &byte in bytes {
        crc ^= u32::from(byte);
        crc = next::<7, 1>(next::<0, 7>(crc)).rotate_right(8);
    }
    !crc
}

/// Four bytes on.
#[inline(always)]
fn word(crc: u32, word: [u8; 4]) -> u32 {
    let mut crc = crc ^ u32::from_le_bytes(word);
    crc = next::<0, BITS>(crc);
    crc = next::<BITS, BITS>(crc);
    crc = next::<{ 2 * BITS }, BITS>(crc);
    crc = next::<{ 3 * BITS }, BITS>(crc);
    next::<{ 4 * BITS }, { 32 - 4 * BITS }>(crc)
}

/// A register that is rotated to the left by `FROM` bits, `COUNT` bits on.
#[inline(always)]
const fn next<const FROM: u32, const COUNT: u32>(crc: u32) -> u32 {
    if COUNT == 0 {
        return crc;
    }
    let bits = crc.wrapping_shr(FROM) & ((1 << COUNT) - 1);
    crc ^ TABLE[(bits << (BITS - COUNT)) as usize].rotate_left(FROM + COUNT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_its_naive_twin(bytes in prop::collection::vec(any::<u8>(), 0..70), start in 0usize..4) {
            let bytes = bytes.get(start..).unwrap_or(&[]);
            // The definition: a bit at a time.
            let mut crc = !0u32;
            for &byte in bytes {
                crc ^= u32::from(byte);
                for _ in 0..8 {
                    crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
                }
            }
            prop_assert_eq!(super::crc32(bytes), !crc);
        }
    }

    #[test]
    fn check_value_of_the_catalogue() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(super::crc32(b""), 0);
    }
}

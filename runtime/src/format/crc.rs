//! CRC-32 (ISO-HDLC, the one of zlib and Ethernet), half a byte at a time: a 64-byte table.
//!
//! ```text
//! a half byte n:  crc = (crc >> 4) ^ remainder[n]
//! ```
//!
//! A word takes eight of them. Rather than to shift the register each time, it stays where it is and
//! the next half byte stands four bits higher: what comes to it is rotated there, which costs nothing
//! in an ARM's operand, and entries of the table take along the half byte that leaves. No two of the
//! eight are the same code, so that a compiler that looks for small code cannot make calls of them.

/// Remainders of the 16 half bytes, polynomial 0xEDB88320 reflected, with the half byte on top.
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut index = 0;
    while index < 16 {
        let mut remainder = index as u32;
        let mut bit = 0;
        while bit < 4 {
            let mask = 0u32.wrapping_sub(remainder & 1);
            remainder = (remainder >> 1) ^ (0xEDB8_8320 & mask);
            bit += 1;
        }
        table[index] = remainder ^ (index as u32) << 28;
        index += 1;
    }
    table
};

/// Checksum of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    let (words, rest) = bytes.as_chunks();
    for word in words {
        crc ^= u32::from_le_bytes(*word);
        crc = half::<0>(crc);
        crc = half::<1>(crc);
        crc = half::<2>(crc);
        crc = half::<3>(crc);
        crc = half::<4>(crc);
        crc = half::<5>(crc);
        crc = half::<6>(crc);
        crc = half::<7>(crc);
    }
    for &byte in rest {
        crc ^= u32::from(byte);
        crc = half::<1>(half::<0>(crc)).rotate_right(8);
    }
    !crc
}

/// A register that is rotated to the left by `N` half bytes, one half byte on.
#[inline(always)]
const fn half<const N: u32>(crc: u32) -> u32 {
    crc ^ TABLE[(crc >> (4 * N) & 15) as usize].rotate_left(4 * N + 4)
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

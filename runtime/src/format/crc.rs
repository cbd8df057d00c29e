//! CRC-32 (ISO-HDLC, the one of zlib and Ethernet), half a byte at a time: a 64-byte table.

/// Remainders of the 16 half bytes, polynomial 0xEDB88320 reflected.
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
        table[index] = remainder;
        index += 1;
    }
    table
};

/// Checksum of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        crc = (crc >> 4) ^ TABLE[(crc & 15) as usize];
        crc = (crc >> 4) ^ TABLE[(crc & 15) as usize];
    }
    !crc
}

#[cfg(test)]
mod tests {
    #[test]
    fn check_value_of_the_catalogue() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(super::crc32(b""), 0);
    }
}

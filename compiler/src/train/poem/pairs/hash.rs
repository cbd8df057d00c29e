//! Where a key's slots are, and its fingerprint.
//!
//! MERGE: the runtime's `qibu::decode::pairs::slots` is the one definition. This copy stands in for
//! it until both are in one tree; the test's numbers hold for both.

/// A permutation of 32 bits in which every input bit matters to every output bit ("lowbias32").
fn mix(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(0x7feb_352d);
    h ^= h >> 15;
    h = h.wrapping_mul(0x846c_a68b);
    h ^ (h >> 16)
}

/// The numbered seed of those that are tried in order.
pub fn seed(number: u32) -> u32 {
    mix(number)
}

/// One slot in each of three neighbouring segments of `1 << shift` slots, and the fingerprint.
pub fn slots(key: u32, seed: u32, segments: u32, shift: u32) -> ([u32; 3], u32) {
    let a = mix(key ^ seed);
    let b = mix(a.wrapping_add(0x9e37_79b9));
    let mask = (1 << shift) - 1;
    let first = ((u64::from(a) * u64::from(segments - 2)) >> 32) as u32;
    let places = [
        (first << shift) + (a & mask),
        ((first + 1) << shift) + (b & mask),
        ((first + 2) << shift) + ((b >> 16) & mask),
    ];
    (places, (b >> 24) ^ (a >> 9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_file_format() {
        assert_eq!(seed(1), 0x6889_90c0);
        let found = [
            slots(0, 0, 3, 2),
            slots(1 << 16 | 2, seed(1), 3, 4),
            slots(3644 << 16 | 3643, seed(1), 40, 12),
            slots(12_345 << 16 | 678, seed(7), 20, 11),
            slots(u32::MAX, u32::MAX, 0xffff, 16),
        ];
        let expected = [
            ([0, 6, 8], 1),
            ([12, 25, 35], 8_228_502),
            ([11_731, 14_860, 17_532], 636_354),
            ([31_707, 33_817, 36_710], 7_109_706),
            ([0, 124_242, 131_580], 1),
        ];
        assert_eq!(found, expected);
    }
}

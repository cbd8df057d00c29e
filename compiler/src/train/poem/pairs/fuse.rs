//! Building a binary fuse filter (Graf and Lemire, 2022): a set in about 1.15 slots for each key.
//!
//! ```text
//! contained(key) = slot[s0] ^ slot[s1] ^ slot[s2] == fingerprint(key)
//! peel:   take a slot that one key alone has, and the key with it; repeat until none is left
//! assign: in reverse order, the slot of each key such that its equation holds
//! ```
//!
//! A key that is not in the set passes with a chance of `2^-BITS`.

use qibu::decode::pairs;

/// Bits of a slot.
pub const BITS: usize = 6;

/// Seeds that are tried before the filter gets another segment.
const SEEDS: u32 = 8;

/// A filter in a byte a slot.
pub struct Filter {
    pub seed: u32,
    pub segments: u32,
    pub shift: u32,
    pub slots: Vec<u8>,
}

impl Filter {
    /// The smallest filter of `keys`, all different, that the first few seeds of each size give.
    pub fn build(keys: &[u32]) -> Self {
        let shift = shift(keys.len());
        let least = (keys.len() * 9).div_ceil(8 << shift).max(3) as u32;
        for segments in least.. {
            for number in 1..=SEEDS {
                let mut filter = Self {
                    seed: pairs::mix(number),
                    segments,
                    shift,
                    slots: vec![0; (segments as usize) << shift],
                };
                if let Some(order) = filter.peel(keys) {
                    filter.assign(keys, &order);
                    return filter;
                }
            }
        }
        unreachable!("with enough room, keys share no slots")
    }

    fn places(&self, key: u32) -> ([usize; 3], u8) {
        let (places, print) = pairs::slots(key, self.seed, self.segments, self.shift);
        let print = print & ((1 << BITS) - 1);
        (places.map(|place| place as usize), print as u8)
    }

    /// Each key's number and the slot that is its own once those after it are gone, in order;
    /// `None` where keys are left that share all their slots.
    fn peel(&self, keys: &[u32]) -> Option<Vec<(usize, usize)>> {
        // Of the keys at a slot: how many, and the exclusive or of their numbers.
        let mut at = vec![(0u32, 0usize); self.slots.len()];
        for (number, &key) in keys.iter().enumerate() {
            for place in self.places(key).0 {
                at[place].0 += 1;
                at[place].1 ^= number;
            }
        }
        let alone = |at: &[(u32, usize)], place: usize| at[place].0 == 1;
        let mut queue: Vec<usize> = (0..at.len()).filter(|&place| alone(&at, place)).collect();
        let mut order = Vec::with_capacity(keys.len());
        while let Some(place) = queue.pop() {
            if !alone(&at, place) {
                continue;
            }
            let number = at[place].1;
            order.push((number, place));
            for place in self.places(keys[number]).0 {
                at[place].0 -= 1;
                at[place].1 ^= number;
                if alone(&at, place) {
                    queue.push(place);
                }
            }
        }
        (order.len() == keys.len()).then_some(order)
    }

    fn assign(&mut self, keys: &[u32], order: &[(usize, usize)]) {
        for &(number, place) in order.iter().rev() {
            let (places, print) = self.places(keys[number]);
            // Its own slot is still 0.
            let others = places.iter().fold(0, |sum, &place| sum ^ self.slots[place]);
            self.slots[place] = print ^ others;
        }
    }
}

/// Logarithm of a segment's length: `log(keys) / log(3.33) + 2.25` rounded down, as the paper has it.
fn shift(keys: usize) -> u32 {
    let length = libm::log(keys.max(1) as f64) / libm::log(3.33) + 2.25;
    (length as u32).clamp(1, 16)
}

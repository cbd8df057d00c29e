//! A bit in 64 for each character that a path might repeat.
//!
//! ```text
//! slots     a hash table of all candidates: 28 positions of 8 are fewer than its 256
//! bit       none for a character that is a candidate of one position only: nothing can repeat it
//!           one of its own for the first 63 others; the last one for all the rest
//! ```

use super::Row;

/// Slots of the table; a slot's number is a byte that wraps around.
const SLOTS: usize = 256;
/// The bit that several share.
const SHARED: u8 = 64;

/// Bits of all candidates.
pub(super) struct Bits {
    ids: [u16; SLOTS],
    /// While they are counted: 0 for an empty slot, 1 for one candidate, 2 for several. Then the number
    /// of the bit, from one, or 0.
    numbers: [u8; SLOTS],
}

/// The bit of a character.
#[derive(Clone, Copy)]
pub(super) struct Bit {
    /// In a path's set.
    pub mask: u64,
    /// Whether no other character has it.
    pub is_own: bool,
}

impl Bits {
    /// No candidates.
    pub const EMPTY: Self = Self {
        ids: [0; SLOTS],
        numbers: [0; SLOTS],
    };

    /// Bits of the candidates in `rows`, in an empty table: returned, it would be on the stack twice.
    pub fn fill(&mut self, rows: &[Row]) {
        for &id in rows.iter().flat_map(Row::ids) {
            let slot = self.slot(id);
            if let (Some(own), Some(count)) = (self.ids.get_mut(slot), self.numbers.get_mut(slot)) {
                *own = id;
                *count = if *count == 0 { 1 } else { 2 };
            }
        }
        let mut last = 0;
        for number in &mut self.numbers {
            if *number == 2 {
                last = SHARED.min(last + 1);
                *number = last;
            } else {
                *number = 0;
            }
        }
    }

    /// The bit of `id`, one of the candidates.
    pub fn get(&self, id: u16) -> Bit {
        let number = self.numbers.get(self.slot_of(id)).copied().unwrap_or(0);
        Bit {
            mask: match number {
                0 => 0,
                _ => 1 << (number.wrapping_sub(1) & 63),
            },
            is_own: number != SHARED,
        }
    }

    /// The slot of `id`, or the first empty one on the way to it.
    fn slot(&self, id: u16) -> usize {
        self.probe(id, |slot, own| {
            own == id || self.numbers.get(slot) == Some(&0)
        })
    }

    /// The slot of `id`, which has one.
    fn slot_of(&self, id: u16) -> usize {
        self.probe(id, |_, own| own == id)
    }

    /// The first slot on the way from that of `id` that is `sought`.
    fn probe(&self, id: u16, sought: impl Fn(usize, u16) -> bool) -> usize {
        let mut slot = id as u8;
        for _ in 0..SLOTS {
            let own = self.ids.get(usize::from(slot));
            if own.is_some_and(|&own| sought(slot.into(), own)) {
                break;
            }
            slot = slot.wrapping_add(1);
        }
        slot.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn rows(ids: &[&[u16]]) -> Vec<Row> {
        let row = |ids: &&[u16]| {
            let mut row = Row::default();
            ids.iter().for_each(|&id| row.offer(id, 0));
            row
        };
        ids.iter().map(row).collect()
    }

    #[test]
    fn only_what_may_repeat_has_a_bit() {
        // All in one slot, zero among them, which empty slots hold, too.
        let rows = rows(&[&[0, 256, 512, 3], &[255, 512, 768], &[0, 511, 255]]);
        let mut bits = Bits::EMPTY;
        bits.fill(&rows);
        for id in [256, 3, 768, 511] {
            assert_eq!(bits.get(id).mask, 0, "{id}");
        }
        let masks = [0, 512, 255].map(|id| bits.get(id).mask);
        assert!(masks.iter().all(|mask| mask.count_ones() == 1));
        assert_eq!(masks.iter().fold(0, |all, mask| all | mask), 0b111);
    }

    #[test]
    fn those_beyond_the_first_share_one() {
        let ids: Vec<u16> = (0..112).map(|n| n * 37 % 1000).collect();
        let mut all: Vec<&[u16]> = ids.chunks(8).collect();
        all.extend(all.clone());
        let rows = rows(&all);
        let mut bits = Bits::EMPTY;
        bits.fill(&rows);
        let (own, shared): (Vec<Bit>, Vec<Bit>) = ids
            .iter()
            .map(|&id| bits.get(id))
            .partition(|bit| bit.is_own);
        assert_eq!((own.len(), shared.len()), (63, 49));
        assert_eq!(own.iter().fold(0, |all, bit| all ^ bit.mask), u64::MAX >> 1);
        assert!(shared.iter().all(|bit| bit.mask == 1 << 63));
    }
}

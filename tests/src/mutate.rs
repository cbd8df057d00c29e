//! Seeded damage, aimed at the file's structure, applied in place and undone.
//!
//! Random bytes would nearly all land in the weights, where any value is sound. So a section is
//! drawn first, then a record, then a word or byte of it; values are drawn from those that break
//! arithmetic, from neighbours of the old value, and from the file's own words and records.

use crate::exercise::{seal_structure, seal_weights};
use qibu::format::{Header, Section};
use qibu::random::Random;

/// Values at the edges of types, units and counts.
const EDGES: [u32; 20] = [
    0,
    1,
    2,
    4,
    7,
    15,
    16,
    47,
    48,
    127,
    128,
    255,
    256,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x1_0000,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
];

/// A file that is damaged and repaired again and again.
pub struct Victim<'a> {
    file: &'a mut [u8],
    sections: [(usize, usize); 6],
    header: [u8; Header::LENGTH],
    journal: Vec<(usize, u8)>,
}

impl<'a> Victim<'a> {
    /// # Panics
    /// `file` is no sound model.
    #[must_use]
    pub fn new(file: &'a mut [u8]) -> Self {
        let header = *file.first_chunk().expect("a header");
        let parsed = Header::parse(&header).expect("a header");
        let sections = [
            Section::Functions,
            Section::Tensors,
            Section::Steps,
            Section::Parameters,
            Section::Text,
            Section::Weights,
        ];
        let sections = sections.map(|section| parsed.range(section).expect("a range"));
        Self {
            file,
            sections,
            header,
            journal: Vec::new(),
        }
    }

    /// Damages the file in one to four places and recomputes the checksums.
    pub fn damage(&mut self, random: &mut Random) -> &[u8] {
        for _ in 0..=below(random, 4).min(below(random, 4)) {
            self.damage_once(random);
        }
        let mut end = self.file.len();
        if below(random, 64) == 0 {
            end = below(random, end);
            if below(random, 2) == 0 {
                self.put_word(12, end as u32);
            }
        }
        // The weights' checksum is slow to make: only where it can have changed.
        let weights = self.sections[5].0;
        let changed = |&(at, _): &(usize, u8)| at >= weights || at < Header::LENGTH;
        if self.journal.iter().any(changed) {
            seal_weights(&mut self.file[..end]);
        }
        seal_structure(&mut self.file[..end]);
        &self.file[..end]
    }

    /// Undoes [`Victim::damage`].
    pub fn repair(&mut self) {
        while let Some((at, old)) = self.journal.pop() {
            self.file[at] = old;
        }
        self.file[..Header::LENGTH].copy_from_slice(&self.header);
    }

    fn damage_once(&mut self, random: &mut Random) {
        // In hundredths: header, then the sections in file order.
        let mut draw = below(random, 100);
        let weights = [3, 12, 35, 15, 28, 3, 4];
        let mut section = 0;
        while draw >= weights[section] {
            draw -= weights[section];
            section += 1;
        }
        let (start, length) = match section.checked_sub(1) {
            None => (0, Header::LENGTH),
            Some(index) => self.sections[index],
        };
        let unit = match section {
            1..=3 => Header::UNITS[section - 1],
            _ => 4,
        };
        if length < unit {
            return;
        }
        let record = start + below(random, length / unit) * unit;
        let other = start + below(random, length / unit) * unit;
        let word = record + below(random, unit / 4) * 4;
        match below(random, 10) {
            0 | 1 => self.put_word(word, EDGES[below(random, EDGES.len())]),
            2 | 3 => {
                let step = below(random, 33) as u32;
                let value = self.word(word).wrapping_add(step).wrapping_sub(16);
                self.put_word(word, value);
            }
            4 => self.put_word(word, random.next_u32()),
            5 => self.put_word(word, self.word(other + (word - record))),
            6 => {
                let at = record + below(random, unit);
                self.put(at, self.file[at] ^ (1 << below(random, 8)));
            }
            7 => self.put(record + below(random, unit), EDGES[below(random, 12)] as u8),
            8 => {
                let (a, b) = (self.word(word), self.word(other));
                self.put_word(word, b);
                self.put_word(other, a);
            }
            _ => {
                for byte in 0..unit {
                    self.put(record + byte, self.file[other + byte]);
                }
            }
        }
    }

    fn word(&self, at: usize) -> u32 {
        let bytes = self.file[at..].first_chunk().expect("a word inside");
        u32::from_le_bytes(*bytes)
    }

    fn put_word(&mut self, at: usize, value: u32) {
        for (index, byte) in value.to_le_bytes().into_iter().enumerate() {
            self.put(at + index, byte);
        }
    }

    fn put(&mut self, at: usize, byte: u8) {
        self.journal.push((at, self.file[at]));
        self.file[at] = byte;
    }
}

/// A number below `bound`, near enough to uniform.
fn below(random: &mut Random, bound: usize) -> usize {
    ((u64::from(random.next_u32()) * bound as u64) >> 32) as usize
}

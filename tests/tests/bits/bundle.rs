//! Records, and bundles of as many as a machine holds: see `programs::bits`.

use qibu::format::ALIGNMENT;
use qibu::poem::Poet;
use qibu::tag::Tagger;
use qibu::{Model, kernels};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::machines::{Group, Kernels, Machine};
use std::sync::Arc;

/// What is done with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every function, on random inputs.
    Functions = 1,
    /// Couplets.
    Couplets = 2,
    /// Tags of a text.
    Tags = 3,
    /// As the first, and a checksum behind every step.
    Trace = 4,
}

/// A model and what to do with it.
#[derive(Clone)]
pub struct Record {
    pub name: String,
    pub group: Group,
    pub kind: Kind,
    pub model: Arc<AlignedBytes>,
    pub extra: Vec<u8>,
    pub seeds: u32,
}

impl Record {
    /// Bytes in a bundle.
    pub fn length(&self) -> usize {
        let padded = |bytes: usize| bytes.next_multiple_of(ALIGNMENT);
        16 + padded(self.model.len()) + padded(self.extra.len())
    }

    /// Bytes of arena that all of it needs.
    pub fn arena(&self) -> usize {
        let model = Model::load(&self.model).expect("a sound model");
        match self.kind {
            Kind::Couplets => Poet::new(&model).expect("a poem model").arena(),
            Kind::Tags => Tagger::new(&model).expect("a tag model").arena(),
            _ => {
                let arenas = model.functions().map(|function| function.arena());
                arenas.max().expect("a function")
            }
        }
    }

    /// Whether all of it runs on `machine`.
    pub fn fits(&self, machine: &Machine) -> bool {
        let linked = match machine.kernels {
            Kernels::All => true,
            Kernels::Some(names) => {
                let model = Model::load(&self.model).expect("a sound model");
                kernels::used(&model).all(|name| names.contains(&name))
            }
        };
        linked
            && self.length() + 16 <= machine.bundle.1 as usize
            && self.arena() <= machine.arena as usize
    }

    /// Lines that all of it prints.
    pub fn lines(&self) -> usize {
        match self.kind {
            Kind::Couplets => self.seeds as usize,
            Kind::Tags => {
                let text = std::str::from_utf8(&self.extra).expect("a text");
                text.lines().count()
            }
            _ => {
                let model = Model::load(&self.model).expect("a sound model");
                let outputs = model.functions().map(|function| function.outputs().len());
                self.seeds as usize * outputs.sum::<usize>()
            }
        }
    }

    fn append(&self, bundle: &mut Vec<u8>) {
        let lengths = [self.model.len(), self.extra.len()].map(|length| length as u32);
        for word in [self.kind as u32, lengths[0], lengths[1], self.seeds] {
            bundle.extend(word.to_le_bytes());
        }
        for bytes in [&self.model[..], &self.extra] {
            bundle.extend(bytes);
            bundle.resize(bundle.len().next_multiple_of(ALIGNMENT), 0);
        }
    }
}

/// Records in one piece of memory.
pub struct Bundle<'r> {
    pub records: Vec<&'r Record>,
}

impl Bundle<'_> {
    /// As the machine gets it.
    pub fn bytes(&self) -> AlignedBytes {
        let mut bytes = Vec::new();
        for record in &self.records {
            record.append(&mut bytes);
        }
        bytes.extend([0; 16]);
        AlignedBytes::from(&bytes[..])
    }

    /// What the host prints for it, in an arena of this length.
    pub fn host(&self, arena: usize) -> String {
        // Other bytes than a board starts with: what is left in the arena must not matter.
        let mut memory = AlignedBytes::zeros(arena);
        memory.fill(0xA5);
        let mut text = String::new();
        programs::bits(&self.bytes(), &mut memory, kernels::ALL, &mut |piece| {
            text += piece;
        });
        text
    }
}

/// As few bundles as hold `records` in their order, each of at most `room` bytes.
pub fn bundles<'r>(records: &[&'r Record], room: usize) -> Vec<Bundle<'r>> {
    let mut bundles: Vec<Bundle<'r>> = Vec::new();
    let mut left = 0;
    for &record in records {
        if bundles.is_empty() || record.length() > left {
            bundles.push(Bundle { records: vec![] });
            left = room - 16;
        }
        left -= record.length();
        let last = bundles.last_mut().expect("just there");
        last.records.push(record);
    }
    bundles
}

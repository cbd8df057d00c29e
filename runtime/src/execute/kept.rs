//! With the feature `std`: from the second run on, what the records of a function's steps say of their
//! operands is read once, and kept.
//!
//! ```text
//! first run:   records are read step by step, as without `std`: who runs once needs no heap
//! second run:  for each step: its kernel, where its operands are, kept on the heap
//! and later:   the operands are cut out of the arena, the kernel runs
//! ```
//!
//! Small layers take no longer than reading their records.

use super::range;
use crate::arena::{HANDED, Operands, Parts, WRITTEN};
use crate::format::Tensor;
use crate::kernels::Kernel;
use crate::model::Function;
use crate::step::Step;
use core::ops::Range;
use std::vec::Vec;

/// Whether steps are kept, and those that are.
pub(super) enum Keeping<'m> {
    Never,
    /// Before the first run.
    Fresh,
    /// Once run.
    Ran,
    Read(Vec<Found<'m>>),
}

impl<'m> Keeping<'m> {
    /// Before a run of `function`: reads its steps if it is the second. Not where memory is short, or a step
    /// has what loading rules out.
    pub fn start(&mut self, function: &Function<'m>) {
        match self {
            Self::Fresh => *self = Self::Ran,
            Self::Ran => *self = read(function).map_or(Self::Never, Self::Read),
            Self::Never | Self::Read(_) => {}
        }
    }

    /// What is kept of the step at `position`.
    pub fn get(&self, position: usize) -> Option<&Found<'m>> {
        match self {
            Self::Read(steps) => steps.get(position),
            Self::Never | Self::Fresh | Self::Ran => None,
        }
    }
}

fn read<'m>(function: &Function<'m>) -> Option<Vec<Found<'m>>> {
    let mut found = Vec::new();
    found.try_reserve_exact(function.steps().count()).ok()?;
    for step in function.steps() {
        found.push(Found::new(function, &step)?);
    }
    Some(found)
}

/// A step's kernel and operands.
pub(super) struct Found<'m> {
    pub kernel: &'m Kernel,
    inputs: [Source<'m>; HANDED],
    /// Empty behind the arena where there is none.
    written: [Bytes; WRITTEN],
}

/// Where an input is.
enum Source<'m> {
    Constant(&'m [u8]),
    Arena(Bytes),
}

/// Bytes of the arena, of which 32 bits count the length.
#[derive(Clone, Copy, PartialEq)]
struct Bytes {
    start: u32,
    end: u32,
}

impl Bytes {
    fn of(tensor: Tensor<'_>) -> Option<Self> {
        let Range { start, end } = range(tensor)?;
        let (start, end) = (start.try_into().ok()?, end.try_into().ok()?);
        Some(Self { start, end })
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl<'m> Found<'m> {
    fn new(function: &Function<'m>, step: &Step<'_>) -> Option<Self> {
        let end = function.arena().try_into().ok()?;
        let mut written = [Bytes { start: end, end }; WRITTEN];
        for (position, &index) in step.outputs().iter().enumerate() {
            // Scratch comes last, whatever number of results is before it.
            let position = match position < step.results() {
                true => position,
                false => WRITTEN - 1,
            };
            *written.get_mut(position)? = Bytes::of(function.model.tensor(index)?)?;
        }
        let mut inputs = [const { Source::Constant(&[]) }; HANDED];
        for ((position, &index), input) in step.inputs().iter().enumerate().zip(&mut inputs) {
            let tensor = function.model.tensor(index)?;
            *input = match function.model.constant(tensor) {
                Some(bytes) => Source::Constant(bytes),
                None => {
                    let bytes = Bytes::of(tensor)?;
                    let is_replaced = step.opcode.in_place(position);
                    if is_replaced && written.first() == Some(&bytes) {
                        continue;
                    }
                    Source::Arena(bytes)
                }
            };
        }
        Some(Self {
            kernel: Kernel::find(function.model.kernels, step)?,
            inputs,
            written,
        })
    }

    pub fn run(&self, arena: &mut [u8], step: &Step<'_>) -> Option<()> {
        let mut parts = Parts::default();
        let [first, second, scratch] = parts.carve(arena, &mut self.written.map(Bytes::range))?;
        let mut inputs: [&[u8]; HANDED] = Default::default();
        for (input, source) in inputs.iter_mut().zip(&self.inputs) {
            *input = match source {
                Source::Constant(bytes) => bytes,
                Source::Arena(bytes) => parts.get(bytes.range())?,
            };
        }
        let operands = Operands {
            inputs,
            outputs: [first, second],
            scratch,
        };
        (self.kernel.run)(step, operands)
    }
}

//! Pace 5: where every activation lies in the arena.
//!
//! A tensor lives from the step that writes it to the last one that reads it; views are the same
//! bytes as what they view. Tensors that live at the same time must not overlap. The lower bound is
//! the largest sum of live bytes at any step: no placement can be smaller.

mod lifetimes;
mod place;

pub use lifetimes::Lifetime;

use crate::error::{Error, Result};
use crate::program::{Content, Program, TensorId};
use crate::quantise::Quantised;

/// Bytes of arena tensors start on multiples of this.
const ALIGNMENT: usize = qibu::format::ALIGNMENT;

/// Whether tensors may take each other's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Once the last reader is done.
    WhenDead,
    /// Never: every value can be looked at after the run.
    KeepAll,
}

/// Memory of one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionPlan {
    /// Bytes of arena.
    pub peak: usize,
    /// Largest sum of live bytes at any step.
    pub lower_bound: usize,
    /// Every tensor's stay in the arena, in order of first use.
    pub lifetimes: Vec<Lifetime>,
}

/// A program with a place for everything.
pub struct Planned {
    pub(crate) program: Program,
    /// Arena offset of each arena tensor, views included; zero for constants.
    pub(crate) offsets: Vec<usize>,
    /// One plan for each function.
    pub functions: Vec<FunctionPlan>,
}

/// Places every activation.
///
/// # Errors
/// An arena of 2³² bytes or more.
pub fn plan(quantised: Quantised) -> Result<Planned> {
    plan_with(quantised.0, Reuse::WhenDead)
}

pub(crate) fn plan_with(program: Program, reuse: Reuse) -> Result<Planned> {
    let mut offsets = vec![0; program.tensors.len()];
    let mut functions = Vec::new();
    for function in &program.functions {
        let mut lifetimes = lifetimes::of(&program, function);
        if reuse == Reuse::KeepAll {
            for lifetime in &mut lifetimes {
                (lifetime.first, lifetime.last) = (0, usize::MAX);
            }
        }
        let peak = place::place(&mut lifetimes);
        if u32::try_from(peak).is_err() {
            return Err(Error::input(format!(
                "function `{}` needs {peak} bytes of arena",
                function.name
            ))
            .hint("the format holds arenas below 4 GiB; reduce the model's input size"));
        }
        for lifetime in &lifetimes {
            offsets[lifetime.tensor] = lifetime.offset;
        }
        functions.push(FunctionPlan {
            peak,
            lower_bound: lifetimes::lower_bound(&lifetimes),
            lifetimes,
        });
    }
    for id in 0..program.tensors.len() {
        if matches!(program.tensors[id].content, Content::View(_)) {
            offsets[id] = offsets[program.root(id)];
        }
    }
    Ok(Planned {
        program,
        offsets,
        functions,
    })
}

/// Bytes that a tensor takes in the arena.
fn padded(program: &Program, id: TensorId) -> usize {
    program.tensors[id].bytes().next_multiple_of(ALIGNMENT)
}

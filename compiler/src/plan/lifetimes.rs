//! From which step to which each tensor is needed.

use super::padded;
use crate::program::{Content, Function, Program, TensorId};
use std::collections::BTreeMap;

/// A tensor's stay in the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The tensor; never a view.
    pub tensor: TensorId,
    /// Bytes, rounded up to the alignment.
    pub bytes: usize,
    /// First step at which it is there; a function's inputs are there at step 0.
    pub first: usize,
    /// Last step at which it is there; results stay to the last step.
    pub last: usize,
    /// Byte offset in the arena, once placed.
    pub offset: usize,
}

impl Lifetime {
    /// Whether both are there at some step.
    pub fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Lifetimes of all arena tensors of a function, in order of first use.
pub(super) fn of(program: &Program, function: &Function) -> Vec<Lifetime> {
    let mut spans: BTreeMap<TensorId, (usize, usize)> = BTreeMap::new();
    let mut touch = |id: TensorId, step: usize| {
        if program.in_arena(id) {
            let span = spans.entry(program.root(id)).or_insert((step, step));
            *span = (span.0.min(step), span.1.max(step));
        }
    };
    for &input in &function.inputs {
        touch(input, 0);
    }
    for (index, step) in function.steps.iter().enumerate() {
        for &id in step.inputs.iter().chain(&step.outputs) {
            touch(id, index);
        }
    }
    for &output in &function.outputs {
        touch(output, function.steps.len().saturating_sub(1));
    }
    let mut lifetimes: Vec<Lifetime> = spans
        .into_iter()
        .map(|(tensor, (first, last))| Lifetime {
            tensor,
            bytes: padded(program, tensor),
            first,
            last,
            offset: 0,
        })
        .collect();
    lifetimes.sort_by_key(|lifetime| (lifetime.first, lifetime.tensor));
    debug_assert!(
        lifetimes
            .iter()
            .all(|l| program.tensors[l.tensor].content == Content::Arena)
    );
    lifetimes
}

/// Largest sum of live bytes at any step.
pub(super) fn lower_bound(lifetimes: &[Lifetime]) -> usize {
    let live_at = |step: usize| {
        let live = lifetimes
            .iter()
            .filter(|l| l.first <= step && step <= l.last);
        live.map(|l| l.bytes).sum()
    };
    lifetimes
        .iter()
        .map(|l| live_at(l.first))
        .max()
        .unwrap_or(0)
}

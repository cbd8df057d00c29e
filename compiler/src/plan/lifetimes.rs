//! From which step to which each value is needed, and which take each other's place.

use super::flow::Flow;
use crate::program::TensorId;
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
    /// The tensor whose bytes it takes over: written in place, at the last step of that one.
    pub replaces: Option<TensorId>,
    /// Byte offset in the arena, once placed.
    pub offset: usize,
}

/// Which input a step's output replaces, where it may replace several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replace {
    /// None: every value has bytes of its own.
    Never,
    /// The first operand that dies.
    First,
    /// The last operand that dies.
    Last,
}

/// Bytes that one tensor, or several in turn, hold from step `first` to step `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub bytes: usize,
    pub first: usize,
    pub last: usize,
}

impl Span {
    /// Whether both are there at some step.
    pub fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Lifetimes of all values when the steps run in `order`, in order of first use.
pub(super) fn of(flow: &Flow, order: &[usize], replace: Replace) -> Vec<Lifetime> {
    let mut position = vec![0; order.len()];
    for (at, &step) in order.iter().enumerate() {
        position[step] = at;
    }
    let end = order.len().saturating_sub(1);
    let span = |value: usize| {
        let value = &flow.values[value];
        let first = value.writer.map_or(0, |step| position[step]);
        let last = value.readers.iter().map(|&step| position[step]).max();
        let last = if value.result { Some(end) } else { last };
        (first, last.unwrap_or(first).max(first))
    };
    let mut lifetimes: Vec<Lifetime> = (0..flow.values.len())
        .map(|index| {
            let ((first, last), value) = (span(index), &flow.values[index]);
            Lifetime {
                tensor: value.tensor,
                bytes: value.bytes,
                first,
                last,
                replaces: None,
                offset: 0,
            }
        })
        .collect();
    for (at, &step) in order.iter().enumerate() {
        let node = &flow.steps[step];
        let mut dying = node
            .replaceable
            .iter()
            .filter(|&&value| lifetimes[value].last == at);
        let chosen = match replace {
            Replace::Never => None,
            Replace::First => dying.next(),
            Replace::Last => dying.next_back(),
        };
        if let (Some(&out), Some(&chosen)) = (node.writes.first(), chosen) {
            lifetimes[out].replaces = Some(flow.values[chosen].tensor);
        }
    }
    lifetimes.sort_by_key(|lifetime| (lifetime.first, lifetime.tensor));
    lifetimes
}

/// The spans of `lifetimes`, a value in place counted into the one that it replaces, and the index
/// of each lifetime's span.
pub(super) fn spans(lifetimes: &[Lifetime]) -> (Vec<Span>, Vec<usize>) {
    let tensors = lifetimes
        .iter()
        .enumerate()
        .map(|(index, l)| (l.tensor, index));
    let index_of: BTreeMap<TensorId, usize> = tensors.collect();
    let replaced = |index: usize| {
        let tensor = lifetimes[index].replaces?;
        index_of.get(&tensor).copied()
    };
    let (mut spans, mut owner) = (Vec::new(), vec![0; lifetimes.len()]);
    for (index, lifetime) in lifetimes.iter().enumerate() {
        if lifetime.replaces.is_none() {
            owner[index] = spans.len();
            let &Lifetime {
                bytes, first, last, ..
            } = lifetime;
            spans.push(Span { bytes, first, last });
        }
    }
    for (index, lifetime) in lifetimes.iter().enumerate() {
        let mut start = index;
        while let Some(before) = replaced(start) {
            start = before;
        }
        owner[index] = owner[start];
        let span: &mut Span = &mut spans[owner[index]];
        span.last = span.last.max(lifetime.last);
    }
    (spans, owner)
}

/// Sum of live bytes at each of `steps` steps.
pub(super) fn live(spans: &[Span], steps: usize) -> Vec<usize> {
    let at = |step: usize| {
        let live = spans.iter().filter(|s| s.first <= step && step <= s.last);
        live.map(|s| s.bytes).sum()
    };
    (0..steps).map(at).collect()
}

/// Largest sum of live bytes at any step.
pub(super) fn lower_bound(spans: &[Span]) -> usize {
    // The sum grows only where something begins.
    let mut events: Vec<(usize, bool, usize)> = spans
        .iter()
        .flat_map(|s| [(s.first, false, s.bytes), (s.last, true, s.bytes)])
        .collect();
    events.sort_unstable();
    let (mut sum, mut most) = (0, 0);
    for (_, ends, bytes) in events {
        if ends {
            sum -= bytes;
        } else {
            sum += bytes;
            most = most.max(sum);
        }
    }
    most
}

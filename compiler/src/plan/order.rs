//! The order of steps that needs the fewest live bytes at once.
//!
//! ```text
//! a state is a set of steps already run, closed under what they need; it costs the largest sum of
//!     live bytes at any of its steps
//! exact:   take the cheapest state, of equals the one with most steps
//!          all steps run: done
//!          for each step that can run next: push the state with it, if cheaper than any known way
//!              to it and than the given order
//! beyond LIMIT states: a beam. From one step to the next, keep the WIDTH best states only
//! ```
//!
//! The states are the down-sets of the graph, and what is live after one does not depend on how it
//! was reached: so the first way found to all steps is the best (dynamic programming, in the order
//! of Dijkstra's algorithm). Where a step costs no more than the state and leaves no more bytes than
//! it found, running it at once is never worse, and the other steps are not tried: a chain has one
//! state per step. The exact search holds where at most 2¹⁶ states (fewer with more than 1,024
//! steps) are below the cost of the given order.

use super::flow::Flow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// States of the exact search.
const LIMIT: usize = 1 << 16;
/// States that the beam keeps.
const WIDTH: usize = 64;
/// Steps looked at, about: what bounds both for large graphs.
const WORK: usize = 1 << 26;

/// An order in which less is live than in the given one, where there is one and it is found.
pub(super) fn search(flow: &Flow, given: usize) -> Option<Vec<usize>> {
    let count = flow.steps.len();
    if flow.fixed || (0..count).map(|step| own(flow, step)).max()? >= given {
        return None;
    }
    let search = Search { flow, given };
    match search.exact(LIMIT.min(WORK / count)) {
        Outcome::Found(order) => Some(order),
        Outcome::None => None,
        Outcome::TooMany => search.beam((WORK / (count * count)).clamp(2, WIDTH)),
    }
}

/// Bytes that step `step` needs in any order: what it reads and writes.
fn own(flow: &Flow, step: usize) -> usize {
    let node = &flow.steps[step];
    let bytes = |values: &[usize]| values.iter().map(|&v| flow.values[v].bytes).sum::<usize>();
    let shared = match (node.replaceable.first(), node.writes.first()) {
        (Some(_), Some(&out)) => flow.values[out].bytes,
        _ => 0,
    };
    bytes(&node.reads) + bytes(&node.writes) - shared
}

/// A set of steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Set(Vec<u64>);

impl Set {
    fn holds(&self, step: usize) -> bool {
        self.0[step / 64] >> (step % 64) & 1 == 1
    }

    fn with(&self, step: usize) -> Self {
        let mut set = self.clone();
        set.0[step / 64] |= 1 << (step % 64);
        set
    }
}

/// Steps already run.
#[derive(Clone)]
struct State {
    done: Set,
    count: usize,
    /// Largest sum of live bytes so far.
    peak: usize,
    /// Live bytes behind the last step.
    live: usize,
    /// Index into the trail of the last step.
    trail: usize,
}

/// What a step does to the live bytes.
struct Move {
    step: usize,
    peak: usize,
    live: usize,
}

enum Outcome {
    Found(Vec<usize>),
    None,
    TooMany,
}

struct Search<'f> {
    flow: &'f Flow,
    /// Cost of the given order: only cheaper states count.
    given: usize,
}

/// Each entry is a step and the entry before it; the first is a start without a step.
type Trail = Vec<(usize, usize)>;

impl Search<'_> {
    fn start(&self) -> State {
        let inputs = self
            .flow
            .values
            .iter()
            .filter(|value| value.writer.is_none());
        State {
            done: Set(vec![0; self.flow.steps.len().div_ceil(64)]),
            count: 0,
            peak: 0,
            live: inputs.map(|value| value.bytes).sum(),
            trail: 0,
        }
    }

    /// Steps worth running next, in the given order.
    fn moves(&self, state: &State) -> Vec<Move> {
        let mut moves = Vec::new();
        for step in 0..self.flow.steps.len() {
            if state.done.holds(step) {
                continue;
            }
            let Some(next) = self.run(state, step) else {
                continue;
            };
            if next.peak <= state.peak && next.live <= state.live {
                return vec![next];
            }
            if next.peak < self.given {
                moves.push(next);
            }
        }
        moves
    }

    /// The move of running `step`; none where it must wait.
    fn run(&self, state: &State, step: usize) -> Option<Move> {
        let (flow, node) = (self.flow, &self.flow.steps[step]);
        let ready = |&value: &usize| {
            flow.values[value]
                .writer
                .is_none_or(|w| state.done.holds(w))
        };
        if !node.reads.iter().all(ready) {
            return None;
        }
        let read = |&&reader: &&usize| reader == step || state.done.holds(reader);
        let dies = |value: usize| {
            let value = &flow.values[value];
            !value.result && value.readers.iter().filter(read).count() == value.readers.len()
        };
        let bytes = |value: usize| flow.values[value].bytes;
        let added: usize = node.writes.iter().map(|&value| bytes(value)).sum();
        let replaces = node.replaceable.iter().any(|&value| dies(value));
        let shared = match node.writes.first() {
            Some(&out) if replaces => bytes(out),
            _ => 0,
        };
        let dead = node
            .reads
            .iter()
            .chain(&node.writes)
            .filter(|&&value| dies(value));
        let mut live = state.live + added - dead.map(|&value| bytes(value)).sum::<usize>();
        if state.count == 0 {
            // Inputs that nobody reads are there at the first step only.
            let unread =
                |v: &&super::flow::Value| v.writer.is_none() && v.readers.is_empty() && !v.result;
            live -= flow
                .values
                .iter()
                .filter(unread)
                .map(|v| v.bytes)
                .sum::<usize>();
        }
        Some(Move {
            step,
            peak: state.peak.max(state.live + added - shared),
            live,
        })
    }

    fn after(&self, state: &State, next: &Move, trail: &mut Trail) -> State {
        trail.push((next.step, state.trail));
        State {
            done: state.done.with(next.step),
            count: state.count + 1,
            peak: next.peak,
            live: next.live,
            trail: trail.len() - 1,
        }
    }

    fn exact(&self, limit: usize) -> Outcome {
        let mut trail: Trail = vec![(0, 0)];
        let mut cheapest: BTreeMap<Set, usize> = BTreeMap::new();
        let mut states = vec![self.start()];
        let mut heap = BinaryHeap::from([(Reverse(0), 0, Reverse(0))]);
        while let Some((Reverse(peak), count, Reverse(index))) = heap.pop() {
            let state = states[index].clone();
            if count == self.flow.steps.len() {
                return Outcome::Found(order(&trail, state.trail));
            }
            if cheapest.get(&state.done).is_some_and(|&least| least < peak) {
                continue;
            }
            for next in self.moves(&state) {
                let after = self.after(&state, &next, &mut trail);
                if cheapest
                    .get(&after.done)
                    .is_some_and(|&least| least <= after.peak)
                {
                    continue;
                }
                if states.len() >= limit {
                    return Outcome::TooMany;
                }
                cheapest.insert(after.done.clone(), after.peak);
                heap.push((Reverse(after.peak), after.count, Reverse(states.len())));
                states.push(after);
            }
        }
        Outcome::None
    }

    fn beam(&self, width: usize) -> Option<Vec<usize>> {
        let mut trail: Trail = vec![(0, 0)];
        let mut states = vec![self.start()];
        for _ in 0..self.flow.steps.len() {
            let mut best: BTreeMap<Set, State> = BTreeMap::new();
            for state in &states {
                for next in self.moves(state) {
                    let after = self.after(state, &next, &mut trail);
                    let known = best.get(&after.done);
                    if known.is_none_or(|known| after.peak < known.peak) {
                        best.insert(after.done.clone(), after);
                    }
                }
            }
            states = best.into_values().collect();
            // Of equals, the one that keeps to the given order.
            states.sort_by(|a, b| {
                (a.peak, a.live)
                    .cmp(&(b.peak, b.live))
                    .then(b.done.cmp(&a.done))
            });
            states.truncate(width);
        }
        let last = states.first()?;
        Some(order(&trail, last.trail))
    }
}

fn order(trail: &Trail, mut at: usize) -> Vec<usize> {
    let mut order = Vec::new();
    while at > 0 {
        let (step, before) = trail[at];
        order.push(step);
        at = before;
    }
    order.reverse();
    order
}

/// The beam alone, for tests.
#[cfg(test)]
pub(super) fn beam(flow: &Flow, given: usize, width: usize) -> Option<Vec<usize>> {
    Search { flow, given }.beam(width)
}

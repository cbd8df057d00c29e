//! Pace 5: how weights are arranged, in which order the steps run, and where every activation lies in
//! the arena.
//!
//! ```text
//! weights in the layout that the target reads fastest, scratch for its kernels (`arrange`)
//! given   = the steps as they come, each value with bytes of its own, placed greedily
//! order   = the order of steps with the least largest sum of live bytes (`order`)
//! for that order, then the given one:
//!     outputs replace operands that die, first or last, or not at all (`lifetimes`)
//!     place all spans (`place`, then `exact`)
//! the smallest peak wins; the one before it on a tie
//! ```
//!
//! A tensor lives from the step that writes it to the last one that reads it; views are the same
//! bytes as what they view, and so is an output in place of an operand. What lives at the same time
//! must not overlap. The lower bound is the largest sum of live bytes at any step, outputs in place
//! counted once: in the chosen order, no placement can be smaller.

mod arrange;
mod exact;
mod flow;
mod lifetimes;
mod order;
mod place;
#[cfg(test)]
mod tests;

pub use lifetimes::Lifetime;

use crate::error::{Error, Result};
use crate::program::{Content, Function, Program, TensorId};
use crate::quantise::Quantised;
use crate::target::Arrangement;
use flow::Flow;
use lifetimes::{Replace, Span};
use place::Placement;

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
    /// Live bytes at each step.
    pub live: Vec<usize>,
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

/// Arranges weights for a target, orders the steps and places every activation.
///
/// # Errors
/// An arena of 2³² bytes or more.
pub fn plan(quantised: Quantised, arrangement: impl Into<Arrangement>) -> Result<Planned> {
    let mut program = quantised.0;
    arrange::arrange(&mut program, &arrangement.into());
    plan_with(program, Reuse::WhenDead)
}

pub(crate) fn plan_with(mut program: Program, reuse: Reuse) -> Result<Planned> {
    let mut offsets = vec![0; program.tensors.len()];
    let mut functions = Vec::new();
    for index in 0..program.functions.len() {
        let flow = Flow::of(&program, &program.functions[index]);
        let schedule = match reuse {
            Reuse::WhenDead => best(&flow),
            Reuse::KeepAll => apart(&flow),
        };
        let function = &mut program.functions[index];
        if u32::try_from(schedule.placement.peak).is_err() {
            return Err(Error::input(format!(
                "function `{}` needs {} bytes of arena",
                function.name, schedule.placement.peak
            ))
            .hint("the format holds arenas below 4 GiB; reduce the model's input size"));
        }
        reorder(function, &schedule.order);
        let plan = schedule.plan(&flow);
        for lifetime in &plan.lifetimes {
            offsets[lifetime.tensor] = lifetime.offset;
        }
        functions.push(plan);
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

/// An order of steps, what lives when in it, and where.
struct Schedule {
    order: Vec<usize>,
    lifetimes: Vec<Lifetime>,
    spans: Vec<Span>,
    /// Index of each lifetime's span.
    owner: Vec<usize>,
    placement: Placement,
}

impl Schedule {
    fn new(
        order: &[usize],
        lifetimes: Vec<Lifetime>,
        place: impl Fn(&[Span]) -> Placement,
    ) -> Self {
        let (spans, owner) = lifetimes::spans(&lifetimes);
        Self {
            order: order.to_vec(),
            placement: place(&spans),
            lifetimes,
            spans,
            owner,
        }
    }

    fn plan(mut self, flow: &Flow) -> FunctionPlan {
        for (lifetime, &owner) in self.lifetimes.iter_mut().zip(&self.owner) {
            lifetime.offset = self.placement.offsets[owner];
        }
        // Where nothing is replaced though it could be, no gain hides: the bound counts it.
        let bound = bound(flow, &self.order).min(lifetimes::lower_bound(&self.spans));
        FunctionPlan {
            peak: self.placement.peak,
            lower_bound: bound,
            live: lifetimes::live(&self.spans, self.order.len()),
            lifetimes: self.lifetimes,
        }
    }
}

/// Largest sum of live bytes in `order`, with every output in place that may be.
fn bound(flow: &Flow, order: &[usize]) -> usize {
    let lifetimes = lifetimes::of(flow, order, Replace::First);
    lifetimes::lower_bound(&lifetimes::spans(&lifetimes).0)
}

/// Every value with bytes that nothing else has.
fn apart(flow: &Flow) -> Schedule {
    let given: Vec<usize> = (0..flow.steps.len()).collect();
    let mut lifetimes = lifetimes::of(flow, &given, Replace::Never);
    for lifetime in &mut lifetimes {
        (lifetime.first, lifetime.last) = (0, usize::MAX);
    }
    Schedule::new(&given, lifetimes, place::greedy)
}

/// The schedule with the smallest peak that is found.
fn best(flow: &Flow) -> Schedule {
    let given: Vec<usize> = (0..flow.steps.len()).collect();
    let apart = lifetimes::of(flow, &given, Replace::Never);
    let mut best = Schedule::new(&given, apart, place::greedy);
    let bound = bound(flow, &given);
    let better = order::search(flow, bound);
    for order in better.iter().chain([&given]) {
        for replace in [Replace::First, Replace::Last, Replace::Never] {
            let lifetimes = lifetimes::of(flow, order, replace);
            let least = lifetimes::lower_bound(&lifetimes::spans(&lifetimes).0);
            if least >= best.placement.peak {
                continue;
            }
            let schedule = Schedule::new(order, lifetimes, place::place);
            if schedule.placement.peak < best.placement.peak {
                best = schedule;
            }
        }
    }
    best
}

fn reorder(function: &mut Function, order: &[usize]) {
    function.steps = order
        .iter()
        .map(|&step| function.steps[step].clone())
        .collect();
}

/// Bytes that a tensor takes in the arena.
fn padded(program: &Program, id: TensorId) -> usize {
    program.tensors[id].bytes().next_multiple_of(ALIGNMENT)
}

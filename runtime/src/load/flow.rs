//! Functions: their steps are sound, what each reads has been written, and nothing overlaps what it
//! must not.

use super::records::check_step;
use crate::error::{Fault, LoadError};
use crate::format::{DType, FunctionRecord, Place, Tensor};
use crate::load::{Limits, MAX_ENDS, MAX_FUNCTIONS, MAX_STEPS, Site};
use crate::model::Model;

/// Every function's records, steps, arena and data flow are sound.
pub(super) fn check_functions(
    model: &Model<'_>,
    limits: Limits,
    site: &mut Site,
) -> Result<(), Fault> {
    *site = (LoadError::Step, MAX_STEPS);
    if model.steps() > MAX_STEPS as usize {
        return Err(Fault::Work);
    }
    let (mut next, mut index) = (0, 0);
    // One bias stands for at least one multiply-accumulate: loading stays below what running may cost.
    let mut biases = limits.macs;
    while let Some(function) = model.function_record(index) {
        *site = (LoadError::Function, index);
        if index == MAX_FUNCTIONS {
            return Err(Fault::Work);
        }
        // Functions own their steps, one behind the other: none is checked twice or never.
        if function.first_step != next {
            return Err(Fault::Range);
        }
        next = next.checked_add(function.steps).ok_or(Fault::Range)?;
        let flow = Flow { model, function };
        flow.check(limits, &mut biases, site)?;
        index += 1;
    }
    *site = (LoadError::Step, next);
    if next as usize != model.steps() {
        return Err(Fault::Range);
    }
    Ok(())
}

/// A function of a model.
struct Flow<'a> {
    model: &'a Model<'a>,
    function: FunctionRecord,
}

impl<'a> Flow<'a> {
    fn check(&self, limits: Limits, biases: &mut u64, site: &mut Site) -> Result<(), Fault> {
        let Self { model, function } = self;
        model
            .name(function.name_offset, function.name_length)
            .ok_or(Fault::Range)?;
        let (inputs, outputs) = (function.inputs, function.outputs);
        if inputs > MAX_ENDS || outputs > MAX_ENDS {
            return Err(Fault::Work);
        }
        let ends = model.words(function.operands, (inputs + outputs) as usize);
        let (inputs, outputs) = ends
            .and_then(|ends| ends.split_at_checked(inputs as usize))
            .ok_or(Fault::Range)?;
        let end = function.first_step.saturating_add(function.steps);
        if end as usize > model.steps() {
            return Err(Fault::Range);
        }
        self.check_apart(inputs)?;
        let whole = *site;
        let mut work = 0u64;
        for index in function.first_step..end {
            *site = (LoadError::Step, index);
            let Some(step) = model.step(index) else {
                let known = model.opcode(index).is_some();
                return Err(if known { Fault::Range } else { Fault::Code });
            };
            let cost = check_step(&step, biases)?;
            *site = whole;
            work = work.checked_add(cost).ok_or(Fault::Work)?;
            if work > limits.macs {
                return Err(Fault::Work);
            }
            for &input in step.inputs() {
                self.check_written(inputs, input, index)?;
            }
            self.check_apart(step.outputs())?;
            for (at, &output) in step.outputs().iter().enumerate() {
                let output = self.tensor(output)?;
                let written = Span::of(output);
                for (position, &input) in step.inputs().iter().enumerate() {
                    let input = self.tensor(input)?;
                    if input.place() != Place::Arena {
                        continue;
                    }
                    let read = Span::of(input);
                    let replaces = at == 0
                        && step.opcode.in_place(position)
                        && read == written
                        && input.dtype() == output.dtype();
                    if read.touches(written) && !replaces {
                        return Err(Fault::Overlap);
                    }
                }
            }
        }
        for &output in outputs {
            self.arena_span(output)?;
            if !matches!(
                self.tensor(output)?.dtype(),
                DType::F32 | DType::I8 | DType::I16 | DType::I32 | DType::Bool
            ) {
                return Err(Fault::DType);
            }
            self.check_written(inputs, output, end)?;
        }
        Ok(())
    }

    fn tensor(&self, index: u32) -> Result<Tensor<'a>, Fault> {
        self.model.tensor(index).ok_or(Fault::Operand)
    }

    /// Bytes of tensor `index`, which must lie in the function's arena.
    fn arena_span(&self, index: u32) -> Result<Span, Fault> {
        let tensor = self.tensor(index)?;
        if tensor.place() != Place::Arena {
            return Err(Fault::Operand);
        }
        let span = Span::of(tensor);
        if span.end > self.function.arena {
            return Err(Fault::Arena);
        }
        Ok(span)
    }

    /// All `tensors` lie in the function's arena, and no two share a byte.
    fn check_apart(&self, tensors: &[u32]) -> Result<(), Fault> {
        for (position, &index) in tensors.iter().enumerate() {
            let span = self.arena_span(index)?;
            for &other in tensors.iter().take(position) {
                if span.touches(self.arena_span(other)?) {
                    return Err(Fault::Overlap);
                }
            }
        }
        Ok(())
    }

    /// The bytes of tensor `index` were last written whole, as this type, before step `before`.
    ///
    /// Walks backwards: the first write that touches the bytes must be one of exactly these bytes and
    /// this element type (a view may have another shape).
    fn check_written(&self, inputs: &[u32], index: u32, before: u32) -> Result<(), Fault> {
        let tensor = self.tensor(index)?;
        if tensor.place() != Place::Arena {
            return Ok(());
        }
        let read = self.arena_span(index)?;
        // Whether a write touches the bytes, and then whether they are what it wrote.
        let kept = |written: u32| {
            if written == index {
                return Ok(Some(true));
            }
            let written = self.tensor(written)?;
            let span = Span::of(written);
            let touched = read.touches(span);
            Ok(touched.then(|| read == span && tensor.dtype() == written.dtype()))
        };
        for position in (self.function.first_step..before).rev() {
            let step = self.model.step(position).ok_or(Fault::Range)?;
            for (at, &output) in step.outputs().iter().enumerate() {
                if let Some(kept) = kept(output)? {
                    // What a kernel leaves in its scratch differs between instruction sets.
                    let kept = kept && at < step.results();
                    return if kept { Ok(()) } else { Err(Fault::Unwritten) };
                }
            }
        }
        for &input in inputs {
            if let Some(kept) = kept(input)? {
                return if kept { Ok(()) } else { Err(Fault::Unwritten) };
            }
        }
        Err(Fault::Unwritten)
    }
}

/// Bytes of an arena.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Those of `tensor`, which has been checked: it does not end behind 2³².
    #[inline(never)]
    fn of(tensor: Tensor<'_>) -> Self {
        let start = tensor.offset();
        let bytes = tensor.bytes().unwrap_or(0) as u32;
        let end = start.wrapping_add(bytes);
        Self { start, end }
    }

    /// Whether both share a byte.
    fn touches(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

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
        for (at, &input) in inputs.iter().enumerate() {
            let input = Stored::of(self.tensor(input)?);
            self.check_stored(&input)?;
            self.check_apart(&input, inputs, at)?;
        }
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
            for (at, &output) in step.outputs().iter().enumerate() {
                let output = Stored::of(self.tensor(output)?);
                self.check_stored(&output)?;
                self.check_apart(&output, step.outputs(), at)?;
                let mut from = 0;
                while let Some((skipped, whole)) =
                    self.touched(&output, step.inputs().get(from..).unwrap_or(&[]))
                {
                    let position = from.wrapping_add(skipped);
                    if at != 0 || !whole || !step.opcode.in_place(position) {
                        return Err(Fault::Overlap);
                    }
                    from = position.wrapping_add(1);
                }
            }
        }
        for &output in outputs {
            let tensor = self.tensor(output)?;
            self.check_stored(&Stored::of(tensor))?;
            let dtype = tensor.dtype();
            if !matches!(
                dtype,
                DType::F32 | DType::I8 | DType::I16 | DType::I32 | DType::Bool
            ) {
                return Err(Fault::DType);
            }
            self.check_written(inputs, output, end)?;
        }
        Ok(())
    }

    /// Tensor `index`.
    #[inline(always)]
    fn tensor(&self, index: u32) -> Result<Tensor<'a>, Fault> {
        self.model.tensor(index).ok_or(Fault::Operand)
    }

    /// The tensor must lie in the function's arena.
    fn check_stored(&self, stored: &Stored<'_>) -> Result<(), Fault> {
        if stored.tensor.place() != Place::Arena {
            return Err(Fault::Operand);
        }
        if stored.span.end > self.function.arena {
            return Err(Fault::Arena);
        }
        Ok(())
    }

    /// Of the first `count` of `others`, none shares a byte with `stored`.
    fn check_apart(&self, stored: &Stored<'_>, others: &[u32], count: usize) -> Result<(), Fault> {
        let before = others.get(..count).unwrap_or(&[]);
        match self.touched(stored, before) {
            Some(_) => Err(Fault::Overlap),
            None => Ok(()),
        }
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
        let read = Stored::of(tensor);
        self.check_stored(&read)?;
        let mut position = before;
        let kept = loop {
            if position == self.function.first_step {
                break self.touched(&read, inputs).is_some_and(|(_, whole)| whole);
            }
            position = position.wrapping_sub(1);
            let step = self.model.step(position).ok_or(Fault::Range)?;
            if let Some((at, whole)) = self.touched(&read, step.outputs()) {
                // What a kernel leaves in its scratch differs between instruction sets.
                break whole && at < step.results();
            }
        };
        if kept { Ok(()) } else { Err(Fault::Unwritten) }
    }

    /// The first of `others`, tensors that exist, that shares a byte with `stored` in the arena;
    /// whether it is of exactly the same bytes and of the same element type.
    #[inline(never)]
    fn touched(&self, stored: &Stored<'_>, others: &[u32]) -> Option<(usize, bool)> {
        let Stored { tensor, span } = stored;
        for (at, &other) in others.iter().enumerate() {
            let other = self.model.tensor(other)?;
            // Mostly so, and known without a look at its length.
            if other.is(*tensor) {
                return Some((at, true));
            }
            let own = Span::of(other);
            if own.start < span.end && span.start < own.end {
                let whole = own == *span && tensor.dtype() == other.dtype();
                return Some((at, whole));
            }
        }
        None
    }
}

/// A tensor with its bytes in the arena. Made apart from its checks: what a `Result` wraps has to be
/// moved out of it.
struct Stored<'a> {
    tensor: Tensor<'a>,
    span: Span,
}

impl<'a> Stored<'a> {
    fn of(tensor: Tensor<'a>) -> Self {
        let span = Span::of(tensor);
        Self { tensor, span }
    }
}

/// Bytes of an arena.
#[derive(PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Those of `tensor`, which has been checked: it does not end behind 2³². None of a constant.
    #[inline(never)]
    fn of(tensor: Tensor<'_>) -> Self {
        let (start, bytes) = match tensor.place() {
            Place::Arena => (tensor.offset(), tensor.bytes().unwrap_or(0) as u32),
            _ => (u32::MAX, 0),
        };
        let end = start.wrapping_add(bytes);
        Self { start, end }
    }
}

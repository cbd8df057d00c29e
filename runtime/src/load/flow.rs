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
                for (position, &input) in step.inputs().iter().enumerate() {
                    let input = self.tensor(input)?;
                    let replaces =
                        at == 0 && step.opcode.in_place(position) && same_bytes(input, output);
                    if overlap(input, output) && !replaces {
                        return Err(Fault::Overlap);
                    }
                }
            }
        }
        for &output in outputs {
            let tensor = self.arena_tensor(output)?;
            if !matches!(
                tensor.dtype(),
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

    /// Tensor `index`, which must lie in the function's arena.
    fn arena_tensor(&self, index: u32) -> Result<Tensor<'a>, Fault> {
        let tensor = self.tensor(index)?;
        if tensor.place() != Place::Arena {
            return Err(Fault::Operand);
        }
        if end(tensor) > self.function.arena {
            return Err(Fault::Arena);
        }
        Ok(tensor)
    }

    /// All `tensors` lie in the function's arena, and no two share a byte.
    fn check_apart(&self, tensors: &[u32]) -> Result<(), Fault> {
        for (position, &index) in tensors.iter().enumerate() {
            let tensor = self.arena_tensor(index)?;
            for &other in tensors.iter().take(position) {
                if overlap(tensor, self.tensor(other)?) {
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
        if self.tensor(index)?.place() != Place::Arena {
            return Ok(());
        }
        let tensor = self.arena_tensor(index)?;
        for position in (self.function.first_step..before).rev() {
            let step = self.model.step(position).ok_or(Fault::Range)?;
            for (at, &output) in step.outputs().iter().enumerate() {
                let written = self.tensor(output)?;
                if output == index || overlap(tensor, written) {
                    // What a kernel leaves in its scratch differs between instruction sets.
                    let kept = at < step.results() && same_bytes(tensor, written);
                    return if kept { Ok(()) } else { Err(Fault::Unwritten) };
                }
            }
        }
        for &input in inputs {
            let written = self.tensor(input)?;
            if overlap(tensor, written) {
                let kept = same_bytes(tensor, written);
                return if kept { Ok(()) } else { Err(Fault::Unwritten) };
            }
        }
        Err(Fault::Unwritten)
    }
}

/// Behind the last byte. Tensors have been checked: none ends behind 2³².
fn end(tensor: Tensor<'_>) -> u32 {
    let bytes = tensor.bytes().unwrap_or(0) as u32;
    tensor.offset().wrapping_add(bytes)
}

fn same_bytes(read: Tensor<'_>, written: Tensor<'_>) -> bool {
    read.offset() == written.offset()
        && end(read) == end(written)
        && read.dtype() == written.dtype()
}

/// Whether two tensors of the arena share a byte.
fn overlap(a: Tensor<'_>, b: Tensor<'_>) -> bool {
    a.place() == Place::Arena
        && b.place() == Place::Arena
        && a.offset() < end(b)
        && b.offset() < end(a)
}

//! Functions: what each step reads has been written, and nothing overlaps what it must not.

use crate::error::{Fault, LoadError};
use crate::format::{DType, Place, Tensor};
use crate::load::{Limits, MAX_ENDS, MAX_FUNCTIONS};
use crate::model::{Function, Model};

/// Every function's records, arena and data flow are sound.
pub(super) fn check_functions(model: &Model<'_>, limits: Limits) -> Result<(), LoadError> {
    let mut next = 0;
    for (function, index) in model.functions().zip(0..) {
        let fault = |fault| LoadError::Function(index, fault);
        if index == MAX_FUNCTIONS {
            return Err(fault(Fault::Work));
        }
        // Functions own their steps, one behind the other: none is checked twice or never.
        if function.record().first_step != next {
            return Err(fault(Fault::Range));
        }
        check_function(model, &function, limits).map_err(fault)?;
        next = next.saturating_add(function.record().steps);
    }
    if next as usize != model.steps() {
        return Err(LoadError::Step(next, Fault::Range));
    }
    Ok(())
}

fn check_function(model: &Model<'_>, function: &Function<'_>, limits: Limits) -> Result<(), Fault> {
    let record = function.record();
    model
        .name(record.name_offset, record.name_length)
        .ok_or(Fault::Range)?;
    if record.inputs > MAX_ENDS || record.outputs > MAX_ENDS {
        return Err(Fault::Work);
    }
    let operands = (record.inputs as usize).checked_add(record.outputs as usize);
    model
        .words(record.operands, operands.ok_or(Fault::Range)?)
        .ok_or(Fault::Range)?;
    let end = record
        .first_step
        .checked_add(record.steps)
        .ok_or(Fault::Range)?;
    if end as usize > model.steps() {
        return Err(Fault::Range);
    }

    let inputs = function.inputs();
    for (position, &input) in inputs.iter().enumerate() {
        let tensor = arena_tensor(function, input)?;
        let others = inputs.get(..position).unwrap_or(&[]);
        for &other in others {
            if overlap(tensor, model.tensor(other).ok_or(Fault::Operand)?) {
                return Err(Fault::Overlap);
            }
        }
    }
    let mut work = 0u64;
    for (position, step) in function.steps().enumerate() {
        work = work.checked_add(step.work()).ok_or(Fault::Work)?;
        if work > limits.macs {
            return Err(Fault::Work);
        }
        for &input in step.inputs() {
            check_written(function, input, position)?;
        }
        let outputs = step.outputs();
        for (at, &output) in outputs.iter().enumerate() {
            let tensor = arena_tensor(function, output)?;
            for &other in outputs.get(..at).unwrap_or(&[]) {
                if overlap(tensor, model.tensor(other).ok_or(Fault::Operand)?) {
                    return Err(Fault::Overlap);
                }
            }
            for (index, &input) in step.inputs().iter().enumerate() {
                let input = model.tensor(input).ok_or(Fault::Operand)?;
                let replaces =
                    at == 0 && step.opcode().in_place(index) && same_bytes(input, tensor).is_ok();
                if overlap(tensor, input) && !replaces {
                    return Err(Fault::Overlap);
                }
            }
        }
    }
    for &output in function.outputs() {
        let tensor = arena_tensor(function, output)?;
        if !matches!(
            tensor.dtype(),
            DType::F32 | DType::I8 | DType::I16 | DType::I32 | DType::Bool
        ) {
            return Err(Fault::DType);
        }
        check_written(function, output, record.steps as usize)?;
    }
    Ok(())
}

/// Tensor `index`, which must lie in the function's arena.
fn arena_tensor<'m>(function: &Function<'m>, index: u32) -> Result<Tensor<'m>, Fault> {
    let tensor = function.model.tensor(index).ok_or(Fault::Operand)?;
    if tensor.place() != Place::Arena {
        return Err(Fault::Operand);
    }
    let bytes = tensor.bytes().ok_or(Fault::Shape)?;
    let end = (tensor.offset() as usize).checked_add(bytes);
    if end.ok_or(Fault::Offset)? > function.arena() {
        return Err(Fault::Arena);
    }
    Ok(tensor)
}

/// The bytes of tensor `index` were last written whole, as this type, before step `before`.
///
/// Walks backwards: the first write that touches the bytes must be one of exactly these bytes and
/// this element type (a view may have another shape).
fn check_written(function: &Function<'_>, index: u32, before: usize) -> Result<(), Fault> {
    let model = &function.model;
    let tensor = model.tensor(index).ok_or(Fault::Operand)?;
    if tensor.place() != Place::Arena {
        return Ok(());
    }
    arena_tensor(function, index)?;
    let first = function.record().first_step;
    for position in (0..before as u32).rev() {
        let step = model
            .step(first.saturating_add(position))
            .ok_or(Fault::Range)?;
        for (at, &output) in step.outputs().iter().enumerate() {
            let written = model.tensor(output).ok_or(Fault::Operand)?;
            if overlap(tensor, written) {
                // What a kernel leaves in its scratch differs between instruction sets.
                return match at < step.results() {
                    true => same_bytes(tensor, written),
                    false => Err(Fault::Unwritten),
                };
            }
        }
    }
    for &input in function.inputs() {
        let written = model.tensor(input).ok_or(Fault::Operand)?;
        if overlap(tensor, written) {
            return same_bytes(tensor, written);
        }
    }
    Err(Fault::Unwritten)
}

fn same_bytes(read: Tensor<'_>, written: Tensor<'_>) -> Result<(), Fault> {
    if read.offset() == written.offset()
        && read.bytes() == written.bytes()
        && read.dtype() == written.dtype()
    {
        Ok(())
    } else {
        Err(Fault::Unwritten)
    }
}

/// Whether two tensors of the arena share a byte.
fn overlap(a: Tensor<'_>, b: Tensor<'_>) -> bool {
    if a.place() != Place::Arena || b.place() != Place::Arena {
        return false;
    }
    // Tensors have been checked: none ends behind 2³².
    let end = |tensor: Tensor<'_>| {
        tensor
            .offset()
            .wrapping_add(tensor.bytes().unwrap_or(0) as u32)
    };
    a.offset() < end(b) && b.offset() < end(a)
}

//! Records one by one: tensors and steps.

use crate::error::{Fault, LoadError};
use crate::format::{ALIGNMENT, DType, Layout, Place, Tensor};
use crate::kernels;
use crate::load::Site;
use crate::model::Model;
use crate::rounding::Scale;
use crate::step::Step;

/// Every tensor record is well formed and, where it is a constant, inside its section.
pub(super) fn check_tensors(model: &Model<'_>, site: &mut Site) -> Result<(), Fault> {
    // Records may share scale words, but not so many that checking them is quadratic.
    let mut unchecked = core::mem::size_of_val(model.parameters);
    // Until there is none: their number is a division.
    let mut index = 0;
    while let Some(tensor) = model.tensor(index) {
        *site = (LoadError::Tensor, index);
        if !tensor.is_known() {
            return Err(Fault::Code);
        }
        let bytes = check_tensor(model, tensor)?;
        if tensor.dtype() == DType::Scale {
            check_scales(model, tensor.offset(), bytes)?;
            unchecked = unchecked.checked_sub(bytes).ok_or(Fault::Work)?;
        }
        index += 1;
    }
    Ok(())
}

/// The record is well formed; the tensor's length in bytes.
fn check_tensor(model: &Model<'_>, tensor: Tensor<'_>) -> Result<usize, Fault> {
    // No dimension is zero, which would leave no bytes, and all behind the rank are.
    let (_, rest) = tensor.all_dims();
    if rest.iter().any(|&dim| dim != 0) {
        return Err(Fault::Shape);
    }
    let bytes = tensor.bytes().ok_or(Fault::Shape)?;
    if bytes == 0 {
        return Err(Fault::Shape);
    }
    // In 32 bits, so that every target refuses the same files.
    let end = tensor.offset().checked_add(bytes as u32);
    let end = end.ok_or(Fault::Offset)? as usize;
    if !(tensor.offset() as usize).is_multiple_of(tensor.dtype().size()) {
        return Err(Fault::Offset);
    }
    if tensor.layout() != Layout::Plain {
        let typed = match tensor.dtype() {
            DType::I8 => true,
            // Wide weights.
            DType::I16 => tensor.layout() != Layout::Tile16,
            _ => false,
        };
        if !typed || tensor.place() != Place::Weights {
            return Err(Fault::DType);
        }
        // Instruction sets read words and vectors of tiles.
        if !(tensor.offset() as usize).is_multiple_of(ALIGNMENT) {
            return Err(Fault::Offset);
        }
    }
    match (tensor.place(), tensor.dtype()) {
        // Halves, nibbles and scale words never are activations; scale words are always checked.
        (Place::Arena, DType::F16 | DType::I4 | DType::Scale) | (Place::Weights, DType::Scale) => {
            return Err(Fault::DType);
        }
        (Place::Arena, _) => {}
        (Place::Weights, _) if end <= model.weights.len() => {}
        (Place::Parameters, DType::I32 | DType::Scale | DType::F32)
            if end <= core::mem::size_of_val(model.parameters) => {}
        (Place::Parameters, DType::F16 | DType::I8 | DType::I16 | DType::I4 | DType::Bool) => {
            return Err(Fault::DType);
        }
        _ => return Err(Fault::Offset),
    }
    let zero_points = match tensor.dtype() {
        DType::I8 => -128..=127,
        _ => 0..=0,
    };
    // Finite and positive, by the bits: chips without floats compare them slowly.
    let scale = tensor.scale().to_bits();
    if scale == 0 || scale >= f32::INFINITY.to_bits() || !zero_points.contains(&tensor.zero_point())
    {
        return Err(Fault::Scale);
    }
    let (offset, length) = tensor.name();
    if length != 0 && model.name(offset, length).is_none() {
        return Err(Fault::Range);
    }
    Ok(bytes)
}

/// Every scale word is in range.
fn check_scales(model: &Model<'_>, offset: u32, bytes: usize) -> Result<(), Fault> {
    let words = model.words(offset / 4, bytes / 4).ok_or(Fault::Offset)?;
    if Scale::are_sound(words) {
        Ok(())
    } else {
        Err(Fault::Scale)
    }
}

/// `step` has the operands that its kernel needs; what it costs.
///
/// Kernels read every bias for the accumulator bound, and steps may share biases: `biases` counts down
/// how many more may be read.
pub(super) fn check_step(step: &Step<'_>, biases: &mut u64) -> Result<u64, Fault> {
    let arity = step.opcode.arity();
    if !(arity.least_inputs..=arity.inputs).contains(&step.inputs)
        || step.outputs.wrapping_sub(arity.outputs) > 1
        || step.attributes().len() != usize::from(arity.attributes)
    {
        return Err(Fault::Arity);
    }
    for (position, &operand) in step.inputs().iter().enumerate() {
        let tensor = step.model.tensor(operand).ok_or(Fault::Operand)?;
        // Kernels look at the layout of input 1.
        if position != 1 && tensor.layout() != Layout::Plain {
            return Err(Fault::Operand);
        }
        if (tensor.place(), tensor.dtype()) == (Place::Parameters, DType::I32) {
            let words = tensor.elements().ok_or(Fault::Shape)? as u64;
            *biases = biases.checked_sub(words).ok_or(Fault::Work)?;
        }
    }
    for &operand in step.outputs() {
        let tensor = step.model.tensor(operand).ok_or(Fault::Operand)?;
        if tensor.place() != Place::Arena {
            return Err(Fault::Operand);
        }
    }
    kernels::work(step)
}

//! `Gate`: `a · σ(b) + x`, the gated residual of Dauphin et al., "Language Modeling with Gated
//! Convolutional Networks" (2017), in one step and with one rounding at the output.
//!
//! ```text
//! s   = σ(b) in Q15, by linear interpolation in a table of 257 entries over b's range
//! out = (requantise((a − za) · s, scale_a) + requantise((x − zx) · 2¹⁵, scale_x) + 2⁷) >> 8
//! ```
//!
//! Both terms carry eight guard bits, so that only the last shift rounds visibly. a, b, x and out
//! are int8 or int16, each its own, or all f32 (then without table). Inputs: a, b, x, table (int16
//! `[257]`, entry i is σ at quantised b = (i − 128) · 256 of 16 bits). Attributes: scale_a,
//! scale_x.

use super::kernel::{Kernel, Types};
use super::sink::Sink;
use super::source::Source;
use super::types::bounds;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::isa::elementwise::{self, Operand};
use crate::math;
use crate::rounding::Scale;
use crate::step::Step;

/// Entries of the table of σ.
pub const GATE_TABLE: usize = 257;

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::Gate, [Types::F32, Types::ANY], check, run_f32);
/// int8 and int16, mixed.
pub const INTEGER: Kernel = Kernel::new(
    Opcode::Gate,
    [Types::QUANTISED, Types::ANY],
    check,
    run_integer,
);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let out = step.need_output(0)?;
    let float = out.dtype() == DType::F32;
    for index in 0..3 {
        let tensor = step.need_input(index)?;
        if tensor.elements() != out.elements() {
            return Err(Fault::Shape);
        }
        match tensor.dtype() {
            DType::F32 if float => {}
            DType::I8 | DType::I16 if !float => {}
            _ => return Err(Fault::DType),
        }
    }
    let elements = out.elements().ok_or(Fault::Shape)? as u64;
    if float {
        return if step.inputs == 3 {
            Ok(elements)
        } else {
            Err(Fault::Arity)
        };
    }
    if !matches!(out.dtype(), DType::I8 | DType::I16) {
        return Err(Fault::DType);
    }
    if step.need_weights(3, &[DType::I16])?.elements() != Some(GATE_TABLE) {
        return Err(Fault::Shape);
    }
    for index in 0..2 {
        Scale::from_word(step.attribute(index)).ok_or(Fault::Scale)?;
    }
    Ok(elements)
}

fn run_f32(_: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [a, b, x, _] = operands.inputs;
    let [out, _] = operands.outputs;
    let a: Source<'_, f32> = Source::new(a)?;
    let b: Source<'_, f32> = Source::new(b)?;
    let x: Source<'_, f32> = Source::new(x)?;
    let out: &mut [f32] = bytemuck::try_cast_slice_mut(out).ok()?;
    for (index, out) in out.iter_mut().enumerate() {
        let (a, b) = (a.get(index, *out)?, b.get(index, *out)?);
        *out = math::canonical(a * math::sigmoid(b) + x.get(index, *out)?);
    }
    Some(())
}

fn run_integer(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let tensor = step.output(0)?;
    let [a, b, x, table] = operands.inputs;
    let [out, _] = operands.outputs;
    let a = Operand::new(step.input(0)?, a)?;
    let b = Operand::new(step.input(1)?, b)?;
    let x = Operand::new(step.input(2)?, x)?;
    let table: &[i16] = bytemuck::try_cast_slice(table).ok()?;
    let (low, high) = bounds(tensor.dtype());
    let mut sink = Sink::new(tensor, out, low, high)?;
    let gate = elementwise::Gate {
        operands: [a, b, x],
        narrow: step.input(1)?.dtype() == DType::I8,
        scales: [step.attribute(0), step.attribute(1)],
        table,
        count: tensor.elements()?,
    };
    let done = elementwise::gate(&gate, &mut sink);
    // int8 b are the high bytes of 16-bit ones.
    let widen = if gate.narrow { 8 } else { 0 };
    let [scale_a, scale_x] = gate.scales.map(Scale::loaded);
    for index in done..gate.count {
        let gate = sigmoid(table, sink.read(&b.values, index)? << widen);
        let product = (sink.read(&a.values, index)? - a.zero_point) * gate;
        let residual = (sink.read(&x.values, index)? - x.zero_point) << 15;
        let sum = scale_a
            .requantise(product)
            .saturating_add(scale_x.requantise(residual));
        sink.put(index, sum.saturating_add(1 << 7) >> 8);
    }
    Some(())
}

/// σ in Q15 at a 16-bit argument.
pub(crate) fn sigmoid(table: &[i16], b: i32) -> i32 {
    let index = ((b >> 8) + 128) as usize;
    let (Some(&low), Some(&high)) = (table.get(index), table.get(index + 1)) else {
        return 0;
    };
    let (low, high) = (i32::from(low), i32::from(high));
    low + (((high - low) * (b & 255) + 128) >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolated_sigmoid_is_within_two_units_of_q15() {
        for scale in [1.0f32 / 4096.0, 1.0 / 8192.0] {
            let table: std::vec::Vec<i16> = (-128..=128)
                .map(|i| (math::sigmoid((i * 256) as f32 * scale) * 32767.0 + 0.5) as i16)
                .collect();
            for b in -32768..=32767 {
                let expected = math::sigmoid(b as f32 * scale) * 32767.0;
                let error = sigmoid(&table, b) as f32 - expected;
                assert!(error.abs() < 2.6, "{b}: {error}");
            }
        }
    }
}

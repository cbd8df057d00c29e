//! `Add` and `Mul`: elementwise, the second operand repeated where it is shorter.
//!
//! ```text
//! Add:  out = (requantise((a − za) · 2¹⁵, scale_a) + requantise((b − zb) · 2¹⁵, scale_b) + 2⁷) >> 8
//! Mul:  out = requantise((a − za) · (b − zb), scale)
//! ```
//!
//! Integers are int8 or int16, each operand its own; floats are f32 and ignore the scale words.
//! b is an activation or an f32/int8 constant whose length divides a's. Attributes: scale_a,
//! scale_b (`Mul`: scale), low, high.
//!
//! 1. Sums of nothing but int8, the shortcuts of an image network, have a loop of their own: [`sum`].

pub(crate) mod sum;

use super::dense::check_clamp;
use super::kernel::{Kernel, Types};
use super::sink::{BLOCK, Sink};
use super::source::Source;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::isa::elementwise::{self, Operand, Sum};
use crate::math;
use crate::rounding::Scale;
use crate::step::Step;

/// Sum of floats.
pub const ADD_F32: Kernel = Kernel::new(Opcode::Add, [Types::F32, Types::ANY], check_add, add_f32);
/// Sum of int8 and int16, mixed.
pub const ADD_INTEGER: Kernel = Kernel::new(
    Opcode::Add,
    [Types::QUANTISED, Types::ANY],
    check_add,
    add_integer,
);
/// Product of floats.
pub const MUL_F32: Kernel = Kernel::new(Opcode::Mul, [Types::F32, Types::ANY], check_mul, mul_f32);
/// Product of int8 and int16, mixed.
pub const MUL_INTEGER: Kernel = Kernel::new(
    Opcode::Mul,
    [Types::QUANTISED, Types::ANY],
    check_mul,
    mul_integer,
);

fn check_add(step: &Step<'_>) -> Result<u64, Fault> {
    check(step, CLAMP_ADD)
}

fn check_mul(step: &Step<'_>) -> Result<u64, Fault> {
    check(step, CLAMP_MUL)
}

fn check(step: &Step<'_>, scales: usize) -> Result<u64, Fault> {
    let (a, b, out) = (
        step.need_input(0)?,
        step.need_input(1)?,
        step.need_output(0)?,
    );
    let (length, repeated) = (
        a.elements().ok_or(Fault::Shape)?,
        b.elements().ok_or(Fault::Shape)?,
    );
    if out.elements() != Some(length) || length.checked_rem(repeated) != Some(0) {
        return Err(Fault::Shape);
    }
    let integer = |dtype| matches!(dtype, DType::I8 | DType::I16);
    if a.dtype() == DType::F32 {
        return match (b.dtype(), out.dtype()) {
            (DType::F32, DType::F32) => {
                check_clamp(step, out.dtype(), scales)?;
                Ok(length as u64)
            }
            _ => Err(Fault::DType),
        };
    }
    if !(integer(a.dtype()) && integer(b.dtype()) && integer(out.dtype())) {
        return Err(Fault::DType);
    }
    for index in 0..scales {
        Scale::from_word(step.attribute(index)).ok_or(Fault::Scale)?;
    }
    check_clamp(step, out.dtype(), scales)?;
    Ok(length as u64)
}

/// Attributes of the clamp: behind two scales of sums, one of products.
const CLAMP_ADD: usize = 2;
const CLAMP_MUL: usize = 1;

fn add_f32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    float(step, operands, CLAMP_ADD, |a, b| a + b)
}

fn mul_f32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    float(step, operands, CLAMP_MUL, |a, b| a * b)
}

fn add_integer(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let scales = [step.attribute(0), step.attribute(1)];
    let [scale_a, scale_b] = scales.map(Scale::loaded);
    let first = |operands: [Operand<'_>; 2], count, repeated, sink: &mut Sink<'_>| {
        let sum = Sum {
            operands,
            scales,
            count,
        };
        let done = match count == repeated {
            true => elementwise::add(&sum, sink),
            false => 0,
        };
        if done == 0 {
            sum::add(&sum, repeated, sink)
        } else {
            done
        }
    };
    integer(step, operands, CLAMP_ADD, first, |a, b| {
        let sum = scale_a
            .requantise(a << 15)
            .saturating_add(scale_b.requantise(b << 15));
        sum.saturating_add(1 << 7) >> 8
    })
}

fn mul_integer(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let scale = Scale::loaded(step.attribute(0));
    let first = |_: [Operand<'_>; 2], _: usize, _: usize, _: &mut Sink<'_>| 0;
    integer(step, operands, CLAMP_MUL, first, |a, b| {
        scale.requantise(a.wrapping_mul(b))
    })
}

/// Either operator on reals.
#[inline(always)]
fn float(
    step: &Step<'_>,
    operands: Operands<'_>,
    clamp: usize,
    apply: impl Fn(f32, f32) -> f32,
) -> Option<()> {
    // Where b is replaced it is as long as the output: its index is the output's.
    let repeated = step.input(1)?.elements()?;
    let [a, b, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let bound = |index| f32::from_bits(step.attribute(index));
    let (low, high) = (bound(clamp), bound(clamp + 1));
    let (a, b): (Source<'_, f32>, Source<'_, f32>) = (Source::new(a)?, Source::new(b)?);
    let out: &mut [f32] = bytemuck::try_cast_slice_mut(out).ok()?;
    for ((index, out), b_index) in out.iter_mut().enumerate().zip((0..repeated).cycle()) {
        let (a, b) = (a.get(index, *out)?, b.get(b_index, *out)?);
        *out = math::clamp(apply(a, b), low, high);
    }
    Some(())
}

/// Either operator on values without their zero points. `first` does the first elements on its own,
/// where it knows how; b has `repeated` elements.
#[inline(always)]
fn integer(
    step: &Step<'_>,
    operands: Operands<'_>,
    clamp: usize,
    first: impl Fn([Operand<'_>; 2], usize, usize, &mut Sink<'_>) -> usize,
    apply: impl Fn(i32, i32) -> i32,
) -> Option<()> {
    let tensor = step.output(0)?;
    let (a_tensor, b_tensor) = (step.input(0)?, step.input(1)?);
    let (count, repeated) = (tensor.elements()?, b_tensor.elements()?);
    let [a, b, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let (low, high) = (step.attribute(clamp), step.attribute(clamp + 1));
    let a = Operand::new(a_tensor, a)?;
    let b = Operand::new(b_tensor, b)?;
    let mut sink = Sink::new(tensor, out, low as i32, high as i32)?;
    let mut at = first([a, b], count, repeated, &mut sink);
    // All of it, or a part of a b that does not repeat.
    let mut b_at = if repeated == count { at } else { 0 };
    let mut blocks = [[0; BLOCK]; 2];
    let [block_a, block_b] = &mut blocks;
    while at < count {
        sink.load(&a.values, at, a.zero_point, block_a)?;
        let mut rest = &mut block_b[..];
        while !rest.is_empty() {
            // As far as b goes, then from its start again.
            let part = repeated.checked_sub(b_at)?.min(rest.len());
            let (filled, behind) = rest.split_at_mut_checked(part)?;
            sink.load(&b.values, b_at, b.zero_point, filled)?;
            (rest, b_at) = (behind, b_at.wrapping_add(part));
            if b_at == repeated {
                b_at = 0;
            }
        }
        // What is left in a block behind the last element is whatever it is, and not stored.
        for (a, b) in block_a.iter_mut().zip(&*block_b) {
            *a = apply(*a, *b);
        }
        sink.store(at, block_a)?;
        at = at.wrapping_add(BLOCK);
    }
    Some(())
}

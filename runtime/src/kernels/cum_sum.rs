//! `CumSum`: running sums along an axis.
//!
//! ```text
//! for each lane of x [outer, n, inner]:
//!     sum = 0
//!     for t in 0..n:  sum = sum + x[t];  out[t] = sum           flag 1: out[t] before the addition
//! ```
//!
//! Flag 2 counts t down from n − 1. f32, or int32, whose sums wrap. Attributes: n, inner, flags.

use super::elements::{self, Element};
use super::kernel::{Kernel, Types};
use super::lanes::Lanes;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::step::Step;

const EXCLUSIVE: u32 = 1;
const REVERSE: u32 = 2;

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::CumSum, [Types::F32, Types::ANY], check, run_f32);
/// int32.
pub const I32: Kernel = Kernel::new(Opcode::CumSum, [Types::I32, Types::ANY], check, run_i32);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    let lanes = Lanes::of(step, x)?;
    if step.attribute(2) & !(EXCLUSIVE | REVERSE) != 0 {
        return Err(Fault::Attribute);
    }
    if out.elements() != x.elements() {
        return Err(Fault::Shape);
    }
    match (x.dtype(), out.dtype()) {
        (DType::F32, DType::F32) | (DType::I32, DType::I32) => Ok(lanes.elements() as u64),
        _ => Err(Fault::DType),
    }
}

fn run_f32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    run(step, operands, |sum: f32, x| sum + x)
}

fn run_i32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    run(step, operands, i32::wrapping_add)
}

#[inline(always)]
fn run<T: Element>(step: &Step<'_>, operands: Operands<'_>, add: impl Fn(T, T) -> T) -> Option<()> {
    let lanes = Lanes::of(step, step.input(0)?).ok()?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    accumulate(&lanes, step.attribute(2), x, out, add)
}

#[inline(always)]
fn accumulate<T: Element>(
    lanes: &Lanes,
    flags: u32,
    x: &[u8],
    out: &mut [u8],
    add: impl Fn(T, T) -> T,
) -> Option<()> {
    let (x, out) = (elements::of::<T>(x)?, elements::of_mut::<T>(out)?);
    for place in lanes.places() {
        let start = lanes.start(place);
        let mut sum = T::zeroed();
        for step in 0..lanes.n {
            let position = if flags & REVERSE == 0 {
                step
            } else {
                lanes.n - 1 - step
            };
            let at = start + position * lanes.inner;
            let before = sum;
            sum = add(sum, *x.get(at)?);
            let written = if flags & EXCLUSIVE == 0 { sum } else { before };
            *out.get_mut(at)? = written.written();
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn equals_its_naive_twin(
            (outer, n, inner) in (1usize..4, 1usize..9, 1usize..4), flags in 0u32..4, seed: u64,
        ) {
            let mut random = Random::new(seed);
            let x: Vec<i32> = (0..outer * n * inner).map(|_| random.next_u32() as i32).collect();
            let lanes = Lanes::new(x.len(), n, inner).unwrap();
            let mut out = std::vec![0; x.len()];
            accumulate(&lanes, flags, bytemuck::cast_slice(&x), bytemuck::cast_slice_mut(&mut out), i32::wrapping_add).unwrap();
            // Small integers: float sums are exact in any order.
            let reals: Vec<f32> = x.iter().map(|&x| (x >> 20) as f32).collect();
            let mut sums = std::vec![0.0f32; x.len()];
            accumulate(&lanes, flags, bytemuck::cast_slice(&reals), bytemuck::cast_slice_mut(&mut sums), |sum: f32, x| sum + x).unwrap();
            for o in 0..outer { for t in 0..n { for i in 0..inner {
                let at = |t: usize| (o * n + t) * inner + i;
                let counted = |other: usize| match (flags & 2 != 0, flags & 1 != 0) {
                    (false, false) => other <= t,
                    (false, true) => other < t,
                    (true, false) => other >= t,
                    (true, true) => other > t,
                };
                let terms = (0..n).filter(|&other| counted(other));
                let sum: i64 = terms.clone().map(|t| i64::from(x[at(t)])).sum();
                prop_assert_eq!(out[at(t)], sum as i32);
                prop_assert_eq!(sums[at(t)], terms.map(|t| reals[at(t)]).sum::<f32>());
            }}}
        }
    }
}

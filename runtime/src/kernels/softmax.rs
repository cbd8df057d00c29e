//! `Softmax`: along an axis, or its logarithm.
//!
//! ```text
//! for each lane of x [outer, n, inner]:
//!     m   = max(x₀, x₁, …)                             sum = e⁽ˣ⁰⁻ᵐ⁾ + e⁽ˣ¹⁻ᵐ⁾ + …
//!     out = e⁽ˣ⁻ᵐ⁾ / sum          log form:            out = (x − m) − ln(sum)
//! ```
//!
//! f32 only; maximum and sum in order, the sum from +0. Attributes: n, inner, log (0 or 1).

use super::elements;
use super::kernel::{Kernel, Types};
use super::lanes::Lanes;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::math;
use crate::step::Step;

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::Softmax, [Types::F32, Types::ANY], check, run);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    let lanes = Lanes::of(step, x)?;
    if step.attribute(2) > 1 {
        return Err(Fault::Attribute);
    }
    if out.elements() != x.elements() {
        return Err(Fault::Shape);
    }
    if (x.dtype(), out.dtype()) != (DType::F32, DType::F32) {
        return Err(Fault::DType);
    }
    // Three passes, one of which the elements written stand for.
    Ok(2 * lanes.elements() as u64)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let lanes = Lanes::of(step, step.input(0)?).ok()?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let (x, out) = (elements::of(x)?, elements::of_mut(out)?);
    softmax(&lanes, step.attribute(2) == 1, x, out)
}

/// By indices: an iterator for each walk along a lane is a third more code.
fn softmax(lanes: &Lanes, log: bool, x: &[f32], out: &mut [f32]) -> Option<()> {
    let &Lanes { inner, n, outer } = lanes;
    let block = n * inner;
    for o in 0..outer {
        for i in 0..inner {
            let start = o * block + i;
            let mut most = *x.get(start)?;
            let mut at = start;
            for _ in 0..n {
                most = math::max(most, *x.get(at)?);
                at += inner;
            }
            let (mut sum, mut at) = (0.0, start);
            for _ in 0..n {
                let less = *x.get(at)? - most;
                let power = math::exp(less);
                sum += power;
                *out.get_mut(at)? = if log { less } else { power };
                at += inner;
            }
            let logarithm = if log { math::ln(sum) } else { 0.0 };
            let mut at = start;
            for _ in 0..n {
                let out = out.get_mut(at)?;
                *out = math::canonical(if log { *out - logarithm } else { *out / sum });
                at += inner;
            }
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
        fn equals_its_naive_twin((outer, n, inner) in (1usize..4, 1usize..9, 1usize..4), seed: u64) {
            let mut random = Random::new(seed);
            let x: Vec<f32> = (0..outer * n * inner).map(|_| 20.0 * random.gaussian()).collect();
            let lanes = Lanes::new(x.len(), n, inner).unwrap();
            let mut out = std::vec![0.0; x.len()];
            let mut logs = out.clone();
            softmax(&lanes, false, &x, &mut out).unwrap();
            softmax(&lanes, true, &x, &mut logs).unwrap();
            for o in 0..outer { for i in 0..inner {
                let at = |t: usize| (o * n + t) * inner + i;
                let most = (0..n).map(|t| x[at(t)]).fold(f32::NEG_INFINITY, f32::max);
                let sum = (0..n).fold(0.0, |sum: f32, t| sum + math::exp(x[at(t)] - most));
                let exact: f64 = (0..n).map(|t| libm::exp(f64::from(x[at(t)] - most))).sum();
                for t in 0..n {
                    prop_assert_eq!(out[at(t)].to_bits(), (math::exp(x[at(t)] - most) / sum).to_bits());
                    prop_assert_eq!(logs[at(t)].to_bits(), (x[at(t)] - most - math::ln(sum)).to_bits());
                    let real = libm::exp(f64::from(x[at(t)] - most)) / exact;
                    prop_assert!((f64::from(out[at(t)]) - real).abs() < 1e-6);
                }
            }}
        }
    }
}

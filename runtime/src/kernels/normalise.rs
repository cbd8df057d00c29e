//! `Normalise`: rows centred and brought to unit variance, mean square or norm.
//!
//! ```text
//! for each row x of n elements:
//!     m   = Σx / n                                     flag 1: 0
//!     v   = Σ(x − m)² / n                              flag 2: Σ(x − m)²
//!     d   = sqrt(v + ε)                                flag 4: Σ|x|
//!     out = (x − m) / d, 0 where d is 0
//! ```
//!
//! No flag: layer, group and instance normalisation. Flag 1: root mean square. Flags 1 and 2: the
//! 2-norm. All three: the 1-norm, which leaves ε out. f32 only; sums in order from +0. Attributes:
//! n, ε (bits of an f32), flags.

use super::elements;
use super::kernel::{Kernel, Types};
use super::{rows, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::math;
use crate::step::Step;

const UNCENTRED: u32 = 1;
const UNDIVIDED: u32 = 2;
const ABSOLUTE: u32 = 4;

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::Normalise, [Types::F32, Types::ANY], check, run);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    let (n, epsilon) = (step.attribute(0), f32::from_bits(step.attribute(1)));
    let flags = step.attribute(2);
    if n == 0 || !epsilon.is_finite() || epsilon < 0.0 || !matches!(flags, 0..=3 | 7) {
        return Err(Fault::Attribute);
    }
    let elements = x.elements().ok_or(Fault::Shape)?;
    if out.elements() != Some(elements) || elements.checked_rem(n as usize) != Some(0) {
        return Err(Fault::Shape);
    }
    if (x.dtype(), out.dtype()) != (DType::F32, DType::F32) {
        return Err(Fault::DType);
    }
    // Three passes, one of which the elements written stand for.
    Ok(2 * elements as u64)
}

fn run(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (n, flags) = (step.attribute(0) as usize, step.attribute(2));
    let epsilon = f32::from_bits(step.attribute(1));
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    for (x, out) in rows(elements::of(x)?, n).zip(rows_mut(elements::of_mut(out)?, n)) {
        normalise(x, epsilon, flags, out);
    }
    Some(())
}

fn normalise(x: &[f32], epsilon: f32, flags: u32, out: &mut [f32]) {
    let n = x.len() as f32;
    let mean = if flags & UNCENTRED == 0 {
        x.iter().fold(0.0, |sum, x| sum + x) / n
    } else {
        0.0
    };
    let divisor = if flags & ABSOLUTE == 0 {
        let squares = x.iter().fold(0.0, |sum, x| sum + (x - mean) * (x - mean));
        let variance = if flags & UNDIVIDED == 0 {
            squares / n
        } else {
            squares
        };
        math::sqrt(variance + epsilon)
    } else {
        x.iter().fold(0.0, |sum, x| sum + x.abs())
    };
    for (out, x) in out.iter_mut().zip(x) {
        *out = if divisor == 0.0 {
            0.0
        } else {
            math::canonical((x - mean) / divisor)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn agrees_with_its_twin_in_doubles(n in 1usize..20, epsilon in 0.0f32..0.1, seed: u64) {
            let mut random = Random::new(seed);
            let x: Vec<f32> = (0..n).map(|_| 1.0 + random.gaussian()).collect();
            let wide: Vec<f64> = x.iter().map(|&x| x.into()).collect();
            let mean = wide.iter().sum::<f64>() / n as f64;
            let squares = |m: f64| wide.iter().map(|x| (x - m) * (x - m)).sum::<f64>();
            let root = |v: f64| libm::sqrt(v + f64::from(epsilon));
            let cases = [
                (0, mean, root(squares(mean) / n as f64)),
                (1, 0.0, root(squares(0.0) / n as f64)),
                (2, mean, root(squares(mean))),
                (3, 0.0, root(squares(0.0))),
                (7, 0.0, wide.iter().map(|x| x.abs()).sum()),
            ];
            for (flags, mean, divisor) in cases {
                let mut out = std::vec![0.0; n];
                normalise(&x, epsilon, flags, &mut out);
                for (out, x) in out.iter().zip(&wide) {
                    // A rounding of the mean counts as much as the divisor is small.
                    if divisor > 1e-3 {
                        let expected = (x - mean) / divisor;
                        prop_assert!((f64::from(*out) - expected).abs() < 1e-5 / divisor.min(1.0), "{flags}");
                    }
                }
            }
        }

        #[test]
        fn sums_in_order(n in 1usize..20, epsilon in 0.0f32..0.1, seed: u64) {
            let mut random = Random::new(seed);
            let x: Vec<f32> = (0..n).map(|_| random.gaussian()).collect();
            let mut mean = 0.0f32;
            for x in &x { mean += x; }
            mean /= n as f32;
            let mut v = 0.0f32;
            for x in &x { v += (x - mean) * (x - mean); }
            v /= n as f32;
            let mut out = std::vec![0.0; n];
            normalise(&x, epsilon, 0, &mut out);
            for (out, x) in out.iter().zip(&x) {
                let expected = (x - mean) / libm::sqrtf(v + epsilon);
                prop_assert!(out.to_bits() == expected.to_bits() || expected.is_nan());
            }
        }
    }

    #[test]
    fn a_divisor_of_zero_gives_zero() {
        for flags in [0, 1, 2, 3, 7] {
            let mut out = [9.0; 3];
            let constant = if flags & UNCENTRED == 0 { 5.0 } else { 0.0 };
            normalise(&[constant; 3], 0.0, flags, &mut out);
            assert_eq!(out.map(f32::to_bits), [0; 3], "{flags}");
        }
    }
}

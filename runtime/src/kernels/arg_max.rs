//! `ArgMax`: position of the maximum or minimum along an axis.
//!
//! ```text
//! for each lane (o, i) of x [outer, n, inner]:
//!     best = 0
//!     for t in 1..n:  best = t where x[o, t, i] > x[o, best, i]
//!     out[o, i] = best
//! ```
//!
//! Flag 1 seeks the minimum (`<`); flag 2 takes the last of equals (`≥`, `≤`). x is f32, int32,
//! int16 or int8, out int32. A comparison with NaN is false. Attributes: n, inner, flags.

use super::elements::{self, Element};
use super::kernel::{Kernel, Types};
use super::lanes::Lanes;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::step::Step;

const MINIMUM: u32 = 1;
const LAST: u32 = 2;

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::ArgMax, [Types::F32, Types::ANY], check, run::<f32>);
/// int32.
pub const I32: Kernel = Kernel::new(Opcode::ArgMax, [Types::I32, Types::ANY], check, run::<i32>);
/// int16.
pub const I16: Kernel = Kernel::new(Opcode::ArgMax, [Types::I16, Types::ANY], check, run::<i16>);
/// int8.
pub const I8: Kernel = Kernel::new(Opcode::ArgMax, [Types::I8, Types::ANY], check, run::<i8>);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    let lanes = Lanes::of(step, x)?;
    if step.attribute(2) & !(MINIMUM | LAST) != 0 {
        return Err(Fault::Attribute);
    }
    // Positions are int32.
    if out.elements() != Some(lanes.count()) || i32::try_from(lanes.n).is_err() {
        return Err(Fault::Shape);
    }
    match (x.dtype(), out.dtype()) {
        (DType::F32 | DType::I32 | DType::I16 | DType::I8, DType::I32) => {
            Ok(lanes.elements() as u64)
        }
        _ => Err(Fault::DType),
    }
}

fn run<T: Element>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let lanes = Lanes::of(step, step.input(0)?).ok()?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    seek::<T>(
        &lanes,
        step.attribute(2),
        elements::of(x)?,
        elements::of_mut(out)?,
    )
}

fn seek<T: Element>(lanes: &Lanes, flags: u32, x: &[T], out: &mut [i32]) -> Option<()> {
    let (minimum, last) = (flags & MINIMUM != 0, flags & LAST != 0);
    for (place, out) in lanes.places().zip(out) {
        let mut lane = lanes.walk(x, lanes.start(place)).copied();
        let mut best = lane.next()?;
        *out = 0;
        for (x, position) in lane.zip(1..) {
            let better = if minimum { x < best } else { x > best };
            if better || (last && x == best) {
                (best, *out) = (x, position);
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
        fn equals_its_naive_twin(
            (outer, n, inner) in (1usize..4, 1usize..9, 1usize..4), flags in 0u32..4, seed: u64,
        ) {
            let mut random = Random::new(seed);
            // Few values make many equals.
            let x: Vec<i8> = (0..outer * n * inner).map(|_| (random.next_u32() % 4) as i8 - 2).collect();
            let reals: Vec<f32> = x.iter().map(|&x| f32::from(x)).collect();
            let lanes = Lanes::new(x.len(), n, inner).unwrap();
            let mut out = std::vec![-1; outer * inner];
            seek(&lanes, flags, &x, &mut out).unwrap();
            let mut again = std::vec![-1; outer * inner];
            seek(&lanes, flags, &reals, &mut again).unwrap();
            prop_assert_eq!(&out, &again);
            for o in 0..outer { for i in 0..inner {
                let sign = if flags & 1 != 0 { -1 } else { 1 };
                let lane = (0..n).map(|t| sign * i32::from(x[(o * n + t) * inner + i]));
                let best = lane.clone().max().unwrap();
                let mut equals = lane.enumerate().filter(|&(_, x)| x == best).map(|(t, _)| t as i32);
                let expected = if flags & 2 != 0 { equals.next_back() } else { equals.next() };
                prop_assert_eq!(Some(out[o * inner + i]), expected);
            }}
        }
    }
}

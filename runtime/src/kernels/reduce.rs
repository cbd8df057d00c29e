//! `Reduce`: sum, product, maximum or minimum along an axis.
//!
//! ```text
//! for each lane (o, i) of x [outer, n, inner]:
//!     out[o, i] = x[o, 0, i] ∘ x[o, 1, i] ∘ …                  in this order
//! ```
//!
//! Sums start from +0, products from 1, maximum and minimum from the first element. f32; int32,
//! whose sums and products wrap; maximum and minimum also of int8 and int16 with the quantisation
//! of the output. Attributes: kind, n, inner.

use super::elements::{self, Element, check_same};
use super::kernel::{Kernel, Types};
use super::lanes::Lanes;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode, Tensor};
use crate::step::Step;

const SUM: u32 = 0;
const PRODUCT: u32 = 1;
const MAXIMUM: u32 = 2;
const MINIMUM: u32 = 3;

fn lanes(step: &Step<'_>, x: Tensor<'_>) -> Result<Lanes, Fault> {
    let (n, inner) = (step.attribute(1) as usize, step.attribute(2) as usize);
    Lanes::new(x.elements().ok_or(Fault::Shape)?, n, inner)
}

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::Reduce, [Types::F32, Types::ANY], check, run_f32);
/// int32.
pub const I32: Kernel = Kernel::new(Opcode::Reduce, [Types::I32, Types::ANY], check, run_i32);
/// int16, extremes only.
pub const I16: Kernel = Kernel::new(
    Opcode::Reduce,
    [Types::I16, Types::ANY],
    check,
    run_extreme::<i16>,
);
/// int8, extremes only.
pub const I8: Kernel = Kernel::new(
    Opcode::Reduce,
    [Types::I8, Types::ANY],
    check,
    run_extreme::<i8>,
);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    let lanes = lanes(step, x)?;
    if out.elements() != Some(lanes.count()) {
        return Err(Fault::Shape);
    }
    match (step.attribute(0), x.dtype()) {
        (SUM..=MINIMUM, DType::F32 | DType::I32) if x.dtype() == out.dtype() => {}
        (SUM..=MINIMUM, DType::F32 | DType::I32) => return Err(Fault::DType),
        (MAXIMUM | MINIMUM, DType::I8 | DType::I16) => check_same(x, out)?,
        (SUM..=MINIMUM, _) => return Err(Fault::DType),
        _ => return Err(Fault::Attribute),
    }
    Ok(lanes.elements() as u64)
}

fn run_f32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    match step.attribute(0) {
        SUM => run(step, operands, Some(0.0f32), |sum, x| sum + x),
        PRODUCT => run(step, operands, Some(1.0f32), |product, x| product * x),
        _ => run_extreme::<f32>(step, operands),
    }
}

fn run_i32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    match step.attribute(0) {
        SUM => run(step, operands, Some(0), i32::wrapping_add),
        PRODUCT => run(step, operands, Some(1), i32::wrapping_mul),
        _ => run_extreme::<i32>(step, operands),
    }
}

#[inline(always)]
fn run<T: Element>(
    step: &Step<'_>,
    operands: Operands<'_>,
    start: Option<T>,
    join: impl Fn(T, T) -> T,
) -> Option<()> {
    let lanes = lanes(step, step.input(0)?).ok()?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    fold(&lanes, x, out, start, join)
}

fn run_extreme<T: Element>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let lanes = lanes(step, step.input(0)?).ok()?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    extreme::<T>(&lanes, step.attribute(0), x, out)
}

fn extreme<T: Element>(lanes: &Lanes, kind: u32, x: &[u8], out: &mut [u8]) -> Option<()> {
    fold(lanes, x, out, None, |best: T, x| {
        if kind == MAXIMUM {
            best.greater(x)
        } else {
            best.lesser(x)
        }
    })
}

/// Joins the elements of each lane in order, from `start` or the first one on.
#[inline(always)]
fn fold<T: Element>(
    lanes: &Lanes,
    x: &[u8],
    out: &mut [u8],
    start: Option<T>,
    join: impl Fn(T, T) -> T,
) -> Option<()> {
    let x: &[T] = elements::of(x)?;
    for (place, out) in lanes.places().zip(elements::of_mut::<T>(out)?) {
        let mut lane = lanes.walk(x, lanes.start(place)).copied();
        let first = match start {
            Some(start) => start,
            None => lane.next()?,
        };
        *out = lane.fold(first, &join).written();
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
            (outer, n, inner) in (1usize..5, 1usize..7, 1usize..5), seed: u64,
        ) {
            let mut random = Random::new(seed);
            let x: Vec<i32> = (0..outer * n * inner).map(|_| random.next_u32() as i32 >> 3).collect();
            let bytes: &[u8] = bytemuck::cast_slice(&x);
            let small: Vec<i16> = x.iter().map(|&x| x as i16).collect();
            let reals: Vec<f32> = x.iter().map(|&x| x as f32 * 1e-9).collect();
            let lanes = Lanes::new(x.len(), n, inner).unwrap();
            let mut out = std::vec![0i32; outer * inner];
            let mut halves = std::vec![0i16; outer * inner];
            let mut sums = std::vec![0f32; outer * inner];
            for o in 0..outer { for i in 0..inner {
                let lane: Vec<usize> = (0..n).map(|at| (o * n + at) * inner + i).collect();
                let slot = o * inner + i;
                fold(&lanes, bytes, bytemuck::cast_slice_mut(&mut out), Some(0), i32::wrapping_add).unwrap();
                let sum = lane.iter().map(|&at| i64::from(x[at])).sum::<i64>() as i32;
                prop_assert_eq!(out[slot], sum);
                fold(&lanes, bytes, bytemuck::cast_slice_mut(&mut out), Some(1), i32::wrapping_mul).unwrap();
                let product = lane.iter().fold(1, |product: i32, &at| product.wrapping_mul(x[at]));
                prop_assert_eq!(out[slot], product);
                extreme::<i32>(&lanes, MINIMUM, bytes, bytemuck::cast_slice_mut(&mut out)).unwrap();
                prop_assert_eq!(out[slot], lane.iter().map(|&at| x[at]).min().unwrap());
                let (from, to) = (bytemuck::cast_slice(&small), bytemuck::cast_slice_mut(&mut halves));
                extreme::<i16>(&lanes, MAXIMUM, from, to).unwrap();
                prop_assert_eq!(halves[slot], lane.iter().map(|&at| small[at]).max().unwrap());
                let (from, to) = (bytemuck::cast_slice(&reals), bytemuck::cast_slice_mut(&mut sums));
                fold(&lanes, from, to, Some(0.0f32), |sum, x| sum + x).unwrap();
                let sum = lane.iter().fold(0.0, |sum: f32, &at| sum + reals[at]);
                prop_assert_eq!(sums[slot].to_bits(), sum.to_bits());
            }}
        }
    }

    /// `max(a, b)` is `b` where `b > a`, else `a`: only a NaN in front stays.
    #[test]
    fn a_nan_in_front_stays_and_later_ones_do_not_count() {
        let x = [f32::NAN, 2.0, 1.0, -f32::NAN, -0.0, 0.0];
        let lanes = Lanes::new(6, 2, 1).unwrap();
        let mut out = [0f32; 3];
        extreme::<f32>(
            &lanes,
            MAXIMUM,
            bytemuck::cast_slice(&x),
            bytemuck::cast_slice_mut(&mut out),
        )
        .unwrap();
        assert_eq!(
            out.map(f32::to_bits),
            [0x7FC0_0000, 1f32.to_bits(), (-0f32).to_bits()]
        );
    }
}

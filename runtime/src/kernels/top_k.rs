//! `TopK`: the k best elements along an axis, with their positions.
//!
//! ```text
//! for each lane (o, i) of x [outer, n, inner]:
//!     for t in 0..n:
//!         insert (x[o, t, i], t) into the lane's k best, which stand in the outputs, best first
//! ```
//!
//! No memory but the outputs: an insertion moves worse ones down, the last drops out. Of equals the
//! lower position stands first; NaN is worse than all else. Flag 1 puts the smallest first. x is
//! f32, int32, int16 or int8; outputs: values as x, ids int32, both `[outer, k, inner]`. Attributes:
//! n, inner, flags.

use super::elements::{self, Element, check_same};
use super::kernel::{Kernel, Types};
use super::lanes::Lanes;
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode, Tensor};
use crate::step::Step;
use core::cmp::Ordering;

const SMALLEST: u32 = 1;

/// Lanes of the outputs.
fn kept(lanes: &Lanes, out: Tensor<'_>) -> Result<Lanes, Fault> {
    let elements = out.elements().ok_or(Fault::Shape)?;
    let k = elements.checked_div(lanes.count()).ok_or(Fault::Shape)?;
    let kept = Lanes { n: k, ..*lanes };
    // Positions are int32.
    let positions = i32::try_from(lanes.n).is_ok();
    if !positions || k == 0 || k > lanes.n || kept.elements() != elements {
        return Err(Fault::Shape);
    }
    Ok(kept)
}

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::TopK, [Types::F32, Types::ANY], check, run::<f32>);
/// int32.
pub const I32: Kernel = Kernel::new(Opcode::TopK, [Types::I32, Types::ANY], check, run::<i32>);
/// int16.
pub const I16: Kernel = Kernel::new(Opcode::TopK, [Types::I16, Types::ANY], check, run::<i16>);
/// int8.
pub const I8: Kernel = Kernel::new(Opcode::TopK, [Types::I8, Types::ANY], check, run::<i8>);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, values, ids) = (
        step.need_input(0)?,
        step.need_output(0)?,
        step.need_output(1)?,
    );
    let lanes = Lanes::of(step, x)?;
    if step.attribute(2) & !SMALLEST != 0 {
        return Err(Fault::Attribute);
    }
    let kept = kept(&lanes, values)?;
    if ids.elements() != values.elements() {
        return Err(Fault::Shape);
    }
    match (x.dtype(), ids.dtype()) {
        (DType::F32 | DType::I32 | DType::I16 | DType::I8, DType::I32) => {}
        _ => return Err(Fault::DType),
    }
    check_same(x, values)?;
    // Every element may pass all that are kept.
    Ok((lanes.elements() as u64).saturating_mul(kept.n as u64))
}

fn run<T: Element>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let lanes = Lanes::of(step, step.input(0)?).ok()?;
    let kept = kept(&lanes, step.output(0)?).ok()?;
    let first = match step.attribute(2) {
        SMALLEST => Ordering::Less,
        _ => Ordering::Greater,
    };
    let [x, ..] = operands.inputs;
    let [values, ids] = operands.outputs;
    select::<T>([&lanes, &kept], first, x, values, elements::of_mut(ids)?)
}

fn select<T: Element>(
    [lanes, kept]: [&Lanes; 2],
    first: Ordering,
    x: &[u8],
    values: &mut [u8],
    ids: &mut [i32],
) -> Option<()> {
    let (x, values) = (elements::of::<T>(x)?, elements::of_mut::<T>(values)?);
    for place in lanes.places() {
        let start = kept.start(place);
        for (count, x) in lanes.walk(x, lanes.start(place)).enumerate() {
            let mut carried = (*x, count as i32);
            let mut shifting = false;
            let filled = count.min(kept.n);
            let best = kept.walk_mut(values, start).zip(kept.walk_mut(ids, start));
            for (rank, (value, id)) in best.enumerate() {
                if rank == filled {
                    // A free place: behind it none is kept yet.
                    (*value, *id) = carried;
                    break;
                }
                shifting |= before(carried.0, *value, first);
                if shifting {
                    (carried.0, *value) = (*value, carried.0);
                    (carried.1, *id) = (*id, carried.1);
                }
            }
        }
        kept.walk_mut(values, start)
            .for_each(|value| *value = value.written());
    }
    Some(())
}

/// Whether `a` stands before `b` whatever their positions.
fn before<T: PartialOrd>(a: T, b: T, first: Ordering) -> bool {
    match a.partial_cmp(&b) {
        Some(order) => order == first,
        // One of them is NaN, perhaps both: `a` is better if it is none.
        None => a.partial_cmp(&a).is_some(),
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
        fn keeps_what_a_stable_sort_puts_first(
            (outer, n, inner) in (1usize..4, 1usize..9, 1usize..4), wanted in 1usize..9,
            smallest: bool, seed: u64,
        ) {
            let k = wanted.min(n);
            let mut random = Random::new(seed);
            let x: Vec<i16> = (0..outer * n * inner).map(|_| (random.next_u32() % 5) as i16 - 2).collect();
            // NaN among the floats: worse than all, in the order of position.
            let reals: Vec<f32> = x.iter().map(|&x| if x == 1 { f32::NAN } else { x.into() }).collect();
            let lanes = Lanes::new(x.len(), n, inner).unwrap();
            let kept = Lanes { n: k, ..lanes };
            let first = if smallest { Ordering::Less } else { Ordering::Greater };
            let mut values = std::vec![99i16; outer * k * inner];
            let mut ids = std::vec![-1; values.len()];
            select::<i16>([&lanes, &kept], first, bytemuck::cast_slice(&x), bytemuck::cast_slice_mut(&mut values), &mut ids).unwrap();
            let mut floats = std::vec![99f32; values.len()];
            let mut float_ids = ids.clone();
            select::<f32>([&lanes, &kept], first, bytemuck::cast_slice(&reals), bytemuck::cast_slice_mut(&mut floats), &mut float_ids).unwrap();
            for o in 0..outer { for i in 0..inner {
                let at = |t: usize| (o * n + t) * inner + i;
                let sign = if smallest { 1 } else { -1 };
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by_key(|&t| sign * x[at(t)]);
                let mut float_order: Vec<usize> = (0..n).collect();
                float_order.sort_by_key(|&t| if reals[at(t)].is_nan() { 100 } else { sign * x[at(t)] });
                for rank in 0..k {
                    let slot = (o * k + rank) * inner + i;
                    prop_assert_eq!(ids[slot] as usize, order[rank]);
                    prop_assert_eq!(values[slot], x[at(order[rank])]);
                    prop_assert_eq!(float_ids[slot] as usize, float_order[rank]);
                    let expected = reals[at(float_order[rank])];
                    prop_assert!(floats[slot] == expected || floats[slot].to_bits() == 0x7FC0_0000 && expected.is_nan());
                }
            }}
        }
    }
}

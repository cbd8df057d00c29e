//! `TopKDense`: rows against a vocabulary, of which only the k best scores of each row are kept.
//!
//! ```text
//! for each row n of w [V, K]:             (weights stream once, shared by all rows of x)
//!     for each row r of x [R, K]:
//!         score = requantise(Σₖ x[r, k] · w[n, k] + bias[n])
//!         insert (score, n) into the k best of r, kept in descending order
//! ```
//!
//! The R × V scores never exist at once. Equal scores keep the lower index first. Types as in
//! `Dense`; outputs: ids int32 `[R, k]`, scores int32 or f32 `[R, k]`. A NaN score is never kept.
//!
//! Who keeps scores is a `Keep`: `Best` those of each row here, for `TopKGroups` those of each list.

use super::dense::check_weights;
use super::dot::{self, Activation, Quantised, Weight};
use super::elements;
use super::kernel::{Kernel, Types};
use super::{quotient, rows};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode, Tensor};
use crate::isa::{Tiles1, Tiles4, Tiles16, Wide1, Wide4};
use crate::rounding::Scale;
use crate::step::Step;
use best::{Best, Keep};

pub(super) mod best;
pub(super) mod tiled;

/// Most candidates of a row.
pub(super) const MAX_CANDIDATES: usize = 256;

/// int8 activations, int8 weights.
pub const I8_I8: Kernel = kernel([Types::I8, Types::I8], run_integer::<i8, i8>);
/// int8 activations, int4 weights.
pub const I8_I4: Kernel = kernel([Types::I8, Types::I4], run_integer::<i8, u8>);
/// int16 activations, int8 weights.
pub const I16_I8: Kernel = kernel([Types::I16, Types::I8], run_integer::<i16, i8>);
/// int16 activations, int4 weights.
pub const I16_I4: Kernel = kernel([Types::I16, Types::I4], run_integer::<i16, u8>);
/// Floats.
pub const F32_F32: Kernel = kernel([Types::F32, Types::F32], run_float::<f32>);
/// Floats, f16 weights.
pub const F32_F16: Kernel = kernel([Types::F32, Types::F16], run_float::<u16>);
/// int8 activations, int8 weights in tiles of one row.
pub const I8_TILE1: Kernel = tiled::kernel::<Tiles1, i8, 32>(Types::I8);
/// int8 activations, int8 weights in tiles of four rows.
pub const I8_TILE4: Kernel = tiled::kernel::<Tiles4, i8, 32>(Types::I8);
/// int8 activations, int8 weights in tiles of sixteen rows.
pub const I8_TILE16: Kernel = tiled::kernel::<Tiles16, i8, 1024>(Types::I8);
/// int16 activations, int8 weights in tiles of one row.
pub const I16_TILE1: Kernel = tiled::kernel::<Tiles1, i16, 32>(Types::I16);
/// int16 activations, int8 weights in tiles of four rows.
pub const I16_TILE4: Kernel = tiled::kernel::<Tiles4, i16, 32>(Types::I16);
/// int16 activations, int8 weights in tiles of sixteen rows.
pub const I16_TILE16: Kernel = tiled::kernel::<Tiles16, i16, 1024>(Types::I16);
/// int8 activations, wide weights in tiles of one row.
pub const I8_WIDE1: Kernel = tiled::kernel::<Wide1, i8, 32>(Types::I8);
/// int8 activations, wide weights in tiles of four rows.
pub const I8_WIDE4: Kernel = tiled::kernel::<Wide4, i8, 32>(Types::I8);
/// int16 activations, wide weights in tiles of one row.
pub const I16_WIDE1: Kernel = tiled::kernel::<Wide1, i16, 32>(Types::I16);
/// int16 activations, wide weights in tiles of four rows.
pub const I16_WIDE4: Kernel = tiled::kernel::<Wide4, i16, 32>(Types::I16);

const fn kernel(types: [Types; 2], run: fn(&Step<'_>, Operands<'_>) -> Option<()>) -> Kernel {
    Kernel::new(Opcode::TopKDense, types, check, run).costing(cost)
}

/// Work of the scores kept: each may pass all candidates of its row, and there are as many as biases.
fn cost(step: &Step<'_>, written: u64) -> u64 {
    let scores = step.input(2).and_then(|bias| bias.elements());
    written.saturating_mul(scores.unwrap_or(0) as u64)
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, w) = (step.need_input(0)?, step.need_input(1)?);
    let kept = [step.need_output(0)?, step.need_output(1)?];
    let (k, rows) = (x.columns(), x.rows());
    let vocabulary = w.elements().and_then(|elements| quotient(elements, k));
    let vocabulary = vocabulary.ok_or(Fault::Shape)?;
    check_weights(step, k, vocabulary)?;
    check_kept([x, w], kept, rows, vocabulary)
}

/// Ids and scores of products of `x` and `w` hold as many candidates for each of `lists` lists, and no more
/// than there are; the multiply-accumulates.
pub(super) fn check_kept(
    [x, w]: [Tensor<'_>; 2],
    [ids, scores]: [Tensor<'_>; 2],
    lists: usize,
    vocabulary: usize,
) -> Result<u64, Fault> {
    let candidates = ids.columns();
    if ids.rows() != lists
        || scores.elements() != ids.elements()
        || scores.columns() != candidates
        || candidates > vocabulary.min(MAX_CANDIDATES)
    {
        return Err(Fault::Shape);
    }
    match (ids.dtype(), x.dtype(), scores.dtype()) {
        (DType::I32, DType::F32, DType::F32) | (DType::I32, DType::I8 | DType::I16, DType::I32) => {
        }
        _ => return Err(Fault::DType),
    }
    (w.elements().ok_or(Fault::Shape)? as u64)
        .checked_mul(x.rows() as u64)
        .ok_or(Fault::Work)
}

fn run_integer<X: Activation, W: Quantised>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [x, w, bias, scales] = operands.inputs;
    let best = Best::empty(step, operands.outputs, (0, i32::MIN))?;
    let rows = (elements::of(bias)?, elements::of(scales)?);
    let k = step.input(0)?.columns();
    integer::<X, W>(elements::of(x)?, elements::of(w)?, rows, k, best);
    Some(())
}

fn run_float<W: Weight>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let [x, w, bias, _] = operands.inputs;
    let best = Best::empty(step, operands.outputs, (0, f32::NEG_INFINITY))?;
    let (x, w, bias) = (elements::of(x)?, elements::of(w)?, elements::of(bias)?);
    float::<W>(x, w, bias, step.input(0)?.columns(), best);
    Some(())
}

pub(super) fn integer<X: Activation, W: Quantised>(
    x: &[X],
    w: &[W],
    (bias, scales): (&[i32], &[u32]),
    k: usize,
    mut best: impl Keep<i32>,
) {
    for (id, ((w, &bias), &scale)) in rows(w, W::units(k)).zip(bias).zip(scales).enumerate() {
        for (row, x) in rows(x, k).enumerate() {
            let score = Scale::loaded(scale).requantise(bias + W::dot(x, w, 0));
            best.offer(row, id as i32, score);
        }
    }
}

pub(super) fn float<W: Weight>(
    x: &[f32],
    w: &[W],
    bias: &[f32],
    k: usize,
    mut best: impl Keep<f32>,
) {
    for (id, (w, &bias)) in rows(w, k).zip(bias).enumerate() {
        for (row, x) in rows(x, k).enumerate() {
            best.offer(row, id as i32, dot::float(x, w) + bias);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::nibble;
    use crate::random::Random;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn keeps_what_a_sort_would(
            (rows, v, k) in (1usize..4, 1usize..60, 1usize..12), wanted in 1usize..9, nibbles: bool, seed: u64,
        ) {
            let candidates = wanted.min(v);
            let mut random = Random::new(seed);
            let x: Vec<i16> = (0..rows * k).map(|_| random.next_u32() as i16).collect();
            // Few distinct weights make many equal scores.
            let w: Vec<i8> = (0..v * k).map(|_| (random.next_u32() % 3) as i8).collect();
            let bias: Vec<i32> = (0..v).map(|_| (random.next_u32() % 5) as i32).collect();
            let scale = Scale::nearest(0.01).unwrap();
            let mut ids = std::vec![0; rows * candidates];
            let mut scores = std::vec![i32::MIN; rows * candidates];
            let best = Best::of(&mut ids, &mut scores, candidates);
            let words = std::vec![scale.word(); v];
            if nibbles {
                let packed: Vec<u8> = w.chunks(k).flat_map(nibble::pack_row).collect();
                integer(&x, &packed, (&bias, &words), k, best);
            } else {
                integer(&x, &w, (&bias, &words), k, best);
            }
            for row in 0..rows {
                let mut all: Vec<(i32, i32)> = (0..v).map(|n| {
                    let sum: i32 = (0..k).map(|i| i32::from(x[row * k + i]) * i32::from(w[n * k + i])).sum();
                    (-scale.requantise(bias[n] + sum), n as i32)
                }).collect();
                all.sort();
                for (rank, &(score, id)) in all[..candidates].iter().enumerate() {
                    prop_assert_eq!(ids[row * candidates + rank], id);
                    prop_assert_eq!(scores[row * candidates + rank], -score);
                }
            }
        }
    }
}

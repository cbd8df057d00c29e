//! `Dense`: rows of the input against rows of the weights.
//!
//! ```text
//! for each row r of x [R, K], each row n of w [N, K]:
//!     out[r, n] = activation(Σₖ x[r, k] · w[n, k] + bias[n])
//! ```
//!
//! Integers: x int8 or int16, w int8 or int4 symmetric per row, bias int32 with the input's zero point
//! folded in, `requantise(sum) + zero_point` clamped to the attributes; out int8, int16 or int32.
//! Floats: x f32, w f32 or f16, bias f32. Inputs: x, w, bias, scale words (integers only).
//! Attributes: low, high (quantised integers, or bits of floats).

use super::dot::{self, Activation, Quantised, Weight};
use super::elements;
use super::kernel::{Kernel, Types};
use super::sink::Sink;
use super::types::bounds;
use super::{rows, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode, Tensor};
use crate::isa::{Tiles1, Tiles4, Tiles16, Wide1, Wide4};
use crate::math;
use crate::step::Step;

mod tiled;

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
pub const I8_TILE1: Kernel = tiled::kernel::<Tiles1, i8>(Types::I8);
/// int8 activations, int8 weights in tiles of four rows.
pub const I8_TILE4: Kernel = tiled::kernel::<Tiles4, i8>(Types::I8);
/// int8 activations, int8 weights in tiles of sixteen rows.
pub const I8_TILE16: Kernel = tiled::kernel::<Tiles16, i8>(Types::I8);
/// int16 activations, int8 weights in tiles of one row.
pub const I16_TILE1: Kernel = tiled::kernel::<Tiles1, i16>(Types::I16);
/// int16 activations, int8 weights in tiles of four rows.
pub const I16_TILE4: Kernel = tiled::kernel::<Tiles4, i16>(Types::I16);
/// int16 activations, int8 weights in tiles of sixteen rows.
pub const I16_TILE16: Kernel = tiled::kernel::<Tiles16, i16>(Types::I16);
/// int8 activations, wide weights in tiles of one row.
pub const I8_WIDE1: Kernel = tiled::kernel::<Wide1, i8>(Types::I8);
/// int8 activations, wide weights in tiles of four rows.
pub const I8_WIDE4: Kernel = tiled::kernel::<Wide4, i8>(Types::I8);
/// int16 activations, wide weights in tiles of one row.
pub const I16_WIDE1: Kernel = tiled::kernel::<Wide1, i16>(Types::I16);
/// int16 activations, wide weights in tiles of four rows.
pub const I16_WIDE4: Kernel = tiled::kernel::<Wide4, i16>(Types::I16);

const fn kernel(types: [Types; 2], run: fn(&Step<'_>, Operands<'_>) -> Option<()>) -> Kernel {
    Kernel::new(Opcode::Dense, types, check, run)
}

/// What a `Dense` with rows of `k` elements multiplies, whose scratch depends on it.
#[must_use]
pub fn shape(k: usize, rows: usize) -> super::tiled::Shape {
    tiled::shape(k, rows)
}

/// Columns of x and rows of w, after checks that `Dense`, `Conv` and `TopKDense` share.
///
/// `k` is the length of one dot product. Integers: bias and scale words are in the parameters and
/// the accumulator cannot overflow. Floats: no scale words.
pub(super) fn check_weights(step: &Step<'_>, k: usize, rows: usize) -> Result<(), Fault> {
    let x = step.need_input(0)?;
    let types = [DType::I8, DType::I4, DType::I16, DType::F32, DType::F16];
    let w = step.need_weights(1, &types)?;
    // Four-bit rows are those of the first axis: only there they start at bytes.
    let first = w.shape().first().map(|&dim| dim as usize);
    if w.elements() != k.checked_mul(rows) || (w.dtype() == DType::I4 && first != Some(rows)) {
        return Err(Fault::Shape);
    }
    // Wide weights have the values of int8; no kernel takes other ones of int16.
    let dtype = match w.dtype() {
        DType::I16 => DType::I8,
        dtype => dtype,
    };
    let weight = match dtype {
        DType::I4 => <u8 as Quantised>::MAGNITUDE,
        _ => <i8 as Quantised>::MAGNITUDE,
    };
    let magnitude = match (x.dtype(), dtype) {
        (DType::I8, DType::I8 | DType::I4) => <i8 as Activation>::MAGNITUDE,
        (DType::I16, DType::I8 | DType::I4) => <i16 as Activation>::MAGNITUDE,
        (DType::F32, DType::F32 | DType::F16) => {
            let bias = step.need_weights(2, &[DType::F32])?;
            return match (bias.elements() == Some(rows), step.inputs) {
                (true, 3) => Ok(()),
                (true, _) => Err(Fault::Arity),
                (false, _) => Err(Fault::Shape),
            };
        }
        _ => return Err(Fault::DType),
    };
    let products = (k as u64)
        .checked_mul(magnitude * weight)
        .ok_or(Fault::Accumulator)?;
    // The greatest magnitude that a bias may have. Those of 0 to twice it, with it added, have at most
    // that.
    let most = (1u64 << 31).checked_sub(products.saturating_add(1));
    let most = most.ok_or(Fault::Accumulator)? as u32;
    let mut biases = step.need_words(2, DType::I32, rows)?.iter();
    if biases.any(|&bias| bias.wrapping_add(most) > 2 * most) {
        return Err(Fault::Accumulator);
    }
    step.need_words(3, DType::Scale, rows)?;
    Ok(())
}

/// The output's element type fits the input's, floats stay floats, integers integers; the clamp's
/// bounds, from attribute `clamp` on, fit the output.
pub(super) fn check_output(
    step: &Step<'_>,
    x: Tensor<'_>,
    out: Tensor<'_>,
    clamp: usize,
) -> Result<(), Fault> {
    match (x.dtype(), out.dtype()) {
        (DType::F32, DType::F32) => {}
        (DType::I8 | DType::I16, DType::I8 | DType::I16 | DType::I32) => {}
        _ => return Err(Fault::DType),
    }
    check_clamp(step, out.dtype(), clamp)
}

/// Attributes `first` and the next are ordered and in the range of `dtype`, so that no store wraps.
pub(super) fn check_clamp(step: &Step<'_>, dtype: DType, first: usize) -> Result<(), Fault> {
    let (low, high) = (step.attribute(first), step.attribute(first + 1));
    let fits = if dtype == DType::F32 {
        f32::from_bits(low) <= f32::from_bits(high)
    } else {
        let (least, most) = bounds(dtype);
        least <= low as i32 && low as i32 <= high as i32 && high as i32 <= most
    };
    if fits { Ok(()) } else { Err(Fault::Attribute) }
}

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (x, out) = (step.need_input(0)?, step.need_output(0)?);
    let (k, n) = (x.columns(), out.columns());
    if x.rows() != out.rows() {
        return Err(Fault::Shape);
    }
    check_weights(step, k, n)?;
    check_output(step, x, out, 0)?;
    Ok(x.rows() as u64 * k as u64 * n as u64)
}

fn run_integer<X: Activation, W: Quantised>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let k = step.input(0)?.columns();
    let [x, w, bias, scales] = operands.inputs;
    let [out, _] = operands.outputs;
    let (low, high) = (step.attribute(0) as i32, step.attribute(1) as i32);
    let sink = Sink::new(step.output(0)?, out, low, high)?;
    let rows = (elements::of(bias)?, elements::of(scales)?);
    integer::<X, W>(elements::of(x)?, elements::of(w)?, rows, k, sink);
    Some(())
}

fn run_float<W: Weight>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let k = step.input(0)?.columns();
    let [x, w, bias, _] = operands.inputs;
    let [out, _] = operands.outputs;
    let clamp = (
        f32::from_bits(step.attribute(0)),
        f32::from_bits(step.attribute(1)),
    );
    let (x, w, bias) = (elements::of(x)?, elements::of(w)?, elements::of(bias)?);
    float::<W>(x, w, bias, k, clamp, elements::of_mut(out)?);
    Some(())
}

fn integer<X: Activation, W: Quantised>(
    x: &[X],
    w: &[W],
    (bias, scales): (&[i32], &[u32]),
    k: usize,
    mut sink: Sink<'_>,
) {
    let columns = bias.len();
    for (n, ((w, &bias), &scale)) in rows(w, W::units(k)).zip(bias).zip(scales).enumerate() {
        for (row, x) in rows(x, k).enumerate() {
            sink.put_accumulator(row * columns + n, bias + W::dot(x, w, 0), scale);
        }
    }
}

fn float<W: Weight>(
    x: &[f32],
    w: &[W],
    bias: &[f32],
    k: usize,
    (low, high): (f32, f32),
    out: &mut [f32],
) {
    let columns = bias.len();
    if columns == 0 {
        return;
    }
    for (x, out) in rows(x, k).zip(rows_mut(out, columns)) {
        for ((w, &bias), out) in rows(w, k).zip(bias).zip(out) {
            *out = math::clamp(dot::float(x, w) + bias, low, high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Layout, Place, TensorRecord, nibble};
    use crate::rounding::Scale;
    use proptest::prelude::*;
    use std::vec::Vec;

    pub(crate) fn record(dtype: DType, zero_point: i32) -> TensorRecord {
        TensorRecord {
            dtype,
            layout: Layout::Plain,
            place: Place::Arena,
            rank: 1,
            offset: 0,
            scale: 1.0,
            zero_point,
            dims: [1, 0, 0, 0, 0, 0],
            name_offset: 0,
            name_length: 0,
        }
    }

    proptest! {
        #[test]
        fn integer_equals_its_naive_twin(
            (rows, n, k) in (1usize..5, 1usize..7, 1usize..70),
            seed: u64,
            factor in 1e-5f64..0.5,
            zero_point in -128i32..=127,
        ) {
            let mut random = crate::random::Random::new(seed);
            let x: Vec<i8> = (0..rows * k).map(|_| random.next_u32() as i8).collect();
            let w: Vec<i8> = (0..n * k).map(|_| random.next_u32() as i8).collect();
            let bias: Vec<i32> = (0..n).map(|_| random.next_u32() as i32 >> 12).collect();
            let scales: Vec<Scale> = (0..n).map(|i| Scale::nearest(factor / (1.0 + i as f64)).unwrap()).collect();
            let words: Vec<u32> = scales.iter().map(|scale| scale.word()).collect();
            let mut expected = Vec::new();
            for r in 0..rows {
                for c in 0..n {
                    let mut sum = bias[c];
                    for i in 0..k {
                        sum += i32::from(x[r * k + i]) * i32::from(w[c * k + i]);
                    }
                    expected.push((scales[c].requantise(sum) + zero_point).clamp(-100, 127) as i8);
                }
            }
            let mut out = std::vec![0u8; rows * n];
            let record = record(DType::I8, zero_point).words();
            integer(&x, &w, (&bias, &words), k, Sink::new(Tensor::new(&record), &mut out, -100, 127).unwrap());
            prop_assert_eq!(bytemuck::cast_slice::<u8, i8>(&out), &expected[..]);
            // int16 activations with the same values give the same sums.
            let wide: Vec<i16> = x.iter().map(|&x| x.into()).collect();
            let mut again = std::vec![0u8; rows * n];
            integer(&wide, &w, (&bias, &words), k, Sink::new(Tensor::new(&record), &mut again, -100, 127).unwrap());
            prop_assert_eq!(&out, &again);
            // So do weights of four bits with their values as int8.
            let small: Vec<i8> = w.iter().map(|&w| w >> 4).collect();
            let nibbles: Vec<u8> = small.chunks(k).flat_map(nibble::pack_row).collect();
            integer(&wide, &small, (&bias, &words), k, Sink::new(Tensor::new(&record), &mut out, -100, 127).unwrap());
            integer(&x, &nibbles, (&bias, &words), k, Sink::new(Tensor::new(&record), &mut again, -100, 127).unwrap());
            prop_assert_eq!(&out, &again);
            integer(&wide, &nibbles, (&bias, &words), k, Sink::new(Tensor::new(&record), &mut again, -100, 127).unwrap());
            prop_assert_eq!(out, again);
        }
    }
}

//! `MatMul`: rows of an activation against rows of another, matrix by matrix.
//!
//! ```text
//! for each matrix a [M, K] with its b [N, K], each row m, each row n:
//!     float:    out[m, n] = dot(a[m], b[n])
//!     integer:  out[m, n] = requantise(Σₖ (a[m, k] − za) · (b[n, k] − zb)) + zero point
//! ```
//!
//! a `[…, M, K]`, b `[…, N, K]`, out `[…, M, N]`; leading axes broadcast: an operand that lacks one
//! or has length 1 there repeats. f32, or int8 × int8 → int8, int16 or int32 with
//! `K · 255 · 255 < 2³¹`. Attribute: scale, which floats ignore.

use super::dot;
use super::elements;
use super::kernel::{Kernel, Types};
use super::sink::Sink;
use super::types::bounds;
use super::{rows, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode, Tensor};
use crate::math;
use crate::rounding::Scale;
use crate::step::Step;

/// Leading axes, rows and columns of a tensor of matrices.
fn matrices(tensor: Tensor<'_>) -> Option<(&[u32], usize, usize)> {
    let (&columns, rest) = tensor.shape().split_last()?;
    let (&rows, leading) = rest.split_last()?;
    Some((leading, rows as usize, columns as usize))
}

/// Length of leading axis `position`, counted from the last one; 1 where there is none.
fn length(leading: &[u32], position: usize) -> usize {
    let dim = leading.iter().rev().nth(position);
    dim.map_or(1, |&dim| dim as usize)
}

/// Which matrix of an operand goes with matrix `index` of the output.
fn matching(leading: &[u32], out: &[u32], index: usize) -> Option<usize> {
    let (mut rest, mut stride, mut matching) = (index, 1, 0);
    for position in 0..out.len() {
        let (total, own) = (length(out, position), length(leading, position));
        if own > 1 {
            matching += stride * rest.checked_rem(total)?;
        }
        rest = rest.checked_div(total)?;
        stride *= own;
    }
    Some(matching)
}

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::MatMul, [Types::F32, Types::ANY], check, run_f32);
/// int8.
pub const I8: Kernel = Kernel::new(Opcode::MatMul, [Types::I8, Types::ANY], check, run_i8);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (a, b, out) = (
        step.need_input(0)?,
        step.need_input(1)?,
        step.need_output(0)?,
    );
    let (Some((a_leading, m, k)), Some((b_leading, n, b_k)), Some((leading, out_m, out_n))) =
        (matrices(a), matrices(b), matrices(out))
    else {
        return Err(Fault::Shape);
    };
    if (b_k, out_m, out_n) != (k, m, n) || leading.len() != a_leading.len().max(b_leading.len()) {
        return Err(Fault::Shape);
    }
    for position in 0..leading.len() {
        let (a, b) = (length(a_leading, position), length(b_leading, position));
        if (a != b && a != 1 && b != 1) || length(leading, position) != a.max(b) {
            return Err(Fault::Shape);
        }
    }
    match (a.dtype(), b.dtype(), out.dtype()) {
        (DType::F32, DType::F32, DType::F32) => {}
        (DType::I8, DType::I8, DType::I8 | DType::I16 | DType::I32) => {
            if (k as u64).saturating_mul(255 * 255) >= 1 << 31 {
                return Err(Fault::Accumulator);
            }
            Scale::from_word(step.attribute(0)).ok_or(Fault::Scale)?;
        }
        _ => return Err(Fault::DType),
    }
    let elements = out.elements().ok_or(Fault::Shape)? as u64;
    elements.checked_mul(k as u64).ok_or(Fault::Work)
}

/// Calls `product(index, a's matrix, b's matrix)` for each matrix of the output.
#[inline(always)]
fn run<T: bytemuck::AnyBitPattern>(
    step: &Step<'_>,
    [a_bytes, b_bytes]: [&[u8]; 2],
    mut product: impl FnMut(usize, &[T], &[T]),
) -> Option<()> {
    let (a, b, out) = (step.input(0)?, step.input(1)?, step.output(0)?);
    let (a_leading, m, k) = matrices(a)?;
    let (b_leading, n, _) = matrices(b)?;
    let (leading, ..) = matrices(out)?;
    let (a, b) = (elements::of(a_bytes)?, elements::of(b_bytes)?);
    for index in 0..out.elements()?.checked_div(m * n)? {
        let a_start = matching(a_leading, leading, index)?.checked_mul(m * k)?;
        let b_start = matching(b_leading, leading, index)?.checked_mul(n * k)?;
        let a = matrix(a, a_start, m * k)?;
        product(index, a, matrix(b, b_start, n * k)?);
    }
    Some(())
}

fn run_f32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (k, n) = (step.input(0)?.columns(), step.output(0)?.columns());
    let [a, b, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let size = matrices(step.output(0)?).map(|(_, m, n)| m * n)?;
    let mut products = rows_mut(elements::of_mut(out)?, size);
    run(step, [a, b], |_, a, b| {
        if let Some(out) = products.next() {
            float(a, b, k, n, out);
        }
    })
}

fn run_i8(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let (k, tensor) = (step.input(0)?.columns(), step.output(0)?);
    let zeros = (step.input(0)?.zero_point(), step.input(1)?.zero_point());
    let [a, b, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let size = matrices(tensor).map(|(_, m, n)| m * n)?;
    let (low, high) = bounds(tensor.dtype());
    let mut sink = Sink::new(tensor, out, low, high)?;
    run(step, [a, b], |index, a, b| {
        integer(a, b, k, zeros, |at, sum| {
            sink.put_accumulator(index * size + at, sum, step.attribute(0));
        });
    })
}

fn matrix<T>(values: &[T], start: usize, length: usize) -> Option<&[T]> {
    values.get(start..)?.get(..length)
}

fn float(a: &[f32], b: &[f32], k: usize, n: usize, out: &mut [f32]) {
    for (a, out) in rows(a, k).zip(rows_mut(out, n)) {
        for (b, out) in rows(b, k).zip(out) {
            *out = math::canonical(dot::float(a, b));
        }
    }
}

/// Calls `put(index in the matrix, sum)` for all elements of the product.
fn integer(
    a: &[i8],
    b: &[i8],
    k: usize,
    (zero_a, zero_b): (i32, i32),
    mut put: impl FnMut(usize, i32),
) {
    let mut index = 0;
    for a in rows(a, k) {
        for b in rows(b, k) {
            let products = a.iter().zip(b);
            let sum = products.fold(0, |sum, (&a, &b)| {
                sum + (i32::from(a) - zero_a) * (i32::from(b) - zero_b)
            });
            put(index, sum);
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn operands_repeat_along_their_axes_of_one() {
        // out [2, 3, 2]; an operand [3, 1], and one that has the first axis only.
        let middle: Vec<_> = (0..12)
            .map(|index| matching(&[3, 1], &[2, 3, 2], index).unwrap())
            .collect();
        assert_eq!(middle, [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
        let first: Vec<_> = (0..12)
            .map(|index| matching(&[2, 1, 1], &[2, 3, 2], index).unwrap())
            .collect();
        assert_eq!(first, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
        let all: Vec<_> = (0..12)
            .map(|index| matching(&[2, 3, 2], &[2, 3, 2], index).unwrap())
            .collect();
        assert_eq!(all, (0..12).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn equals_its_naive_twin(
            (m, n, k) in (1usize..5, 1usize..5, 1usize..40), zeros in (-128i32..=127, -128i32..=127), seed: u64,
        ) {
            let mut random = Random::new(seed);
            let a: Vec<i8> = (0..m * k).map(|_| random.next_u32() as i8).collect();
            let b: Vec<i8> = (0..n * k).map(|_| random.next_u32() as i8).collect();
            let mut sums = std::vec![0; m * n];
            integer(&a, &b, k, zeros, |at, sum| sums[at] = sum);
            // Products of small integers: exact in any order.
            let reals = |values: &[i8]| values.iter().map(|&x| f32::from(x)).collect::<Vec<_>>();
            let mut products = std::vec![0.0; m * n];
            float(&reals(&a), &reals(&b), k, n, &mut products);
            for row in 0..m { for column in 0..n {
                let terms = (0..k).map(|i| (i32::from(a[row * k + i]), i32::from(b[column * k + i])));
                let centred: i32 = terms.clone().map(|(a, b)| (a - zeros.0) * (b - zeros.1)).sum();
                prop_assert_eq!(sums[row * n + column], centred);
                prop_assert_eq!(products[row * n + column], terms.map(|(a, b)| a * b).sum::<i32>() as f32);
            }}
        }
    }
}

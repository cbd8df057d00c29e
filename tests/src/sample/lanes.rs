//! The function that runs the operators along an axis, on floats and on each type of integers.

use super::Noise;
use crate::builder::{Builder, scale_word};
use qibu::format::DType::{F32, I8, I16, I32};
use qibu::format::{DType, Opcode};

/// Lanes of three elements, four beside each other, in two blocks.
const DIMS: [u32; 3] = [2, 3, 4];
const N: u32 = 3;
const INNER: u32 = 4;

/// Adds the function `lanes`.
pub(super) fn add(b: &mut Builder, _: &mut Noise) {
    let reals = b.activation(F32, &DIMS);
    let indices = b.activation(I32, &DIMS);
    let mut outputs = Vec::new();
    let small = b.quantised(I8, &DIMS, 0.03, 7);
    b.step(Opcode::Quantise, &[reals], &[small], &[]);
    let wide = b.quantised(I16, &DIMS, 0.0002, 0);
    b.step(Opcode::Quantise, &[reals], &[wide], &[]);
    for (x, dtype) in [(reals, F32), (indices, I32), (small, I8), (wide, I16)] {
        reduce(b, x, dtype, &mut outputs);
        select(b, x, dtype, &mut outputs);
    }
    for (x, dtype) in [(reals, F32), (indices, I32)] {
        for flags in 0..4 {
            let out = b.activation(dtype, &DIMS);
            b.step(Opcode::CumSum, &[x], &[out], &[N, INNER, flags]);
            outputs.push(out);
        }
    }
    // Of bytes, and of unsigned ones.
    for (dtype, bounds) in [(I8, [5, -128, 127]), (I32, [130, 0, 255])] {
        let [zero_point, ..] = bounds;
        let out = match dtype {
            I8 => b.quantised(I8, &DIMS, 0.03, zero_point),
            _ => b.activation(I32, &DIMS),
        };
        let words = bounds.map(|integer: i32| integer as u32);
        let words = [&[0.03f32.to_bits()][..], &words].concat();
        b.step(Opcode::ToGrid, &[reals], &[out], &words);
        show(b, out, &mut outputs);
    }
    for log in 0..2 {
        let out = b.activation(F32, &DIMS);
        b.step(Opcode::Softmax, &[reals], &[out], &[N, INNER, log]);
        outputs.push(out);
    }
    for flags in [0, 1, 2, 3, 7] {
        let out = b.activation(F32, &DIMS);
        let epsilon = if flags == 0 { 1e-5f32 } else { 0.0 };
        let attributes = [12, epsilon.to_bits(), flags];
        b.step(Opcode::Normalise, &[reals], &[out], &attributes);
        outputs.push(out);
    }
    multiply(b, reals, small, &mut outputs);
    b.function("lanes", &[reals, indices], &outputs);
}

/// An activation quantised as `x` is.
fn like(b: &mut Builder, x: u32, dims: &[u32]) -> u32 {
    let old = b.tensors[x as usize];
    b.quantised(old.dtype, dims, old.scale, old.zero_point)
}

/// Makes `x` readable by a caller, who reads f32 and int32.
fn show(b: &mut Builder, x: u32, outputs: &mut Vec<u32>) {
    let record = b.tensors[x as usize];
    if matches!(record.dtype, F32 | I32) {
        outputs.push(x);
        return;
    }
    let out = b.activation(F32, record.shape());
    b.step(Opcode::Dequantise, &[x], &[out], &[]);
    outputs.push(out);
}

fn reduce(b: &mut Builder, x: u32, dtype: DType, outputs: &mut Vec<u32>) {
    // Sums and products of int8 and int16 there are none.
    let first = if matches!(dtype, F32 | I32) { 0 } else { 2 };
    for kind in first..4 {
        let out = like(b, x, &[2, 4]);
        b.step(Opcode::Reduce, &[x], &[out], &[kind, N, INNER]);
        show(b, out, outputs);
    }
}

fn select(b: &mut Builder, x: u32, dtype: DType, outputs: &mut Vec<u32>) {
    for flags in 0..4 {
        let out = b.activation(I32, &[2, 4]);
        b.step(Opcode::ArgMax, &[x], &[out], &[N, INNER, flags]);
        outputs.push(out);
    }
    for smallest in 0..2 {
        let k = if dtype == F32 { N } else { 2 };
        let values = like(b, x, &[2, k, 4]);
        let ids = b.activation(I32, &[2, k, 4]);
        b.step(Opcode::TopK, &[x], &[values, ids], &[N, INNER, smallest]);
        show(b, values, outputs);
        outputs.push(ids);
    }
}

/// Floats, with a matrix for all of the other operand's; int8 to each type of output.
fn multiply(b: &mut Builder, reals: u32, small: u32, outputs: &mut Vec<u32>) {
    let out = b.activation(F32, &[2, 3, 3]);
    b.step(Opcode::MatMul, &[reals, reals], &[out], &[0]);
    outputs.push(out);
    let (a, row) = (b.view(reals, &[2, 1, 3, 4]), b.view(reals, &[3, 2, 4]));
    let out = b.activation(F32, &[2, 3, 3, 2]);
    b.step(Opcode::MatMul, &[a, row], &[out], &[0]);
    outputs.push(out);
    for (dtype, factor) in [(I8, 0.01), (I16, 0.5), (I32, 0.9)] {
        let out = b.quantised(dtype, &[2, 3, 3], 0.1, if dtype == I8 { -3 } else { 0 });
        b.step(
            Opcode::MatMul,
            &[small, small],
            &[out],
            &[scale_word(factor)],
        );
        show(b, out, outputs);
    }
}

//! The function of sliding windows and groups, over two images, and of weights of four bits.

use super::{ALL_I32, I16_RANGE, Noise};
use crate::builder::{Builder, FREE, I8_RANGE};
use qibu::format::DType::{F16, F32, I8, I16, I32};
use qibu::format::{DType, Opcode};

const IMAGES: [u32; 4] = [2, 2, 3, 6];
const POOLED: [u32; 4] = [2, 2, 3, 6];

/// Adds the function `windows`.
pub(super) fn add(b: &mut Builder, noise: &mut Noise) {
    let reals = b.activation(F32, &IMAGES);
    let small = b.quantised(I8, &IMAGES, 0.03, 7);
    b.step(Opcode::Quantise, &[reals], &[small], &[]);
    let wide = b.quantised(I16, &IMAGES, 0.0002, 0);
    b.step(Opcode::Quantise, &[reals], &[wide], &[]);
    let mut shown = Vec::new();
    for (x, dtype) in [(reals, F32), (small, I8), (wide, I16)] {
        for kind in 0..3 {
            let old = b.tensors[x as usize];
            let out = b.quantised(dtype, &POOLED, old.scale, old.zero_point);
            // The last row of windows is outside.
            let attributes = [kind, 2, 3, 3, 1, 1, 2, 1, 2];
            b.step(Opcode::Pool, &[x], &[out], &attributes);
            shown.push(out);
        }
        for groups in [2, 3, 6] {
            shown.push(conv(b, noise, x, dtype, groups));
        }
    }
    let mut outputs = Vec::new();
    for x in shown {
        let record = b.tensors[x as usize];
        if record.dtype == F32 {
            outputs.push(x);
            continue;
        }
        let out = b.activation(F32, record.shape());
        b.step(Opcode::Dequantise, &[x], &[out], &[]);
        outputs.push(out);
    }
    for x in [small, wide] {
        matrices(b, noise, x, &mut outputs);
    }
    b.function("windows", &[reals], &outputs);
}

/// A convolution of six channels to six; with as many groups each stands alone.
fn conv(b: &mut Builder, noise: &mut Noise, x: u32, dtype: DType, groups: u32) -> u32 {
    let dims = [6, 2, 2, 6 / groups];
    let weights = noise.i8s(dims.iter().product());
    let geometry = [2, 2, 1, 1, 1, 1, 1, 0];
    if dtype == F32 {
        let out = b.activation(F32, &IMAGES);
        let w = match groups {
            2 => b.weights(F16, &dims, &noise.f16s(weights.len() as u32)),
            _ => b.weights(F32, &dims, &noise.f32s(weights.len() as u32)),
        };
        let bias = b.weights(F32, &[6], &noise.f32s(6));
        let attributes = [&geometry[..], &FREE, &[groups]].concat();
        b.step(Opcode::Conv, &[x, w, bias], &[out], &attributes);
        return out;
    }
    let out = b.quantised(I16, &IMAGES, 0.001, 0);
    let factor = if dtype == I8 { 0.5 } else { 0.002 };
    let w = match groups {
        2 => b.weights(I8, &dims, &weights),
        _ => b.nibbles(&dims, &weights.iter().map(|w| w >> 4).collect::<Vec<_>>()),
    };
    let inputs = [x, w, b.bias(6, 50), b.scales(6, factor)];
    let attributes = [&geometry[..], &I16_RANGE, &[groups]].concat();
    b.step(Opcode::Conv, &inputs, &[out], &attributes);
    out
}

/// `Dense` and `TopKDense` with four-bit rows of odd and of even length.
fn matrices(b: &mut Builder, noise: &mut Noise, x: u32, outputs: &mut Vec<u32>) {
    let mut rows = |b: &mut Builder, dims: &[u32]| {
        let weights = noise.i8s(dims.iter().product());
        b.nibbles(dims, &weights.iter().map(|w| w >> 4).collect::<Vec<_>>())
    };
    let x = b.view(x, &[24, 3]);
    let out = b.quantised(I32, &[24, 2], 0.001, 0);
    let w = rows(b, &[2, 3]);
    let inputs = [x, w, b.bias(2, -9), b.scales(2, 0.3)];
    b.step(Opcode::Dense, &inputs, &[out], &ALL_I32);
    outputs.push(out);
    let x = b.view(x, &[18, 4]);
    let out = b.quantised(I8, &[18, 2], 0.1, 1);
    let w = rows(b, &[2, 4]);
    let wide = b.tensors[x as usize].dtype == I16;
    let factor = if wide { 0.001 } else { 0.1 };
    let inputs = [x, w, b.bias(2, 9), b.scales(2, factor)];
    b.step(Opcode::Dense, &inputs, &[out], &I8_RANGE);
    let real = b.activation(F32, &[18, 2]);
    b.step(Opcode::Dequantise, &[out], &[real], &[]);
    outputs.push(real);
    let (ids, scores) = (b.activation(I32, &[18, 2]), b.activation(I32, &[18, 2]));
    let w = rows(b, &[5, 4]);
    let inputs = [x, w, b.bias(5, 0), b.scales(5, 0.3)];
    b.step(Opcode::TopKDense, &inputs, &[ids, scores], &[]);
    outputs.extend([ids, scores]);
}

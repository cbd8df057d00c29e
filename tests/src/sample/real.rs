//! The function that runs every float operator, with f32 or with f16 weights.

use super::Noise;
use crate::builder::{Builder, transpose_words};
use qibu::format::DType::{F16, F32, I32};
use qibu::format::{DType, Opcode};

/// Adds the function `name`, with weights of type `dtype`.
pub(super) fn add(b: &mut Builder, noise: &mut Noise, dtype: DType, name: &str) {
    let constant = |b: &mut Builder, noise: &mut Noise, dims: &[u32]| {
        let count = dims.iter().product();
        match dtype {
            F16 => b.weights(F16, dims, &noise.f16s(count)),
            _ => b.weights(F32, dims, &noise.f32s(count)),
        }
    };
    let free = [f32::NEG_INFINITY, f32::INFINITY].map(f32::to_bits);
    let dims = [1, 2, 3, 4];
    let ids = b.activation(I32, &[6]);
    let table = constant(b, noise, &[9, 4]);
    let x = b.activation(F32, &dims);
    b.step(Opcode::Gather, &[table, ids], &[x], &[9, 4]);
    let input = b.activation(F32, &[1, 4]);
    let shifted = b.activation(F32, &dims);
    b.step(
        Opcode::Add,
        &[x, input],
        &[shifted],
        &[&[0, 0][..], &free].concat(),
    );
    let w = constant(b, noise, &[4, 2, 2, 4]);
    let bias = b.weights(F32, &[4], &noise.f32s(4));
    let conv = b.activation(F32, &dims);
    let attributes = [&[2, 2, 1, 1, 1, 1, 1, 0][..], &free, &[1]].concat();
    b.step(Opcode::Conv, &[shifted, w, bias], &[conv], &attributes);
    let gated = b.replacing(conv, 1.0, 0);
    b.step(Opcode::Gate, &[conv, shifted, x], &[gated], &[0; 2]);
    let mut last = gated;
    for function in 0..4 {
        // In turns apart and in place.
        let out = match function % 2 {
            0 => b.activation(F32, &dims),
            _ => b.replacing(last, 1.0, 0),
        };
        b.step(Opcode::Unary, &[last], &[out], &[function, 0, 0]);
        last = out;
    }
    let factors = b.weights(F32, &[4], &noise.f32s(4));
    let product = b.replacing(last, 1.0, 0);
    b.step(
        Opcode::Mul,
        &[last, factors],
        &[product],
        &[&[0][..], &free].concat(),
    );
    let turned = b.activation(F32, &[1, 3, 2, 4]);
    b.step(
        Opcode::Copy,
        &[product],
        &[turned],
        &transpose_words(&dims, &[0, 2, 1, 3]),
    );
    let mean = b.activation(F32, &[1, 3, 4]);
    b.step(Opcode::Mean, &[turned], &[mean], &[0]);
    let w = constant(b, noise, &[5, 4]);
    let bias = b.weights(F32, &[5], &noise.f32s(5));
    let dense = b.activation(F32, &[1, 3, 5]);
    let clamp = [-1.0f32, 1.0].map(f32::to_bits);
    b.step(Opcode::Dense, &[mean, w, bias], &[dense], &clamp);
    let (best, score) = (b.activation(I32, &[1, 3, 2]), b.activation(F32, &[1, 3, 2]));
    let w = constant(b, noise, &[7, 4]);
    let bias = b.weights(F32, &[7], &noise.f32s(7));
    b.step(Opcode::TopKDense, &[mean, w, bias], &[best, score], &[]);
    b.function(name, &[ids, input], &[dense, best, score]);
}

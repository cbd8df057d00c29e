//! The function that runs every elementwise function of floats and of truth values.

use crate::builder::Builder;
use qibu::format::DType::{Bool, F32};
use qibu::format::Opcode;
use qibu::{Function1, Function2};

/// Joins `parts`, all of one type, four at a time until one is left.
pub(super) fn join(b: &mut Builder, mut parts: Vec<u32>) -> u32 {
    let elements = |b: &Builder, part: u32| {
        let shape = b.tensors[part as usize].shape();
        shape.iter().product::<u32>() as usize
    };
    while parts.len() > 1 {
        parts = parts
            .chunks(4)
            .map(|chunk| {
                let dtype = b.tensors[chunk[0] as usize].dtype;
                let length: usize = chunk.iter().map(|&part| elements(b, part)).sum();
                let out = b.activation(dtype, &[length as u32]);
                b.step(Opcode::Concat, chunk, &[out], &[1, 0, 0, 0, 0]);
                out
            })
            .collect();
    }
    parts[0]
}

/// Adds the function `elements`.
pub(super) fn add(b: &mut Builder) {
    let x = b.activation(F32, &[1, 4]);
    let y = b.activation(F32, &[3, 1]);
    let truth = b.activation(Bool, &[3, 1]);
    let words = [0.5f32, 0.75].map(f32::to_bits);
    let (mut reals, mut truths) = (Vec::new(), Vec::new());
    for function in Function1::ALL {
        let (input, dtype, dims, list) = match function {
            Function1::Not => (truth, Bool, [3, 1], &mut truths),
            _ => (x, F32, [1, 4], &mut reals),
        };
        let out = b.activation(dtype, &dims);
        let attributes = [function as u32, words[0], words[1]];
        b.step(Opcode::Unary, &[input], &[out], &attributes);
        list.push(out);
    }
    let constant = b.weights(Bool, &[1, 4], &[0u8, 1, 0, 255]);
    for function in Function2::ALL {
        if function.takes_numbers() {
            let dtype = if function.compares() { Bool } else { F32 };
            let out = b.activation(dtype, &[3, 4]);
            b.step(Opcode::Binary, &[x, y], &[out], &[function as u32]);
            if function.compares() {
                truths.push(out);
            } else {
                reals.push(out);
            }
        }
        if function.takes_bools() {
            let out = b.activation(Bool, &[3, 4]);
            b.step(
                Opcode::Binary,
                &[truth, constant],
                &[out],
                &[function as u32],
            );
            truths.push(out);
        }
    }
    let reals = join(b, reals);
    let truths = join(b, truths);
    b.function("elements", &[x, y, truth], &[reals, truths]);
}

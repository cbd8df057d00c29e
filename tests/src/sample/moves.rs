//! The function that runs every elementwise function of integers, and what moves elements.

use super::elements::join;
use crate::builder::{Builder, scale_word};
use qibu::format::DType::{Bool, F32, I8, I16, I32};
use qibu::format::Opcode;
use qibu::{Function1, Function2};

/// Adds the function `moves`.
pub(super) fn add(b: &mut Builder) {
    let ids = b.activation(I32, &[2]);
    let small = b.quantised(I8, &[2, 3], 0.5, -4);
    let wide = b.quantised(I16, &[2, 3], 0.25, 0);
    let truth = b.activation(Bool, &[3]);
    let mut numbers = integers(b, ids);
    numbers.extend(casts(b, numbers[0]));

    // Padded by two columns on the left, every second row; the room is −7.
    let spread = b.quantised(I8, &[4, 6], 0.5, -4);
    let attributes = [0xF9, 0, 2, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0];
    b.step(Opcode::Pad, &[small], &[spread], &attributes);
    let other = b.weights(I8, &[2, 1], &[100i8, -100]);
    let record = &mut b.tensors[other as usize];
    (record.scale, record.zero_point) = (0.5, -4);
    let chosen = b.quantised(I8, &[2, 3], 0.5, -4);
    b.step(Opcode::Where, &[truth, small, other], &[chosen], &[]);
    let joined = b.quantised(I8, &[2, 9], 1.0, 3);
    let attributes = [2, scale_word(0.5), 0, scale_word(0.25), 0];
    b.step(
        Opcode::Concat,
        &[small, chosen, small],
        &[joined],
        &attributes,
    );
    let joined_wide = b.quantised(I16, &[4, 3], 1.0, 0);
    let attributes = [2, 0, scale_word(0.25), 0, 0];
    b.step(Opcode::Concat, &[wide, wide], &[joined_wide], &attributes);

    // Columns of the inner table, by ids that the caller sets and by constant ones.
    let columns = b.quantised(I16, &[4, 2], 1.0, 0);
    let table = b.view(joined_wide, &[4, 3, 1]);
    let constant = b.words(I32, &[-1i32 as u32, 99]);
    b.step(Opcode::Gather, &[table, constant], &[columns], &[3, 1]);
    let rows = b.activation(Bool, &[2, 3]);
    let bits = b.weights(Bool, &[9, 3], &[1u8; 27]);
    b.step(Opcode::Gather, &[bits, ids], &[rows], &[9, 3]);
    let packed = b.nibbles(&[9, 3], &[-8, 7, 0, 1, -1, 3, 5, -6, 2].repeat(3));
    let unpacked = b.quantised(I8, &[2, 3], 0.5, 0);
    b.step(Opcode::Gather, &[packed, ids], &[unpacked], &[9, 3]);
    let scattered = b.quantised(I8, &[9, 2], 1.0, 3);
    let data = b.view(joined, &[9, 2]);
    let updates = b.weights(I8, &[2, 2], &[1i8, 2, 3, 4]);
    b.step(
        Opcode::Scatter,
        &[data, ids, updates],
        &[scattered],
        &[0, 2],
    );
    for kind in 1..5 {
        let out = b.activation(I32, &[9]);
        let data = b.words(I32, &[3, 1, 4, 1, 5, 9, 2, 6, 5]);
        b.step(Opcode::Scatter, &[data, ids, ids], &[out], &[kind, 1]);
        numbers.push(out);
    }
    let sums = b.activation(F32, &[9, 1]);
    let data = b.weights(F32, &[9], &[0.5f32; 9]);
    let updates = b.weights(F32, &[2], &[1.0f32, -2.0]);
    b.step(Opcode::Scatter, &[data, ids, updates], &[sums], &[1, 1]);
    let numbers = join(b, numbers);
    // What no step reads.
    b.table("offsets", I32, &[2, 2], &[0i32, 1, -1, i32::MAX]);
    b.table("seconds", I16, &[3], &[1u16, 2, 65535]);
    b.function(
        "moves",
        &[ids, small, wide, truth],
        &[
            numbers, spread, joined, columns, rows, scattered, sums, unpacked,
        ],
    );
}

/// Every function of int32, its results as int32.
fn integers(b: &mut Builder, ids: u32) -> Vec<u32> {
    let other = b.words(I32, &[3, -2i32 as u32, i32::MIN as u32]);
    let other = {
        let offset = b.tensors[other as usize].offset;
        b.tensor(I32, qibu::format::Place::Parameters, &[3, 1], offset)
    };
    let mut numbers = Vec::new();
    for function in Function1::ALL {
        if function.apply_i32(0).is_some() {
            let out = b.activation(I32, &[2]);
            b.step(Opcode::Unary, &[ids], &[out], &[function as u32, 0, 0]);
            numbers.push(out);
        }
    }
    for function in Function2::ALL {
        if !function.takes_numbers() {
            continue;
        }
        let out = b.activation(I32, &[3, 2]);
        if function.compares() {
            let truth = b.activation(Bool, &[3, 2]);
            b.step(Opcode::Binary, &[ids, other], &[truth], &[function as u32]);
            b.step(Opcode::Cast, &[truth], &[out], &[]);
        } else {
            b.step(Opcode::Binary, &[ids, other], &[out], &[function as u32]);
        }
        numbers.push(out);
    }
    numbers
}

/// int32 → f32 → int32, and by truth values.
fn casts(b: &mut Builder, x: u32) -> [u32; 2] {
    let real = b.activation(F32, &[2]);
    b.step(Opcode::Cast, &[x], &[real], &[]);
    let back = b.activation(I32, &[2]);
    b.step(Opcode::Cast, &[real], &[back], &[]);
    let truths = [real, x].map(|from| {
        let truth = b.activation(Bool, &[2]);
        b.step(Opcode::Cast, &[from], &[truth], &[]);
        truth
    });
    let one = b.activation(F32, &[2]);
    b.step(Opcode::Cast, &[truths[0]], &[one], &[]);
    let last = b.activation(I32, &[2]);
    b.step(Opcode::Cast, &[truths[1]], &[last], &[]);
    [back, last]
}

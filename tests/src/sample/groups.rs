//! `TopKGroups` in integers, with four-bit weights and in real numbers, over one table of groups.

use super::{Noise, layer};
use crate::builder::Builder;
use qibu::format::DType::{F32, I8, I16, I32};
use qibu::format::Opcode;

/// Rows, in lines of [`LINE`].
const ROWS: u32 = 6;
const LINE: u32 = 3;
/// Lists of the rows: two of each but the last of a line, which has 31.
const LISTS: u32 = ROWS / LINE * (2 * (LINE - 1) + 31);
const ENTRIES: u32 = 9;

pub(super) fn add(b: &mut Builder, noise: &mut Noise) {
    let input = b.activation(F32, &[ROWS, 4]);
    let x = b.quantised(I8, &[ROWS, 4], 0.05, 3);
    b.step(Opcode::Quantise, &[input], &[x], &[]);
    let groups: [[u8; 2]; ENTRIES as usize] = [
        [0, 255],
        [30, 255],
        [0, 29],
        [31, 30],
        [255, 255],
        [29, 30],
        [30, 30],
        [31, 255],
        [7, 40],
    ];
    let groups = groups.map(i16::from_le_bytes);
    let groups = b.table("prosody", I16, &[ENTRIES], &groups);
    let mut outputs = Vec::new();
    let mut step = |b: &mut Builder, inputs: &[u32], scores| {
        let [ids, scores] = [I32, scores].map(|dtype| b.activation(dtype, &[LISTS, 2]));
        let inputs = [inputs, &[groups]].concat();
        b.step(Opcode::TopKGroups, &inputs, &[ids, scores], &[LINE]);
        outputs.extend([ids, scores]);
    };
    let plain = layer(b, noise, x, &[ENTRIES, 4], 7, 0.5);
    step(b, &plain, I32);
    let nibbles: Vec<i8> = noise.i8s(4 * ENTRIES).iter().map(|w| w >> 4).collect();
    let w = b.nibbles(&[ENTRIES, 4], &nibbles);
    let packed = [x, w, plain[2], plain[3]];
    step(b, &packed, I32);
    let w = b.weights(F32, &[ENTRIES, 4], &noise.f32s(4 * ENTRIES));
    let bias = b.weights(F32, &[ENTRIES], &noise.f32s(ENTRIES));
    step(b, &[input, w, bias], F32);
    b.function("groups", &[input], &outputs);
}

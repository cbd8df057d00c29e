//! Small models that compose: the same candidates everywhere.

use crate::builder::{Builder, FREE};
use qibu::decode::pairs;
use qibu::decode::prosody::{LEVEL, NONE, OBLIQUE};
use qibu::format::{DType, Opcode, Place};
use qibu_compiler::aligned::AlignedBytes;

/// Two level characters of each of two rhymes, four oblique ones, one of an unknown rhyme, one of none.
pub const VOCABULARY: &str = "东同冬农月日石木〇々";
/// Groups of each.
pub const GROUPS: [[u8; 2]; 10] = [
    [0, NONE],
    [0, NONE],
    [1, NONE],
    [1, NONE],
    [OBLIQUE, NONE],
    [OBLIQUE, NONE],
    [OBLIQUE, NONE],
    [OBLIQUE, NONE],
    [LEVEL, NONE],
    [NONE, NONE],
];
/// Places of a list, and dimensions of the latent.
pub const K: usize = 4;

/// A model to write, and to break.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Characters of a line.
    pub form: &'static str,
    /// Lines.
    pub lines: usize,
    /// Of the scores.
    pub dtype: DType,
    /// Elements of table `prosody`.
    pub prosody: usize,
    /// Of the scores.
    pub scale: f32,
}

/// Two lines of five characters.
pub const COUPLET: Shape = Shape {
    form: "5",
    lines: 2,
    dtype: DType::F32,
    prosody: GROUPS.len(),
    scale: 1.0,
};

/// Its candidates are the same at all positions, of scores −1, −2, … nats of f32, or of that many
/// units. Float scores have the latent added: one number for each place of a list.
///
/// # Panics
/// Never for shapes that have so few characters.
#[must_use]
pub fn file(shape: &Shape) -> AlignedBytes {
    let mut builder = Builder::new(&[("vocab", VOCABULARY), ("form", shape.form)]);
    let line: usize = shape.form.parse().unwrap_or(5);
    let mut ids = Vec::new();
    for position in 0..line * shape.lines {
        let is_last = position % line == line - 1;
        for list in 0..if is_last { 31 } else { 2 } {
            let is_level = |codes: [u8; 2]| codes[0] < OBLIQUE || codes[0] == LEVEL;
            let suits = |&id: &usize| match (is_last, list) {
                (true, list) => GROUPS[id][0] == list,
                (false, 0) => is_level(GROUPS[id]),
                _ => GROUPS[id][0] == OBLIQUE,
            };
            let mut members: Vec<i32> = (0..10).filter(suits).map(|id| id as i32).collect();
            members.resize(K, -1);
            ids.extend(members);
        }
    }
    let lists = (ids.len() / K) as u32;
    let rows = [1, lists, K as u32];
    let scores: Vec<i32> = (0..ids.len())
        .map(|place| -1 - (place % K) as i32)
        .collect();
    let z = builder.activation(DType::F32, &[1, K as u32]);
    let (all, found) = (
        builder.weights(DType::I32, &rows, &ids),
        builder.activation(DType::I32, &rows),
    );
    let copy = |builder: &mut Builder, from, to, stride: u32| {
        let mut words = vec![0, 1, 1, 1, 1];
        words.extend([lists, K as u32, 0, 0, 0, 0, stride, 1]);
        builder.step(Opcode::Copy, &[from], &[to], &words);
    };
    copy(&mut builder, all, found, K as u32);
    let scored = builder.activation(shape.dtype, &rows);
    if shape.dtype == DType::F32 {
        let floats: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
        let base = builder.weights(DType::F32, &rows, &floats);
        copy(&mut builder, z, scored, 0);
        let sum = builder.tensor(DType::F32, Place::Arena, &rows, 0);
        builder.tensors[sum as usize].offset = builder.tensors[scored as usize].offset;
        builder.step(
            Opcode::Add,
            &[scored, base],
            &[sum],
            &[&[0, 0], &FREE[..]].concat(),
        );
        builder.function("compose", &[z], &[found, sum]);
    } else {
        let base = builder.weights(shape.dtype, &rows, &scores);
        copy(&mut builder, base, scored, K as u32);
        builder.tensors[scored as usize].scale = shape.scale;
        builder.function("compose", &[z], &[found, scored]);
    }
    let groups: Vec<u16> = GROUPS.iter().map(|&two| u16::from_le_bytes(two)).collect();
    let groups = &groups[..shape.prosody];
    builder.table("prosody", DType::I16, &[groups.len() as u32], groups);
    // Every slot is zero: chance says which pairs are in the set, 65,536 units each.
    let mut table = vec![0u8; pairs::table_length(3, 4, 1).unwrap()];
    (table[4], table[6], table[7], table[10]) = (3, 4, 1, 1);
    builder.table("pairs", DType::I8, &[table.len() as u32], &table);
    builder.finish()
}

//! One named case for every way in which a file is refused, with the exact error.

mod files;
mod groups;
mod in_place;
mod operators;
mod records;
mod tables;

use qibu::format::{DType, Opcode};
use qibu::{Limits, LoadError, Model};
use qibu_tests::builder::Builder;

/// x f32 [1, 4] → Quantise → Dense → int32 [1, 2].
fn tiny() -> Builder {
    let mut b = Builder::new(&[("task", "test")]);
    let x = b.activation(DType::F32, &[1, 4]);
    let q = b.activation(DType::I8, &[1, 4]);
    let w = b.weights(DType::I8, &[2, 4], &[1i8, -2, 3, -4, 5, -6, 7, -8]);
    let (bias, scales) = (b.bias(2, 10), b.scales(2, 0.5));
    let out = b.activation(DType::I32, &[1, 2]);
    b.step(Opcode::Quantise, &[x], &[q], &[]);
    b.step(Opcode::Dense, &[q, w, bias, scales], &[out], &[0, 127]);
    b.function("main", &[x], &[out]);
    b
}

fn load(file: &[u8]) -> Result<(), LoadError> {
    Model::load_within(file, Limits { macs: 1_000_000 }).map(|_| ())
}

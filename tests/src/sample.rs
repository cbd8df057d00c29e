//! A tiny poem model from a seed, for every test that needs a model and not a trained one.
//!
//! `generate` and `encode` have the bones of a trained poem model; the other functions run every
//! operator in every form. Weights are noise, so the couplets are, too.

mod elements;
mod groups;
mod lanes;
mod moves;
mod real;
mod windows;

use crate::builder::{Builder, I8_RANGE, scale_word, transpose_words};
use qibu::format::DType::{F16, F32, I8, I16, I32};
use qibu::format::Opcode;
use qibu::math;
use qibu::random::Random;
use qibu_compiler::aligned::AlignedBytes;

/// Dimensions of the latent.
pub const LATENT: u32 = 8;
/// Characters of a couplet.
pub const POSITIONS: u32 = 10;
/// Channels of the network.
pub const CHANNELS: u32 = 16;
/// Candidates of a position.
pub const CANDIDATES: u32 = 4;
/// The characters; one line of ten and some, all of three bytes.
pub const VOCABULARY: &str =
    "春眠不觉晓处闻啼鸟夜来风雨声花落知多少白日依山尽黄河入海流欲穷千里目更上一层楼明月光";

const I16_RANGE: [u32; 2] = [-32768i32 as u32, 32767];
const ALL_I32: [u32; 2] = [i32::MIN as u32, i32::MAX as u32];
/// Kernel, stride, dilation and padding of a 1-D convolution of three taps that keeps the length.
const THREE_TAPS: [u32; 8] = [1, 3, 1, 1, 1, 1, 0, 1];

/// The model's file.
#[must_use]
pub fn sample() -> AlignedBytes {
    builder().finish()
}

/// Names of the functions.
pub const FUNCTIONS: [&str; 10] = [
    "generate", "encode", "integers", "floats", "halves", "elements", "moves", "lanes", "windows",
    "groups",
];

/// The model before it is written, for tests that break it.
#[must_use]
pub fn builder() -> Builder {
    of(&FUNCTIONS)
}

/// The model with one of its functions.
#[must_use]
pub fn only(name: &str) -> Builder {
    of(&[name])
}

fn of(functions: &[&str]) -> Builder {
    let mut builder = Builder::new(&[
        ("task", "poem"),
        ("vocab", VOCABULARY),
        ("temperature_milli", "900"),
    ]);
    let mut noise = Noise(Random::new(2));
    for &name in functions {
        let add: fn(&mut Builder, &mut Noise) = match name {
            "generate" => generate,
            "encode" => encode,
            "integers" => integers,
            "floats" => |b, noise| real::add(b, noise, F32, "floats"),
            "halves" => |b, noise| real::add(b, noise, F16, "halves"),
            "elements" => |b, _| elements::add(b),
            "moves" => |b, _| moves::add(b),
            "lanes" => lanes::add,
            "windows" => windows::add,
            "groups" => groups::add,
            _ => panic!("no function {name}"),
        };
        add(&mut builder, &mut noise);
    }
    builder
}

/// Number of characters.
#[must_use]
pub fn vocabulary() -> u32 {
    VOCABULARY.chars().count() as u32
}

/// Seeded weights.
struct Noise(Random);

impl Noise {
    fn i8s(&mut self, count: u32) -> Vec<i8> {
        (0..count)
            .map(|_| (self.0.next_u32() as i8).max(-127))
            .collect()
    }

    fn f32s(&mut self, count: u32) -> Vec<f32> {
        (0..count).map(|_| self.0.uniform() - 0.5).collect()
    }

    fn f16s(&mut self, count: u32) -> Vec<u16> {
        let floats = self.f32s(count);
        floats
            .into_iter()
            .map(|x| half::f16::from_f32(x).to_bits())
            .collect()
    }
}

/// The table of `Gate` for `b` with this many real units per step of 16 bits.
fn gate_table(builder: &mut Builder, scale: f32) -> u32 {
    let entry = |i: i32| (math::sigmoid((i * 256) as f32 * scale) * 32767.0 + 0.5) as i16;
    builder.weights(I16, &[257], &(-128..=128).map(entry).collect::<Vec<_>>())
}

/// Inputs x, w, bias, scale words of an integer layer.
fn layer(
    builder: &mut Builder,
    noise: &mut Noise,
    x: u32,
    dims: &[u32],
    bias: i32,
    factor: f64,
) -> [u32; 4] {
    let rows = dims[0] as usize;
    let weights = noise.i8s(dims.iter().product());
    let w = builder.weights(I8, dims, &weights);
    [x, w, builder.bias(rows, bias), builder.scales(rows, factor)]
}

/// z → Quantise → Dense → two convolutions → Gate → TopKDense, in int16 behind the latent.
fn generate(b: &mut Builder, noise: &mut Noise) {
    let line = [1, 1, POSITIONS, CHANNELS];
    let z = b.activation(F32, &[1, LATENT]);
    let q = b.quantised(I8, &[1, LATENT], 4.0 / 127.0, 0);
    b.step(Opcode::Quantise, &[z], &[q], &[]);
    let wide = b.quantised(I16, &[1, POSITIONS * CHANNELS], 1.0 / 4096.0, 0);
    let inputs = layer(b, noise, q, &[POSITIONS * CHANNELS, LATENT], 0, 0.5);
    b.step(Opcode::Dense, &inputs, &[wide], &I16_RANGE);
    let x = b.view(wide, &line);
    let gates = [0, 1].map(|_| {
        let out = b.quantised(I16, &line, 1.0 / 8192.0, 0);
        let inputs = layer(b, noise, x, &[CHANNELS, 1, 3, CHANNELS], 100, 0.004);
        let attributes = [&THREE_TAPS[..], &I16_RANGE, &[1]].concat();
        b.step(Opcode::Conv, &inputs, &[out], &attributes);
        out
    });
    let table = gate_table(b, 1.0 / 8192.0);
    let out = b.quantised(I16, &line, 1.0 / 4096.0, 0);
    let scales = [scale_word(1.0 / 256.0), scale_word(1.0 / 512.0)];
    b.step(
        Opcode::Gate,
        &[gates[0], gates[1], x, table],
        &[out],
        &scales,
    );
    let top = [1, POSITIONS, CANDIDATES];
    let (ids, scores) = (b.activation(I32, &top), b.activation(I32, &top));
    let inputs = layer(b, noise, out, &[vocabulary(), CHANNELS], 0, 0.01);
    b.step(Opcode::TopKDense, &inputs, &[ids, scores], &[]);
    b.function("generate", &[z], &[ids, scores]);
}

/// ids → Gather → convolution → Mean → Dense → Dequantise, in int8 with zero points.
fn encode(b: &mut Builder, noise: &mut Noise) {
    let line = [1, 1, POSITIONS, CHANNELS];
    let ids = b.activation(I32, &[1, POSITIONS]);
    let rows = noise.i8s(vocabulary() * CHANNELS);
    let table = b.weights(I8, &[vocabulary(), CHANNELS], &rows);
    let x = b.quantised(I8, &line, 0.02, -3);
    let words = [vocabulary(), CHANNELS];
    b.step(Opcode::Gather, &[table, ids], &[x], &words);
    let y = b.quantised(I8, &line, 0.03, 11);
    let inputs = layer(b, noise, x, &[CHANNELS, 1, 3, CHANNELS], -500, 0.001);
    b.step(
        Opcode::Conv,
        &inputs,
        &[y],
        &[&THREE_TAPS[..], &I8_RANGE, &[1]].concat(),
    );
    let mean = b.quantised(I8, &[1, 1, CHANNELS], 0.01, -5);
    b.step(
        Opcode::Mean,
        &[y],
        &[mean],
        &[scale_word(3.0 / f64::from(POSITIONS))],
    );
    let mu = b.quantised(I8, &[1, LATENT], 0.05, 7);
    let inputs = layer(b, noise, mean, &[LATENT, CHANNELS], 40, 0.003);
    b.step(Opcode::Dense, &inputs, &[mu], &I8_RANGE);
    let out = b.activation(F32, &[1, LATENT]);
    b.step(Opcode::Dequantise, &[mu], &[out], &[]);
    b.function("encode", &[ids], &[out]);
}

/// The integer operators that a poem does not need; elementwise ones in place.
fn integers(b: &mut Builder, noise: &mut Noise) {
    let dims = [1, 2, 3, 4];
    let input = b.activation(F32, &dims);
    let x = b.quantised(I8, &dims, 0.05, -9);
    b.step(Opcode::Quantise, &[input], &[x], &[]);
    let wide = b.quantised(I16, &dims, 0.001, 0);
    b.step(Opcode::Quantise, &[input], &[wide], &[]);
    let squashed = b.quantised(I8, &dims, 1.0 / 256.0, -128);
    let entries: Vec<i8> = (-128..128)
        .map(|q: i32| (math::sigmoid((q + 9) as f32 * 0.05) * 255.0 - 127.5) as i8)
        .collect();
    let table = b.weights(I8, &[256], &entries);
    b.step(Opcode::Unary, &[x, table], &[squashed], &[0; 3]);
    let sum = b.replacing(squashed, 0.06, 2);
    let halves = [scale_word(0.4 / 128.0), scale_word(0.3 / 128.0)];
    b.step(
        Opcode::Add,
        &[x, squashed],
        &[sum],
        &[&halves[..], &I8_RANGE].concat(),
    );
    let channel = noise.i8s(4);
    let factors = b.weights(I8, &[4], &channel);
    let product = b.replacing(wide, 0.01, 0);
    let attributes = [&[scale_word(0.2)][..], &I16_RANGE].concat();
    b.step(Opcode::Mul, &[wide, factors], &[product], &attributes);
    let gated = b.replacing(sum, 0.05, 1);
    let table = gate_table(b, 1.0 / 4096.0);
    let scales = [scale_word(1.0 / 512.0), scale_word(1.0 / 300.0)];
    b.step(Opcode::Gate, &[product, x, sum, table], &[gated], &scales);
    let turned = b.quantised(I8, &[1, 4, 2, 3], 0.05, 1);
    b.step(
        Opcode::Copy,
        &[gated],
        &[turned],
        &transpose_words(&dims, &[0, 3, 1, 2]),
    );
    let scores = b.quantised(I32, &[1, 4, 2, 5], 0.001, 0);
    let inputs = layer(b, noise, turned, &[5, 3], 12, 0.9);
    b.step(Opcode::Dense, &inputs, &[scores], &ALL_I32);
    let out = b.activation(F32, &[1, 4, 2, 5]);
    b.step(Opcode::Dequantise, &[scores], &[out], &[]);
    let (best, score) = (
        b.activation(I32, &[1, 4, 2, 2]),
        b.activation(I32, &[1, 4, 2, 2]),
    );
    let inputs = layer(b, noise, turned, &[6, 3], 0, 0.5);
    b.step(Opcode::TopKDense, &inputs, &[best, score], &[]);
    b.function("integers", &[input], &[out, best, score]);
}

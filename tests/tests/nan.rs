//! NaN results are written as 0x7FC00000: payload and sign of a NaN that an operation makes or
//! passes on differ by processor.

use qibu::Model;
use qibu::format::{DType, Opcode};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::{Builder, FREE, transpose_words};

const CANONICAL: u32 = 0x7FC0_0000;
/// A signalling one, a negative one, and one with a payload.
const NANS: [u32; 3] = [0x7F80_0001, 0xFFC0_0000, 0x7FC1_2345];

/// Runs the step that `build` adds from input `x` to output `y`, both f32 `[1, 3, 1]`.
fn run(build: impl Fn(&mut Builder, u32, u32)) -> Vec<u32> {
    let mut builder = Builder::default();
    let x = builder.activation(DType::F32, &[1, 3, 1]);
    let y = builder.activation(DType::F32, &[1, 3, 1]);
    build(&mut builder, x, y);
    builder.function("main", &[x], &[y]);
    let file = builder.finish();
    let model = Model::load(&file).unwrap();
    let function = model.function("main").unwrap();
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = function.bind(&mut arena).unwrap();
    run.set_f32(0, &NANS.map(f32::from_bits)).unwrap();
    run.execute().unwrap();
    run.output_f32(0)
        .unwrap()
        .iter()
        .map(|x| x.to_bits())
        .collect()
}

#[test]
fn every_function_writes_the_canonical_nan() {
    // All but the last, which takes truth values.
    for code in 0..30 {
        let bits = run(|b, x, y| b.step(Opcode::Unary, &[x], &[y], &[code, 0, 0]));
        assert_eq!(bits, [CANONICAL; 3], "function {code}");
    }
}

#[test]
fn every_function_of_two_writes_the_canonical_nan() {
    // Those that give numbers.
    for code in (0..9).chain([17]) {
        let both = run(|b, x, y| b.step(Opcode::Binary, &[x, x], &[y], &[code]));
        assert_eq!(both, [CANONICAL; 3], "function {code}");
        let one = run(|b, x, y| {
            let two = b.weights(DType::F32, &[1], &[2.0f32]);
            b.step(Opcode::Binary, &[x, two], &[y], &[code]);
        });
        assert_eq!(one, [CANONICAL; 3], "function {code}");
        // A slope that a positive number does not meet, and NaN to the power of anything but zero.
        if code != 17 {
            let other = run(|b, x, y| {
                let two = b.weights(DType::F32, &[1], &[2.0f32]);
                b.step(Opcode::Binary, &[two, x], &[y], &[code]);
            });
            assert_eq!(other, [CANONICAL; 3], "function {code}");
        }
    }
}

#[test]
fn combining_scatter_writes_the_canonical_nan_and_replacing_copies_bits() {
    for kind in 0..5 {
        let bits = run(|b, x, y| {
            let data = b.weights(DType::F32, &[3], &[1.0f32, 2.0, 3.0]);
            let ids = b.words(DType::I32, &[0, 1, 2]);
            b.step(Opcode::Scatter, &[data, ids, x], &[y], &[kind, 1]);
        });
        let expected = if kind == 0 { NANS } else { [CANONICAL; 3] };
        assert_eq!(bits, expected, "kind {kind}");
    }
}

#[test]
fn gate_writes_the_canonical_nan() {
    let bits = run(|b, x, y| b.step(Opcode::Gate, &[x, x, x], &[y], &[0; 2]));
    assert_eq!(bits, [CANONICAL; 3]);
}

#[test]
fn mean_writes_the_canonical_nan() {
    let bits = run(|b, x, y| {
        let turned = b.activation(DType::F32, &[3, 1, 1]);
        b.step(
            Opcode::Copy,
            &[x],
            &[turned],
            &transpose_words(&[1, 3, 1], &[1, 0, 2]),
        );
        b.step(Opcode::Mean, &[turned], &[y], &[0]);
    });
    assert_eq!(bits, [CANONICAL; 3]);
}

#[test]
fn arithmetic_and_matrices_write_the_canonical_nan() {
    let free = [&[0, 0][..], &FREE].concat();
    let bits = run(|b, x, y| b.step(Opcode::Add, &[x, x], &[y], &free));
    assert_eq!(bits, [CANONICAL; 3]);
    let bits = run(|b, x, y| b.step(Opcode::Mul, &[x, x], &[y], &free[1..]));
    assert_eq!(bits, [CANONICAL; 3]);
    let bits = run(|b, x, y| {
        let one = b.weights(DType::F32, &[1, 1], &[1.0f32]);
        let bias = b.weights(DType::F32, &[1], &[0.0f32]);
        b.step(Opcode::Dense, &[x, one, bias], &[y], &FREE);
    });
    assert_eq!(bits, [CANONICAL; 3]);
}

#[test]
fn widened_halves_are_canonical_too() {
    let bits = run(|b, _, y| {
        let table = b.weights(DType::F16, &[3, 1], &[0x7C01u16, 0xFE00, 0x7E55]);
        let ids = b.words(DType::I32, &[0, 1, 2]);
        b.step(Opcode::Gather, &[table, ids], &[y], &[3, 1]);
    });
    assert_eq!(bits, [CANONICAL; 3]);
}

/// Flags or kinds that are the third attribute, behind lanes of one element.
#[test]
fn operators_along_an_axis_write_the_canonical_nan() {
    for (opcode, attributes) in [
        (Opcode::Reduce, [0, 1, 1]),
        (Opcode::Reduce, [1, 1, 1]),
        (Opcode::Reduce, [2, 1, 1]),
        (Opcode::Reduce, [3, 1, 1]),
        (Opcode::Softmax, [3, 1, 0]),
        (Opcode::Softmax, [3, 1, 1]),
        (Opcode::Normalise, [3, 0, 0]),
        (Opcode::Normalise, [3, 0, 3]),
        (Opcode::Normalise, [3, 0, 7]),
        (Opcode::CumSum, [3, 1, 0]),
    ] {
        let bits = run(|b, x, y| b.step(opcode, &[x], &[y], &attributes));
        assert_eq!(bits, [CANONICAL; 3], "{opcode:?} {attributes:?}");
    }
}

#[test]
fn selected_values_are_canonical_too() {
    for smallest in [0, 1] {
        let bits = run(|b, x, y| {
            let ids = b.activation(DType::I32, &[3]);
            b.step(Opcode::TopK, &[x], &[y, ids], &[3, 1, smallest]);
        });
        assert_eq!(bits, [CANONICAL; 3]);
    }
}

#[test]
fn pools_and_products_write_the_canonical_nan() {
    for kind in 0..3 {
        let bits = run(|b, x, y| {
            let [x, y] = [x, y].map(|index| b.view(index, &[1, 3, 1, 1]));
            b.step(Opcode::Pool, &[x], &[y], &[kind, 1, 1, 1, 1, 1, 1, 0, 0]);
        });
        assert_eq!(bits, [CANONICAL; 3], "kind {kind}");
    }
    let bits = run(|b, x, y| {
        let one = b.weights(DType::F32, &[1, 1], &[1.0f32]);
        b.step(Opcode::MatMul, &[x, one], &[y], &[0]);
    });
    assert_eq!(bits, [CANONICAL; 3]);
    let bits = run(|b, x, y| {
        let [x, y] = [x, y].map(|index| b.view(index, &[1, 1, 1, 3]));
        let one = b.weights(DType::F32, &[3, 1, 1, 1], &[1.0f32; 3]);
        let bias = b.weights(DType::F32, &[3], &[0.0f32; 3]);
        let attributes = [&[1, 1, 1, 1, 1, 1, 0, 0][..], &FREE, &[3]].concat();
        b.step(Opcode::Conv, &[x, one, bias], &[y], &attributes);
    });
    assert_eq!(bits, [CANONICAL; 3]);
}

//! The largest magnitudes that `load` lets through stay within 32 bits; overflow checks are on here.

use qibu::format::{DType, Opcode};
use qibu::{Fault, LoadError, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::{Builder, I8_RANGE, scale_word};

const I32_RANGE: [u32; 2] = [i32::MIN as u32, i32::MAX as u32];
const I16_RANGE: [u32; 2] = [-32768i32 as u32, 32767];

/// Runs the only function with all inputs at `value`.
fn run(builder: &Builder, value: f32) -> Result<(), LoadError> {
    let file = builder.finish();
    let model = Model::load(&file)?;
    let function = model.function("main").unwrap();
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = function.bind(&mut arena).unwrap();
    let length = function.input(0).unwrap().elements().unwrap();
    run.set_f32(0, &vec![value; length]).unwrap();
    run.execute().unwrap();
    Ok(())
}

/// An input of `dims`, quantised to `dtype` with this zero point.
fn quantised(builder: &mut Builder, dtype: DType, dims: &[u32], zero_point: i32) -> [u32; 2] {
    let x = builder.activation(DType::F32, dims);
    let q = builder.activation(dtype, dims);
    builder.tensors[q as usize].zero_point = zero_point;
    builder.step(Opcode::Quantise, &[x], &[q], &[]);
    [x, q]
}

/// `Dense` of one row of `k` equal weights of type `w`.
fn dense(dtype: DType, w: DType, k: u32, bias: i32, weight: i8) -> Builder {
    let mut builder = Builder::default();
    let [x, q] = quantised(&mut builder, dtype, &[1, k], 0);
    let out = builder.activation(DType::I32, &[1, 1]);
    let weights = vec![weight; k as usize];
    let w = match w {
        DType::I4 => builder.nibbles(&[1, k], &weights),
        _ => builder.weights(w, &[1, k], &weights),
    };
    let bias = builder.words(DType::I32, &[bias as u32]);
    let scales = builder.words(DType::Scale, &[0x7FFF_FF1F]);
    builder.step(Opcode::Dense, &[q, w, bias, scales], &[out], &I32_RANGE);
    builder.function("main", &[x], &[out]);
    builder
}

#[test]
fn dense_up_to_the_bound() {
    for (dtype, magnitude) in [(DType::I8, 255), (DType::I16, 32768)] {
        for (w, least) in [(DType::I8, -128), (DType::I4, -8)] {
            let products = magnitude * -i64::from(least);
            let k = (i64::from(i32::MAX) / products) as u32;
            let rest = (i64::from(i32::MAX) - i64::from(k) * products) as i32;
            for value in [f32::INFINITY, f32::NEG_INFINITY] {
                for weight in [least, -(least + 1)] {
                    for bias in [rest, -rest] {
                        assert_eq!(run(&dense(dtype, w, k, bias, weight), value), Ok(()));
                    }
                }
            }
            let fault = Err(LoadError::Step(1, Fault::Accumulator));
            assert_eq!(run(&dense(dtype, w, k, rest + 1, 0), 0.0), fault);
            assert_eq!(run(&dense(dtype, w, k, i32::MIN, 0), 0.0), fault);
            assert_eq!(run(&dense(dtype, w, k + 1, 0, 0), 0.0), fault);
        }
    }
}

/// Both operands at one end of int8, their zero points at the other.
#[test]
fn products_of_activations_up_to_the_bound() {
    let product = |k: u32, zero_point: i32, value: f32| {
        let mut builder = Builder::default();
        let [x, q] = quantised(&mut builder, DType::I8, &[1, k], zero_point);
        let out = builder.activation(DType::I32, &[1, 1]);
        builder.step(Opcode::MatMul, &[q, q], &[out], &[0x7FFF_FF1F]);
        builder.function("main", &[x], &[out]);
        run(&builder, value)
    };
    let k = i32::MAX as u32 / (255 * 255);
    assert_eq!(product(k, -128, f32::INFINITY), Ok(()));
    assert_eq!(product(k, 127, f32::NEG_INFINITY), Ok(()));
    let fault = Err(LoadError::Step(1, Fault::Accumulator));
    assert_eq!(product(k + 1, 0, 0.0), fault);
}

/// The widest window, full of the largest values.
#[test]
fn pools_up_to_the_bound() {
    let pool = |dtype: DType, side: [u32; 2], zero_point: i32, value: f32| {
        let mut builder = Builder::default();
        let dims = [1, side[0], side[1], 1];
        let [x, q] = quantised(&mut builder, dtype, &dims, zero_point);
        let out = builder.activation(dtype, &[1, 1, 1, 1]);
        builder.tensors[out as usize].zero_point = zero_point;
        for kind in 0..3 {
            let attributes = [kind, side[0], side[1], 1, 1, 1, 1, 0, 0];
            builder.step(Opcode::Pool, &[q], &[out], &attributes);
        }
        builder.function("main", &[x], &[out]);
        run(&builder, value)
    };
    for (dtype, zero_point) in [(DType::I8, -128), (DType::I8, 127), (DType::I16, 0)] {
        for value in [f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(pool(dtype, [255, 257], zero_point, value), Ok(()));
        }
    }
    let fault = Err(LoadError::Step(1, Fault::Attribute));
    assert_eq!(pool(DType::I16, [256, 256], 0, 0.0), fault);
}

#[test]
fn padded_conv_up_to_the_bound() {
    let channels = i32::MAX as u32 / (9 * 255 * 128);
    for zero_point in [-128, 127] {
        for (weight, value) in [
            (-128i8, f32::NEG_INFINITY),
            (127, f32::INFINITY),
            (-128, 0.0),
        ] {
            let mut builder = Builder::default();
            let dims = [1, 1, 1, channels];
            let [x, q] = quantised(&mut builder, DType::I8, &dims, zero_point);
            let out = builder.activation(DType::I8, &[1, 3, 3, 1]);
            let w = builder.weights(
                DType::I8,
                &[1, 3, 3, channels],
                &vec![weight; 9 * channels as usize],
            );
            let bias = builder.words(DType::I32, &[0]);
            let scales = builder.words(DType::Scale, &[scale_word(0.001)]);
            let attributes = [&[3, 3, 1, 1, 1, 1, 2, 2][..], &I8_RANGE, &[1]].concat();
            builder.step(Opcode::Conv, &[q, w, bias, scales], &[out], &attributes);
            builder.function("main", &[x], &[out]);
            assert_eq!(run(&builder, value), Ok(()));
        }
    }
}

#[test]
fn elementwise_and_mean_at_the_ends_of_their_types() {
    let top = 0x7FFF_FF1F;
    for (dtype, zero_point) in [(DType::I8, -128), (DType::I8, 127), (DType::I16, 0)] {
        for value in [f32::INFINITY, f32::NEG_INFINITY] {
            let mut builder = Builder::default();
            let dims = [32767, 2];
            let [x, q] = quantised(&mut builder, dtype, &dims, zero_point);
            let out = builder.activation(DType::I16, &dims);
            for entry in [i16::MIN, i16::MAX] {
                let table = builder.weights(DType::I16, &[257], &[entry; 257]);
                builder.step(Opcode::Gate, &[q, q, q, table], &[out], &[top, top]);
            }
            let add = [&[top, top][..], &I16_RANGE].concat();
            builder.step(Opcode::Add, &[q, q], &[out], &add);
            builder.step(Opcode::Mul, &[q, q], &[out], &add[1..]);
            let mean = builder.activation(DType::I16, &[2]);
            builder.step(Opcode::Mean, &[q], &[mean], &[top]);
            builder.function("main", &[x], &[mean]);
            assert_eq!(run(&builder, value), Ok(()));
        }
    }
}

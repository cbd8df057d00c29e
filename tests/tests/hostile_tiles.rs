//! Tiles whose padding is no zeros: nothing of it reaches a result, on any instruction set.

use qibu::format::layout::widen;
use qibu::format::{DType, Layout, Opcode};
use qibu::{Fault, LoadError, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::Builder;

/// Rows of a matrix, and elements of a row: neither fills a tile.
const ROWS: usize = 3;
const K: usize = 3;
const WEIGHTS: [i8; ROWS * K] = [7, -128, 1, 0, 99, -5, 127, 2, -3];

/// A convolution of 1×3 taps over `[1, 1, 5, 1]`, its int8 input with a zero point.
fn file(layout: Layout, dtype: DType, junk: i8) -> AlignedBytes {
    let mut builder = Builder::default();
    let x = builder.quantised(DType::I8, &[1, 1, 5, 1], 1.0, -128);
    let rows = layout.rows();
    let length = layout
        .bytes(ROWS as u32, K as u32, DType::I8)
        .expect("a length");
    let mut bytes = match layout {
        Layout::Plain => WEIGHTS.to_vec(),
        _ => vec![junk; length],
    };
    for (at, &weight) in WEIGHTS.iter().enumerate() {
        if layout != Layout::Plain {
            bytes[layout.index(at / K, at % K, K.div_ceil(4))] = weight;
        }
    }
    let wide: Vec<i16> = widen(&bytes).collect();
    let w = match dtype {
        DType::I8 => builder.weights(dtype, &[ROWS as u32, 1, 3, 1], &bytes),
        _ => builder.weights(dtype, &[ROWS as u32, 1, 3, 1], &wide),
    };
    builder.tensors[w as usize].layout = layout;
    let bias = builder.words(DType::I32, &[1000, -7168, 3].map(|bias: i32| bias as u32));
    let scales = builder.scales(ROWS, 0.9);
    let y = builder.activation(DType::I32, &[1, 1, 5, ROWS as u32]);
    let attributes = [1, 3, 1, 1, 1, 1, 0, 1, i32::MIN as u32, i32::MAX as u32, 1];
    let mut outputs = vec![y];
    if layout != Layout::Plain {
        // Generous: more than the formula asks for.
        outputs.push(builder.activation(DType::I8, &[64 * rows as u32 + 512]));
    }
    builder.step(Opcode::Conv, &[x, w, bias, scales], &outputs, &attributes);
    builder.function("main", &[x], &[y]);
    builder.finish()
}

/// Results in an arena that held `before`.
fn run(file: &AlignedBytes, before: u8) -> Vec<i32> {
    let model = Model::load(file).expect("a sound file");
    let function = model.function("main").expect("main");
    let mut arena = AlignedBytes::zeros(function.arena());
    arena.fill(before);
    let mut run = function.bind(&mut arena).expect("an arena");
    run.set_i8(0, &[-128, 5, 127, -1, 60]).expect("an input");
    run.execute().expect("it runs");
    run.output_i32(0).expect("an output").to_vec()
}

#[test]
fn padding_reaches_no_result() {
    let expected = run(&file(Layout::Plain, DType::I8, 0), 0);
    assert!(expected.iter().any(|&y| y != 0));
    for (layout, dtype) in [
        (Layout::Tile1, DType::I8),
        (Layout::Tile4, DType::I8),
        (Layout::Tile16, DType::I8),
        (Layout::Tile1, DType::I16),
        (Layout::Tile4, DType::I16),
    ] {
        for junk in [0, -128, 55] {
            let file = file(layout, dtype, junk);
            for before in [0, 0x55, 0xFF] {
                assert_eq!(
                    run(&file, before),
                    expected,
                    "{layout:?} {dtype:?}, {junk}, {before}"
                );
            }
        }
    }
}

#[test]
fn wide_tiles_of_sixteen_rows_are_refused() {
    let bytes = file(Layout::Tile16, DType::I16, 0);
    let error = Model::load(&bytes).err();
    assert!(
        matches!(error, Some(LoadError::Tensor(_, Fault::DType))),
        "{error:?}"
    );
}

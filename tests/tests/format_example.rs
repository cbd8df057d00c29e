//! The byte table of FORMAT.md is a real file: written through `qibu::format`, loaded and run here.

use qibu::Model;
use qibu::format::{DType, Opcode};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::{Builder, I8_RANGE, scale_word};

const SPECIFICATION: &str = include_str!("../../runtime/FORMAT.md");

/// `main`: x f32 `[1, 4]` → Quantise → Dense → y int8 `[1, 2]`.
fn example() -> Builder {
    let mut builder = Builder::new(&[("task", "example")]);
    let x = builder.activation(DType::F32, &[1, 4]);
    let q = builder.activation(DType::I8, &[1, 4]);
    let w = builder.weights(DType::I8, &[2, 4], &[1i8, 2, 3, 4, -1, -2, -3, -4]);
    // The real bias is zero; folding q's zero point of −1 in adds the sum of a row's weights.
    let bias = builder.words(DType::I32, &[10, -10i32 as u32]);
    let scales = builder.words(DType::Scale, &[scale_word(0.5 * 0.25 / 1.0); 2]);
    let y = builder.activation(DType::I8, &[1, 2]);
    let quantised = &mut builder.tensors[q as usize];
    (quantised.scale, quantised.zero_point) = (0.5, -1);
    builder.tensors[w as usize].scale = 0.25;
    builder.step(Opcode::Quantise, &[x], &[q], &[]);
    builder.step(Opcode::Dense, &[q, w, bias, scales], &[y], &I8_RANGE);
    builder.function("main", &[x], &[y]);
    builder
}

/// The bytes of the table: between its fences, before each line's `;`, behind the offset.
fn printed() -> Vec<u8> {
    let (_, table) = SPECIFICATION.split_once("```dump\n").expect("a dump");
    let (table, _) = table.split_once("```").expect("the end of the dump");
    let mut bytes = Vec::new();
    for line in table.lines() {
        let (code, _) = line.split_once(';').expect("a comment on each line");
        let mut fields = code.split_whitespace();
        let offset = fields.next().map(|field| usize::from_str_radix(field, 16));
        assert_eq!(offset, Some(Ok(bytes.len())), "offset of: {line}");
        bytes.extend(fields.map(|field| u8::from_str_radix(field, 16).expect("a byte")));
    }
    bytes
}

#[test]
fn the_printed_bytes_are_the_file() {
    let file = example().finish();
    let (printed, bytes) = (printed(), &file[..]);
    for (line, (printed, bytes)) in printed.chunks(16).zip(bytes.chunks(16)).enumerate() {
        assert_eq!(printed, bytes, "bytes from {:#06x} on", 16 * line);
    }
    assert_eq!(printed.len(), bytes.len());
}

#[test]
fn the_example_runs_as_the_text_says() {
    let file = example().finish();
    let model = Model::load(&file).unwrap();
    assert!(model.verify_weights());
    assert_eq!(model.metadata().get("task"), Some("example"));
    let function = model.function("main").unwrap();
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = function.bind(&mut arena).unwrap();
    run.set_f32(0, &[1.0, 2.0, 3.0, 4.0]).unwrap();
    run.execute().unwrap();
    let y = function.output(0).unwrap();
    assert_eq!(run.tensor_bytes(y).unwrap(), [8, -7i8 as u8]);
}

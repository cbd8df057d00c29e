//! `qibu verify`. `compiled.qibu` is made from `good.onnx`.

use super::Case;

/// The calls.
pub const VERIFY: &[Case] = &[
    ("verify good.onnx", 2, &["required arguments", "<FILE>"]),
    (
        "verify none.onnx compiled.qibu",
        3,
        &["cannot read none.onnx", "help: "],
    ),
    (
        "verify good.onnx none.qibu",
        3,
        &["cannot read none.qibu", "help: "],
    ),
    ("verify run compiled.qibu", 3, &["run: it is a folder"]),
    (
        "verify empty compiled.qibu",
        3,
        &["empty: not an ONNX file", "help: "],
    ),
    (
        "verify short.onnx compiled.qibu",
        3,
        &["short.onnx: not an ONNX file"],
    ),
    (
        "verify compiled.qibu good.onnx",
        3,
        &["good.onnx: an ONNX model; expected a .qibu file", "help: "],
    ),
    (
        "verify good.onnx foreign.qibu",
        3,
        &["not a .qibu file", "help: "],
    ),
    ("verify good.onnx short.qibu", 3, &["truncated", "help: "]),
    (
        "verify good.onnx flipped-weights.qibu",
        3,
        &["weights do not match"],
    ),
    (
        "verify infinite.onnx compiled.qibu",
        1,
        &[
            "compiled.qibu was compiled from another model than infinite.onnx",
            "SHA-256 of its source: ",
            "SHA-256 of infinite.onnx: ",
            "help: ",
        ],
    ),
    (
        "verify good.onnx good.qibu",
        1,
        &["does not say which model", "help: "],
    ),
    (
        "verify good.onnx compiled.qibu --inputs none.npz",
        3,
        &["cannot read none.npz", "help: "],
    ),
    (
        "verify good.onnx compiled.qibu --inputs corpus.txt",
        3,
        &["corpus.txt: not a safetensors file", "help: "],
    ),
    (
        "verify good.onnx compiled.qibu --inputs text.npz",
        3,
        &["text.npz: not a readable .npz file", "help: "],
    ),
    (
        "verify good.onnx compiled.qibu --inputs samples-name.safetensors",
        3,
        &["no samples for input `x`, the file has: q", "help: "],
    ),
    (
        "verify good.onnx compiled.qibu --inputs samples-shape.safetensors",
        3,
        &["shape [4, 1, 7]", "help: "],
    ),
    (
        "verify good.onnx compiled.qibu --inputs samples-type.safetensors",
        3,
        &["`x` have the wrong element type", "help: "],
    ),
    (
        "verify good.onnx compiled.qibu --inputs samples-nan.safetensors",
        3,
        &["sample 1 (from 0) holds NaN", "help: "],
    ),
    (
        "verify good.onnx compiled.qibu --min-snr NaN",
        2,
        &["a number from -200 to 200"],
    ),
    (
        "verify good.onnx compiled.qibu --float-tolerance -1",
        2,
        &["--float-tolerance"],
    ),
    (
        "verify good.onnx compiled.qibu --min-equal 2",
        2,
        &["a number from 0 to 1"],
    ),
    (
        "verify good.onnx compiled.qibu --min-top1 most",
        2,
        &["a number from 0 to 1"],
    ),
];

//! `qibu compile`.

use super::Case;

/// The calls.
pub const COMPILE: &[Case] = &[
    ("compile none.onnx", 3, &["cannot read none.onnx", "help: "]),
    ("compile run", 3, &["it is a folder", "help: "]),
    (
        "compile empty -o new.qibu",
        3,
        &["not an ONNX file", "help: "],
    ),
    ("compile short.onnx", 3, &["not an ONNX file"]),
    ("compile good.qibu -o new.qibu", 3, &["not an ONNX file"]),
    (
        "compile unsupported.onnx",
        3,
        &[
            "3 nodes are not supported",
            "first (NonMaxSuppression)",
            "second (Unique)",
            "third (StringNormalizer)",
            "help: ",
        ],
    ),
    (
        "compile dynamic.onnx",
        3,
        &["`x` is dynamic (`batch`)", "help: "],
    ),
    (
        "compile nan.onnx",
        3,
        &["initialiser `w`: holds NaN", "help: "],
    ),
    (
        "compile infinite.onnx --weights f32",
        3,
        &["holds inf", "help: "],
    ),
    (
        "compile external/up.onnx",
        3,
        &["stay in the folder", "help: "],
    ),
    (
        "compile external/absolute.onnx",
        3,
        &["stay in the folder", "help: "],
    ),
    ("compile external/gone.onnx", 3, &["gone.bin", "help: "]),
    (
        "compile good.onnx --calibrate none.npz",
        3,
        &["cannot read none.npz", "help: "],
    ),
    (
        "compile good.onnx --calibrate corpus.txt",
        3,
        &["not a safetensors file", "help: "],
    ),
    (
        "compile good.onnx --calibrate samples-name.safetensors",
        3,
        &["no samples for input `x`", "help: "],
    ),
    (
        "compile good.onnx --calibrate samples-shape.safetensors",
        3,
        &["shape [4, 1, 7]", "help: "],
    ),
    (
        "compile good.onnx --calibrate samples-nan.safetensors",
        3,
        &["sample 1 (from 0) holds NaN", "help: "],
    ),
    (
        "compile good.onnx --calibrate samples-huge.safetensors",
        3,
        &["range of float32", "help: "],
    ),
    (
        "compile good.onnx --functions nope",
        2,
        &["no function `nope`", "help: it has: main"],
    ),
    (
        "compile good.onnx -o ./good.onnx",
        2,
        &["good.onnx exists", "help: "],
    ),
    ("compile good.onnx -o secret.bin", 2, &["secret.bin exists"]),
    (
        "compile good.onnx --calibrate samples.safetensors -o samples.safetensors",
        2,
        &["samples.safetensors exists"],
    ),
    (
        "compile good.onnx --memory-plan good.onnx",
        2,
        &["good.onnx exists"],
    ),
    (
        "compile good.onnx -o a --memory-plan a",
        2,
        &["given twice"],
    ),
    (
        "compile good.onnx --kernels good.onnx",
        2,
        &["good.onnx exists"],
    ),
    (
        "compile good.onnx --report a --kernels a",
        2,
        &["given twice", "--kernels"],
    ),
    (
        "compile good.onnx --report good.onnx",
        2,
        &["good.onnx exists", "help: "],
    ),
    (
        "compile good.onnx --report old.qibu",
        2,
        &["old.qibu exists", "help: "],
    ),
    (
        "compile good.onnx --report run",
        2,
        &["run: it is a folder"],
    ),
    (
        "compile good.onnx -o a --report a",
        2,
        &["given twice", "--report"],
    ),
    (
        "compile good.onnx --memory-plan a --report a",
        2,
        &["given twice"],
    ),
    (
        "compile good.onnx -o old.qibu --report none/r.html",
        4,
        &["cannot write none/r.html", "nothing was changed"],
    ),
    (
        "compile good.onnx -o run",
        2,
        &["run: it is a folder", "help: "],
    ),
    (
        "compile good.onnx -o none/new.qibu",
        4,
        &["cannot write none/new.qibu", "help: "],
    ),
    (
        "compile good.onnx -o old.qibu --memory-plan none/m.svg",
        4,
        &["cannot write none/m.svg"],
    ),
    (
        "compile good.onnx --weights int2",
        2,
        &["int8, int4, f16, f32"],
    ),
];

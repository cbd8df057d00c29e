//! Bad input and what is said of it, command by command.

mod compile;
mod tag;
mod verify;

pub use compile::COMPILE;
pub use tag::TAG;
pub use verify::VERIFY;

/// A call, its exit code, and what standard error says. MODEL is the trained poem model.
pub type Case = (&'static str, i32, &'static [&'static str]);

/// `poem` and `inspect`.
pub const POEM: &[Case] = &[
    ("poem none.qibu", 3, &["cannot read none.qibu", "help: "]),
    ("poem run", 3, &["run: it is a folder"]),
    ("poem empty", 3, &["the file is empty"]),
    (
        "poem short.qibu",
        3,
        &["truncated", "where the header says", "help: "],
    ),
    ("poem stub.qibu", 3, &["too few for a header"]),
    (
        "poem flipped-head.qibu",
        3,
        &["flipped-head.qibu", "help: "],
    ),
    ("poem flipped-middle.qibu", 3, &["damaged", "help: "]),
    (
        "poem flipped-weights.qibu",
        3,
        &["weights do not match", "help: "],
    ),
    ("poem foreign.qibu", 3, &["not a .qibu file", "help: "]),
    ("poem good.onnx", 3, &["an ONNX model", "qibu compile"]),
    (
        "poem MODEL --reconstruct 春眠不觉X，处处闻啼鸟。",
        2,
        &["vocabulary: X (position 5)"],
    ),
    (
        "poem MODEL --between 春眠不觉晓，处处闻啼鸟。 春眠",
        2,
        &["has 2 characters"],
    ),
    ("poem good.qibu --count 0", 2, &["0 is not in 1..=10000000"]),
    (
        "poem good.qibu --seed -1",
        2,
        &["invalid value '-1' for '--seed <N>'"],
    ),
    (
        "poem good.qibu --seed 18446744073709551615 --count 2",
        2,
        &["64-bit seeds"],
    ),
    (
        "poem good.qibu --temperature NaN",
        2,
        &["a number from 0 to 10"],
    ),
    (
        "poem MODEL --between 春眠不觉晓，处处闻啼鸟。 春眠不觉晓，处处闻啼鸟。 --out good.qibu",
        2,
        &["good.qibu exists", "help: "],
    ),
    (
        "poem MODEL --between 春眠不觉晓，处处闻啼鸟。 春眠不觉晓，处处闻啼鸟。 --out none/w.svg",
        4,
        &["cannot write none/w.svg", "nothing was changed"],
    ),
    ("inspect none.qibu", 3, &["cannot read none.qibu"]),
    ("inspect short.qibu", 3, &["truncated"]),
    ("inspect flipped-weights.qibu", 3, &["weights do not match"]),
    ("inspect foreign.qibu", 3, &["not a .qibu file"]),
];

/// `bench`.
pub const BENCH: &[Case] = &[
    ("bench none.qibu", 3, &["cannot read none.qibu", "help: "]),
    ("bench good.onnx", 3, &["an ONNX model", "qibu compile"]),
    ("bench short.qibu", 3, &["truncated", "help: "]),
    ("bench flipped-weights.qibu", 3, &["weights do not match"]),
    (
        "bench good.qibu --function none",
        2,
        &["good.qibu has no function `none`", "help: it has: "],
    ),
    (
        "bench good.qibu --time 0",
        2,
        &["a number from 0.001 to 3600"],
    ),
];

/// `eval poem`.
pub const EVAL: &[Case] = &[
    (
        "none.qibu --corpus corpus.txt --reference corpus.txt --prosody tones.tsv",
        3,
        &["cannot read none.qibu"],
    ),
    (
        "short.qibu --corpus corpus.txt --reference corpus.txt --prosody tones.tsv",
        3,
        &["truncated"],
    ),
    (
        "MODEL --corpus none --reference corpus.txt --prosody tones.tsv",
        3,
        &["cannot read none", "help: "],
    ),
    (
        "MODEL --corpus empty --reference corpus.txt --prosody tones.tsv",
        3,
        &["no poem of 2 lines of 5", "help: "],
    ),
    (
        "MODEL --corpus prose.txt --reference corpus.txt --prosody tones.tsv",
        3,
        &["no poem of 2 lines of 5"],
    ),
    (
        "MODEL --corpus latin1.txt --reference corpus.txt --prosody tones.tsv",
        3,
        &["line 1: not UTF-8", "iconv"],
    ),
    (
        "MODEL --corpus run --reference corpus.txt --prosody tones.tsv",
        3,
        &["no poet.*.json file", "help: "],
    ),
    (
        "MODEL --corpus corpus.txt --reference empty --prosody tones.tsv",
        3,
        &["empty: no poem"],
    ),
    (
        "MODEL --corpus corpus.txt --reference corpus.txt --prosody empty",
        3,
        &["no character in the prosody", "help: "],
    ),
    (
        "MODEL --corpus corpus.txt --reference corpus.txt --prosody corpus.txt",
        3,
        &["line 1: expected", "help: "],
    ),
    (
        "MODEL --corpus corpus.txt --reference corpus.txt --prosody latin1.txt",
        3,
        &["not UTF-8", "iconv"],
    ),
    (
        "MODEL --corpus corpus.txt --reference corpus.txt --prosody tones.tsv --temperature 11",
        2,
        &["expected a number from 0 to 10"],
    ),
    (
        "MODEL --corpus corpus.txt --reference corpus.txt --prosody tones.tsv --samples 0",
        2,
        &["0 is not in"],
    ),
    (
        "MODEL --corpus corpus.txt --reference corpus.txt --prosody tones.tsv --float none",
        3,
        &["cannot read none", "help: "],
    ),
];

/// `train poem`, before ONNX Runtime is needed or where it is missing.
pub const TRAIN: &[Case] = &[
    (
        "--corpus corpus.txt --out new",
        4,
        &["ORT_DYLIB_PATH: no file", "pip install onnxruntime"],
    ),
    (
        "--corpus corpus.txt --out new --device cuda",
        4,
        &["ORT_DYLIB_PATH: no file", "pip install onnxruntime-gpu"],
    ),
    (
        "--corpus corpus.txt --out new --device tpu",
        2,
        &["known: cpu, cuda"],
    ),
    (
        "--corpus corpus.txt --out new --preset bst",
        2,
        &["known: seed, best"],
    ),
    (
        "--corpus corpus.txt --out new --set wdth=1",
        2,
        &["no recipe field", "known: form"],
    ),
    (
        "--corpus corpus.txt --out new --set width=NaN",
        2,
        &["width=NaN"],
    ),
    (
        "--corpus corpus.txt --out new --threads 100000",
        2,
        &["0..=1024"],
    ),
    (
        "--corpus corpus.txt --out new --recipe empty",
        3,
        &["empty: recipe", "help: "],
    ),
    (
        "--corpus corpus.txt --out new --recipe none",
        3,
        &["cannot read none", "help: "],
    ),
    (
        "--corpus corpus.txt --out new --resume --epochs 3",
        2,
        &["cannot be used with"],
    ),
];

/// `train tagger`, before ONNX Runtime is needed or where it is missing.
pub const TRAIN_TAGGER: &[Case] = &[
    (
        "--corpus words.txt --out new",
        4,
        &["ORT_DYLIB_PATH: no file", "pip install onnxruntime"],
    ),
    (
        "--corpus words.txt --out new --device tpu",
        2,
        &["known: cpu, cuda"],
    ),
    (
        "--corpus words.txt --out new --preset 700k",
        2,
        &["known: seed, 600k, 300k, 150k"],
    ),
    (
        "--corpus words.txt --out new --format bio",
        2,
        &["known: words, conll"],
    ),
    (
        "--corpus words.txt --out new --set embeding=1",
        2,
        &["no recipe field", "known: min_count"],
    ),
    (
        "--corpus words.txt --out new --set layers=3",
        2,
        &["layers=3"],
    ),
    (
        "--corpus words.txt --out new --recipe none",
        3,
        &["cannot read none", "help: "],
    ),
    (
        "--corpus words.txt --out new --resume --restarts 3",
        2,
        &["cannot be used with"],
    ),
];

/// Links, pipes and devices.
#[cfg(unix)]
pub const UNIX: &[Case] = &[
    (
        "compile external/link.onnx",
        3,
        &["a link leads outside", "help: "],
    ),
    (
        "compile good.onnx -o link-to-model",
        2,
        &["link-to-model exists"],
    ),
    ("poem pipe", 3, &["a pipe or a device", "help: "]),
    ("poem /dev/zero", 3, &["a pipe or a device", "help: "]),
    ("compile pipe", 3, &["a pipe or a device"]),
    ("verify pipe compiled.qibu", 3, &["a pipe or a device"]),
    ("verify good.onnx pipe", 3, &["a pipe or a device"]),
    (
        "verify good.onnx compiled.qibu --inputs pipe",
        3,
        &["a pipe or a device"],
    ),
    (
        "compile good.onnx --calibrate pipe",
        3,
        &["a pipe or a device"],
    ),
];

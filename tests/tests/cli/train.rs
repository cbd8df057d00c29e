//! Training as a process: stopped, gone on with, refused, and never over another run.

use crate::bad_input::refused;
use crate::inputs;
use qibu_compiler::engine;
use qibu_tests::command::{NO_RUNTIME, command, run};
use qibu_tests::need::skip;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A training of seconds or hours, by its epochs.
const TINY: &str = "train poem --threads 1 --corpus corpus.txt --out new --batch 2 --set min_count=1 \
    --set width=8 --set embedding=8 --set latent=4";

/// The environment with the ONNX Runtime of this machine; else says that `test` is skipped.
fn runtime(test: &str) -> bool {
    let found = engine::available();
    if let Err(error) = &found {
        skip(test, &error.to_string());
    }
    found.is_ok()
}

/// A call with the test's own library path, or none.
fn with_runtime(folder: &Path) -> Command {
    let mut qibu = command(folder, &[]);
    match std::env::var_os(NO_RUNTIME.0) {
        Some(path) => qibu.env(NO_RUNTIME.0, path),
        None => qibu.env_remove(NO_RUNTIME.0),
    };
    qibu
}

/// Waits until `path` is there.
fn wait_for(path: &Path, child: &mut Child) {
    let start = Instant::now();
    while !path.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "no {}",
            path.display()
        );
        assert!(child.try_wait().unwrap().is_none(), "training ended");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
#[test]
fn stopped_training_goes_on() {
    if !runtime("stopped_training_goes_on") {
        return;
    }
    let folder = inputs::folder();
    let mut qibu = with_runtime(folder.path());
    qibu.args(TINY.split_whitespace())
        .args(["--epochs", "60000"]);
    let mut first = qibu
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Its lines are read, or the pipe fills up and it waits.
    let mut stderr = first.stderr.take().unwrap();
    let lines = std::thread::spawn(move || std::io::read_to_string(&mut stderr).unwrap());
    wait_for(
        &folder.path().join("new/checkpoint.safetensors"),
        &mut first,
    );

    let mut second = with_runtime(folder.path());
    second.args("train poem --corpus corpus.txt --out new --resume".split(' '));
    let second = run(second, None);
    assert_eq!(second.code, Some(2), "{}", second.stderr);
    assert!(
        second.stderr.contains("another training is running in new"),
        "{}",
        second.stderr
    );

    let interrupt = Command::new("kill")
        .args(["-INT", &first.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    assert_eq!(first.wait().unwrap().code(), Some(130));
    let stderr = lines.join().unwrap();
    assert!(stderr.contains("saved"), "{stderr}");
    assert!(
        stderr.contains("qibu train poem --corpus corpus.txt --out new --resume"),
        "{stderr}"
    );
    assert!(!stderr.contains('\u{1b}'), "no bar outside a terminal");

    let mut resumed = with_runtime(folder.path());
    resumed.args(
        "train poem --corpus corpus.txt --out new --resume --threads 1 --json --max-steps 1"
            .split(' '),
    );
    let metrics = run(resumed, None).text();
    let metrics: Value = serde_json::from_str(&metrics).unwrap();
    assert!(metrics["steps"].as_u64().unwrap() >= 2, "{metrics}");
    assert!(folder.path().join("new/model.onnx").exists());
}

#[test]
fn bad_training_input_has_its_error() {
    if !runtime("bad_training_input_has_its_error") {
        return;
    }
    let folder = inputs::folder();
    let path = std::env::var(NO_RUNTIME.0).unwrap_or_default();
    let environment = [(NO_RUNTIME.0, path.as_str())];
    let cases: &[(&str, i32, &[&str])] = &[
        (
            "--corpus none --out new",
            3,
            &["cannot read none", "help: "],
        ),
        (
            "--corpus empty --out new",
            3,
            &["no poem of 2 lines of 5", "help: "],
        ),
        (
            "--corpus latin1.txt --out new",
            3,
            &["line 1: not UTF-8", "iconv"],
        ),
        (
            "--corpus corpus.txt --out new",
            3,
            &["outside the vocabulary", "min_count"],
        ),
        (
            "--corpus corpus.txt --out run",
            2,
            &["run is not empty", "--resume"],
        ),
        (
            "--corpus corpus.txt --out tones.tsv --set min_count=1",
            4,
            &["cannot create tones.tsv", "help: "],
        ),
        (
            "--corpus corpus.txt --out run --resume",
            2,
            &["nothing to resume", "help: "],
        ),
        (
            "--corpus corpus.txt --out new --vocab empty",
            3,
            &["no vocabulary", "help: "],
        ),
        (
            "--corpus corpus.txt --out new --epochs 0",
            2,
            &["epochs must be 1 to"],
        ),
        (
            "--corpus corpus.txt --out new --set kernel=4",
            2,
            &["kernel must be odd"],
        ),
        (
            "--corpus corpus.txt --out new --set min_count=1 --valid empty",
            3,
            &["no poem"],
        ),
    ];
    for case in cases {
        refused(folder.path(), "train poem", &environment, case);
    }
    if engine::require(engine::Device::Cuda).is_err() {
        let case = (
            "--corpus corpus.txt --out new --device cuda",
            4,
            &["onnxruntime-gpu"][..],
        );
        refused(folder.path(), "train poem", &environment, &case);
    }
}

#[test]
fn bad_tagger_input_has_its_error() {
    if !runtime("bad_tagger_input_has_its_error") {
        return;
    }
    let folder = inputs::folder();
    let files: [(&str, &[u8]); 9] = [
        ("words.txt", "我们 去 公园 。\n我 去 。\n".as_bytes()),
        ("columns.tsv", "北\tB\n京\tE\n".as_bytes()),
        ("ragged.tsv", "北\tB\n京\n".as_bytes()),
        ("wide.tsv", "北\tB\n京\tE\tO\n".as_bytes()),
        ("tokens.tsv", "北\tB\n天安门\tE\n".as_bytes()),
        ("others.tsv", "北\tB\n\n京\tX\n".as_bytes()),
        ("nul.txt", b"a b\nc\0d\n"),
        ("blank.txt", b" \n\n\t\n"),
        ("bytes.txt", b"a b\n\xE4\xBD b\n"),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let path = std::env::var(NO_RUNTIME.0).unwrap_or_default();
    let environment = [(NO_RUNTIME.0, path.as_str())];
    let cases: &[(&str, i32, &[&str])] = &[
        (
            "--corpus none --out new",
            3,
            &["cannot read none", "help: "],
        ),
        (
            "--corpus empty --out new",
            3,
            &["empty: no text in it", "help: "],
        ),
        (
            "--corpus blank.txt --out new",
            3,
            &["blank.txt: no text in it"],
        ),
        (
            "--corpus nul.txt --out new",
            3,
            &["nul.txt: line 2: a NUL byte"],
        ),
        (
            "--corpus bytes.txt --out new",
            3,
            &["bytes.txt: line 2: not UTF-8", "iconv"],
        ),
        (
            "--corpus words.txt --valid nul.txt --out new",
            3,
            &["nul.txt: line 2: a NUL byte"],
        ),
        (
            "--corpus ragged.tsv --format conll --out new",
            3,
            &["ragged.tsv: line 2: 1 column;", "help: "],
        ),
        (
            "--corpus wide.tsv --format conll --out new",
            3,
            &["wide.tsv: line 2: 3 columns;", "cut -f"],
        ),
        (
            "--corpus tokens.tsv --format conll --out new",
            3,
            &["tokens.tsv: line 2: \"天安门\" is not one character", "B-X"],
        ),
        (
            "--corpus columns.tsv --valid others.tsv --format conll --out new --preset seed",
            3,
            &["others.tsv: line 3: label \"X\" does not occur", "help: "],
        ),
        (
            "--corpus words.txt --out new --set pair_min_count=9",
            3,
            &["no pair of characters occurs 9 times", "pair_embedding=0"],
        ),
        (
            "--corpus words.txt --out new --epochs 0",
            2,
            &["epochs is 0"],
        ),
        (
            "--corpus words.txt --out new --set row=100",
            2,
            &["power of two"],
        ),
        (
            "--corpus words.txt --out new --restarts 2",
            2,
            &["compared on a validation file", "--valid"],
        ),
        (
            "--corpus words.txt --out run",
            2,
            &["run is not empty", "--resume"],
        ),
        (
            "--corpus words.txt --out run --resume",
            2,
            &["nothing to resume", "help: "],
        ),
        (
            "--corpus words.txt --out tones.tsv",
            4,
            &["cannot create tones.tsv", "help: "],
        ),
    ];
    for case in cases {
        refused(folder.path(), "train tagger", &environment, case);
    }
}

#[test]
fn a_damaged_checkpoint_is_named() {
    if !runtime("a_damaged_checkpoint_is_named") {
        return;
    }
    let folder = inputs::folder();
    let mut qibu = with_runtime(folder.path());
    qibu.args(TINY.split_whitespace())
        .args(["--epochs", "2", "--json"]);
    let metrics: Value = serde_json::from_str(&run(qibu, None).text()).unwrap();
    assert_eq!(metrics["steps"], 4);
    let checkpoint = folder.path().join("new/checkpoint.safetensors");
    let bytes = std::fs::read(&checkpoint).unwrap();
    let path = std::env::var(NO_RUNTIME.0).unwrap_or_default();
    let environment = [(NO_RUNTIME.0, path.as_str())];
    for damaged in [&bytes[..bytes.len() / 2], b"", b"GIF89a, a picture"] {
        std::fs::write(&checkpoint, damaged).unwrap();
        let case = (
            "--corpus corpus.txt --out new --resume",
            3,
            &["checkpoint.safetensors", "help: "][..],
        );
        refused(folder.path(), "train poem", &environment, &case);
    }
}

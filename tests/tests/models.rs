//! The committed models: rebuilt byte for byte, within their limits, and writing what they wrote.

use qibu::Model;
use qibu::poem::Poet;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile};
use qibu_compiler::footprint::flash;
use qibu_tests::command::{command, run};
use qibu_tests::need::root;
use std::path::PathBuf;

fn folder() -> PathBuf {
    root().join("models/poem5")
}

fn file() -> Vec<u8> {
    std::fs::read(folder().join("model.qibu"))
        .expect("models/poem5/model.qibu is in the repository")
}

/// `qibu compile` on the committed ONNX file, with the environment as it is and without any ONNX
/// Runtime: the same bytes, those that are committed.
#[test]
fn the_file_is_rebuilt_byte_for_byte() {
    let request = Request::new(&folder().join("model.onnx"));
    let compiled = compile(&request, &mut |_, _, _| {}).expect("the model compiles");
    assert!(
        compiled.bytes == file(),
        "compile gives other bytes than models/poem5/model.qibu"
    );
    assert!(!compiled.report.noise_calibrated);
    for function in &compiled.report.functions {
        assert_eq!(function.ram, function.ram_lower_bound, "{}", function.name);
    }
    assert_eq!(compiled.report.witness_refusal, None);
    assert_eq!(
        compiled.report.witness.is_some(),
        qibu_compiler::engine::available().is_ok(),
        "{:?}",
        compiled.report.witness_refusal
    );
    if let Some(witness) = &compiled.report.witness {
        for output in &witness.outputs {
            if let Some(error) = output.float_error {
                assert!(
                    error < 1e-4,
                    "{}: the float path differs from ONNX Runtime by {error}",
                    output.name
                );
            }
            if let Some(equal) = output.float_equal {
                assert!(equal > 0.99, "{}: {equal} of indices equal", output.name);
            }
            if let Some(snr) = output.snr_db {
                assert!(snr > 30.0, "{}: {snr} dB against ONNX Runtime", output.name);
            }
        }
    }
}

/// The same without ONNX Runtime: a library path that leads nowhere counts as none.
#[test]
fn the_file_is_rebuilt_without_onnx_runtime() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let (model, output) = (folder().join("model.onnx"), scratch.path().join("m.qibu"));
    let mut compile = command(scratch.path(), &[]);
    compile.arg("compile").arg(model).arg("-o").arg(&output);
    let report = run(compile, None).text();
    let rebuilt = std::fs::read(&output).expect("compile writes the file");
    assert!(
        rebuilt == file(),
        "without ONNX Runtime, compile gives other bytes"
    );
    assert!(
        report.contains("not compared with ONNX Runtime"),
        "{report}"
    );
}

#[test]
fn generate_fits_the_chip() {
    let bytes = AlignedBytes::from(&file()[..]);
    let model = Model::load(&bytes).expect("the model loads");
    assert!(model.verify_weights());
    let generate = model.function("generate").expect("poem models generate");
    let (flash, ram) = (flash(&model, &generate), generate.arena());
    assert!(flash <= 600_000, "{flash} bytes of flash");
    assert!(ram <= 16_384, "{ram} bytes of RAM");
    // What footprint::flash promises is what `compile --functions generate` writes.
    let mut request = Request::new(&folder().join("model.onnx"));
    request.functions = vec!["generate".into()];
    let alone = compile(&request, &mut |_, _, _| {}).expect("generate compiles alone");
    assert_eq!(alone.bytes.len(), flash);
}

#[test]
fn ten_seeds_write_what_they_wrote() {
    let bytes = AlignedBytes::from(&file()[..]);
    let model = Model::load(&bytes).expect("the model loads");
    let poet = Poet::new(&model).expect("a poem model");
    let mut arena = AlignedBytes::zeros(poet.arena());
    let mut text = String::new();
    for seed in 1..=10 {
        let couplet = poet
            .couplet(seed, poet.temperature(), &mut arena)
            .expect("the arena fits");
        poet.write(&couplet, |piece| text.push_str(piece));
        text.push('\n');
    }
    let golden = std::fs::read_to_string(folder().join("golden.txt")).expect("golden couplets");
    assert_eq!(text, golden);
}

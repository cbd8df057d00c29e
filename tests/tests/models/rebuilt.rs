//! `qibu compile` on the committed ONNX files gives the committed bytes.

use super::all;
use qibu::Model;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile};
use qibu_compiler::prosody::COMPOSE;
use qibu_tests::command::{command, run};
use qibu_tests::need::say;
use std::path::{Path, PathBuf};

/// The functions of a file. The rest of what was asked for is in the ONNX file; a file for a chip
/// is compiled with `--functions`.
fn functions(file: &[u8]) -> Vec<String> {
    let bytes = AlignedBytes::from(file);
    let model = Model::load(&bytes).expect("the model loads");
    let names = model
        .functions()
        .map(|function| function.name().to_string());
    names.collect()
}

/// Where tones and rhymes come from: the table is not in the repository, what a file keeps of it is.
fn prosody(folder: &Path, functions: &[String]) -> Option<PathBuf> {
    let composes = functions.iter().any(|name| name == COMPOSE);
    composes.then(|| folder.join("model.qibu"))
}

/// With the environment as it is.
#[test]
fn files_are_rebuilt_byte_for_byte() {
    for folder in all() {
        let name = folder.file_name().expect("a name").display();
        let committed = std::fs::read(folder.join("model.qibu")).expect("a committed file");
        let mut request = Request::new(&folder.join("model.onnx"));
        request.functions = functions(&committed);
        request.prosody = prosody(&folder, &request.functions);
        let compiled = compile(&request, &mut |_, _, _| {}).expect("the model compiles");
        assert!(
            compiled.bytes == committed,
            "compile gives other bytes than {name}/model.qibu"
        );
        assert!(!compiled.report.noise_calibrated, "{name}");
        for function in &compiled.report.functions {
            assert_eq!(
                function.ram, function.ram_lower_bound,
                "{name} {}",
                function.name
            );
        }
        assert_eq!(compiled.report.witness_refusal, None, "{name}");
        assert_eq!(
            compiled.report.witness.is_some(),
            qibu_compiler::engine::available().is_ok(),
            "{name}"
        );
        let Some(witness) = &compiled.report.witness else {
            continue;
        };
        for output in &witness.outputs {
            let place = format!("{name} {}", output.name);
            if let Some(error) = output.float_error {
                assert!(
                    error < 1e-4,
                    "{place}: the float path differs from ONNX Runtime by {error}"
                );
            }
            if let Some(equal) = output.float_equal {
                assert!(equal > 0.99, "{place}: {equal} of indices equal");
            }
            if let Some(snr) = output.snr_db {
                say(&format!("{place}: {snr:.1} dB against ONNX Runtime"));
                assert!(snr > 25.0, "{place}: {snr} dB against ONNX Runtime");
            }
        }
    }
}

/// The same without ONNX Runtime: a library path that leads nowhere counts as none.
#[test]
fn files_are_rebuilt_without_onnx_runtime() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    for folder in all() {
        let (model, output) = (folder.join("model.onnx"), scratch.path().join("m.qibu"));
        let committed = std::fs::read(folder.join("model.qibu")).expect("a committed file");
        let mut compile = command(scratch.path(), &[]);
        compile.arg("compile").arg(model).arg("-o").arg(&output);
        let functions = functions(&committed);
        compile.args(["--functions", &functions.join(",")]);
        if let Some(file) = prosody(&folder, &functions) {
            compile.arg("--prosody").arg(file);
        }
        let report = run(compile, None).text();
        let rebuilt = std::fs::read(&output).expect("compile writes the file");
        assert!(
            rebuilt == committed,
            "{}: without ONNX Runtime, compile gives other bytes",
            folder.display()
        );
        assert!(
            report.contains("not compared with ONNX Runtime"),
            "{report}"
        );
    }
}

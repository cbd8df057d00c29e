//! `qibu verify` with and without ONNX Runtime: what it prints and how it ends.

use crate::inputs;
use qibu_tests::command::{Answer, command, qibu, run};
use qibu_tests::need;
use serde_json::Value;
use std::path::Path;

/// `line` in `folder`.
fn call(folder: &Path, line: &str) -> Answer {
    qibu(folder, &line.split(' ').collect::<Vec<_>>())
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.stdout).expect("JSON")
}

/// Keys of `object`, in order.
fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("a JSON object");
    object.keys().map(String::as_str).collect()
}

#[test]
fn every_format_passes_and_a_stricter_bound_fails() {
    let folder = inputs::folder();
    let at = folder.path();
    for formats in ["int8", "int8 --activations int16", "int4", "f16", "f32"] {
        let compile = format!("compile good.onnx -o new.qibu --weights {formats}");
        assert_eq!(call(at, &compile).code, Some(0), "{formats}");
        let line = "verify good.onnx new.qibu --min-snr 15";
        let text = call(at, line).text();
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("verdict: pass: comparisons 1, "), "{text}");
        assert!(text.contains("not compared with ONNX Runtime: "), "{text}");
        assert!(text.contains("worst layers: "), "{text}");
        let found = json(&call(at, &format!("{line} --json")));
        assert_eq!(
            (&found["pass"], &found["samples"]),
            (&true.into(), &64.into())
        );
    }
    let strict = call(at, "verify good.onnx compiled.qibu --min-snr 150");
    assert_eq!(strict.code, Some(1), "{}", strict.stderr);
    let text = String::from_utf8(strict.stdout).unwrap();
    assert!(text.contains("beyond its threshold: main/y: file against float: "));
    assert!(
        text.lines().last().unwrap().starts_with("verdict: FAIL: "),
        "{text}"
    );
    assert_eq!(
        strict.stderr.matches("error: ").count(),
        1,
        "{}",
        strict.stderr
    );
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn json_has_its_keys_and_exit_code_tells() {
    let folder = inputs::folder();
    let compile = "compile good.onnx -o new.qibu --calibrate samples.safetensors";
    assert_eq!(call(folder.path(), compile).code, Some(0));
    let line = "verify good.onnx new.qibu --inputs samples.safetensors --json";
    let good = call(folder.path(), line);
    assert_eq!(good.code, Some(0), "{}", good.stderr);
    let found = json(&good);
    let expected = [
        "model",
        "model_sha256",
        "file",
        "file_sha256",
        "formats",
        "inputs",
        "samples",
        "thresholds",
        "onnx_runtime",
        "not_compared",
        "layers_not_compared",
        "functions",
        "comparisons",
        "failures",
        "pass",
    ];
    assert_eq!(keys(&found), expected);
    assert_eq!(found["inputs"], "samples.safetensors");
    assert_eq!(found["formats"], "int8/int8");
    assert_eq!(found["samples"], 4);
    let thresholds = ["float_tolerance", "min_snr", "min_equal", "min_top1"];
    assert_eq!(keys(&found["thresholds"]), thresholds);
    let function = &found["functions"][0];
    assert_eq!(keys(function), ["name", "outputs", "layers"]);
    let layer = ["name", "operator", "dtype", "shape", "snr_db"];
    assert_eq!(keys(&function["layers"][1]), layer);
    let output = &function["outputs"][0];
    let comparisons = [
        "name",
        "file_vs_float",
        "float_vs_onnx_runtime",
        "file_vs_onnx_runtime",
    ];
    assert_eq!(keys(output), comparisons);
    assert!(output["float_vs_onnx_runtime"].is_null());
    let checked = &output["file_vs_float"];
    let measured = ["snr_db", "relative_error", "equal", "top1", "pass"];
    assert_eq!(keys(checked), measured);
    assert!(checked["snr_db"].as_f64().unwrap() > 30.0);
    assert_eq!(checked["pass"], true);
    let bad = call(folder.path(), &format!("{line} --min-snr 150"));
    assert_eq!((bad.code, &json(&bad)["pass"]), (Some(1), &false.into()));
}

/// Where ONNX Runtime is at hand, all three executions are compared.
#[test]
fn onnx_runtime_is_asked() {
    let Some(path) = std::env::var_os("ORT_DYLIB_PATH") else {
        return need::skip("onnx_runtime_is_asked", "ORT_DYLIB_PATH is not set");
    };
    let folder = inputs::folder();
    let mut qibu = command(folder.path(), &[("ORT_DYLIB_PATH", path.to_str().unwrap())]);
    qibu.args(["verify", "good.onnx", "compiled.qibu", "--json"]);
    let answer = run(qibu, None);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let found = json(&answer);
    assert!(found["onnx_runtime"].is_string() && found["not_compared"].is_null());
    assert_eq!(found["comparisons"], 3);
    let output = &found["functions"][0]["outputs"][0];
    let error = output["float_vs_onnx_runtime"]["relative_error"].as_f64();
    assert!(error.unwrap() < 1e-5, "{output}");
    assert!(output["file_vs_onnx_runtime"]["snr_db"].as_f64().unwrap() > 30.0);
}

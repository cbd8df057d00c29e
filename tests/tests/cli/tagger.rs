//! Tag models in `compile`, `verify` and `inspect`.

use crate::inputs;
use prost::Message;
use qibu_tests::command::qibu;
use qibu_tests::tagger::Spec;
use serde_json::Value;
use std::path::Path;

/// Compiles with these further arguments; the JSON report.
fn compile(folder: &Path, arguments: &[&str]) -> Value {
    let model = folder.join("model.onnx");
    std::fs::write(&model, Spec::default().model().encode_to_vec()).unwrap();
    let arguments = [&["compile", "model.onnx", "--json"], arguments].concat();
    json(folder, &arguments)
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&qibu(folder, arguments).text()).expect("JSON")
}

#[test]
fn tables_are_shown_and_counted() {
    let folder = inputs::folder();
    let folder = folder.path();
    compile(folder, &["--report", "report.html"]);
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("emit") && page.contains("Gather"));
    let text = qibu(folder, &["inspect", "model.qibu"]).text();
    for line in [
        "labels: T0 T1 T2 T3",
        "vocab: 29 characters",
        "crf          i32[6,4]",
        "pair_first   i32[32]",
        "pair_second  i16[",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let shown = json(folder, &["inspect", "model.qibu", "--json"]);
    let tables = shown["tables"].as_array().unwrap();
    let names: Vec<&str> = tables.iter().filter_map(|t| t["name"].as_str()).collect();
    assert_eq!(names, ["crf", "pair_first", "pair_second"]);
    assert_eq!(tables[0]["shape"], serde_json::json!([6, 4]));
    assert_eq!(tables[0]["type"], "i32");
    assert_eq!(tables[0]["bytes"], 96);
    // The tables are part of what the function needs.
    assert_eq!(shown["functions"][0]["flash"], shown["bytes"]);
}

#[test]
fn files_of_every_format_are_verified() {
    let folder = inputs::folder();
    let folder = folder.path();
    for weights in ["int8", "int4", "f16", "f32"] {
        compile(folder, &["--weights", weights]);
        let arguments = [
            "verify",
            "model.onnx",
            "model.qibu",
            "--min-snr",
            "8",
            "--json",
        ];
        let report = json(folder, &arguments);
        assert_eq!(report["pass"], true, "{weights}: {report}");
        // Layers are compared one by one: the file has the formats that it says it has.
        let layers = report["functions"][0]["layers"].as_array().unwrap();
        assert!(layers.len() >= 6, "{weights}: {report}");
    }
}

#[test]
fn the_search_packs_tables() {
    let folder = inputs::folder();
    let folder = folder.path();
    compile(folder, &[]);
    let plain = std::fs::metadata(folder.join("model.qibu")).unwrap().len();
    let limit = (plain - 100).to_string();
    let report = compile(folder, &["--max-flash", &limit]);
    assert!(report["frontier"].is_object() || report["frontier"].is_array());
    let size = std::fs::metadata(folder.join("model.qibu")).unwrap().len();
    assert!(size <= plain - 100, "{size} {plain}");
    let formats = json(folder, &["inspect", "model.qibu", "--json"]);
    let formats = formats["metadata"]["formats"].as_str().unwrap().to_owned();
    assert!(formats.contains("int4"), "{formats}");
}

#[test]
fn a_model_whose_properties_do_not_fit_is_refused_by_name() {
    let folder = inputs::folder();
    let mut model = Spec::default().model();
    for property in &mut model.metadata_props {
        if property.key == "qibu.labels" {
            property.value = "B I".into();
        }
    }
    std::fs::write(folder.path().join("model.onnx"), model.encode_to_vec()).unwrap();
    let answer = qibu(folder.path(), &["compile", "model.onnx"]);
    assert_eq!(answer.code, Some(3));
    for part in [
        "model.onnx: qibu.crf: scores of 4 tags, qibu.labels names 2",
        "help: ",
    ] {
        assert!(answer.stderr.contains(part), "{}", answer.stderr);
    }
}

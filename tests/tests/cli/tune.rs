//! `qibu compile --tune`: choices are measured once and replayed byte for byte.

use crate::inputs;
use qibu_tests::command::qibu;
use serde_json::Value;

#[test]
fn choices_are_replayed() {
    let folder = inputs::folder();
    let at = |name: &str| folder.path().join(name);
    let compile = |output| {
        let line = [
            "compile",
            "good.onnx",
            "--tune",
            "choices.json",
            "-o",
            output,
        ];
        qibu(folder.path(), &line)
    };
    assert_eq!(compile("first.qibu").code, Some(0));
    let choices = std::fs::read_to_string(at("choices.json")).expect("choices");
    let found: Value = serde_json::from_str(&choices).expect("JSON");
    let layouts = found["layouts"].as_object().expect("layouts");
    assert!(!layouts.is_empty(), "{choices}");

    // The other layout of one matrix is taken as it stands: nothing is measured again.
    let name = layouts.keys().next().expect("a matrix");
    for layout in ["tile4", "plain"] {
        let mut other = found.clone();
        other["layouts"][name] = layout.into();
        let text = serde_json::to_string_pretty(&other).expect("JSON");
        std::fs::write(at("choices.json"), &text).expect("a file");
        let mut files = Vec::new();
        for output in ["a.qibu", "b.qibu"] {
            assert_eq!(compile(output).code, Some(0), "{layout}");
            files.push(std::fs::read(at(output)).expect("a file"));
            assert_eq!(
                std::fs::read_to_string(at("choices.json")).ok(),
                Some(text.clone())
            );
        }
        assert!(files[0] == files[1], "{layout}");
    }
}

#[test]
fn another_file_is_not_replaced() {
    let folder = inputs::folder();
    let line = [
        "compile",
        "good.onnx",
        "--tune",
        "samples.safetensors",
        "-o",
        "new.qibu",
    ];
    let before = inputs::contents(folder.path());
    let answer = qibu(folder.path(), &line);
    assert_ne!(answer.code, Some(0));
    let text = &answer.stderr;
    assert!(
        text.contains("samples.safetensors") && text.contains("help: "),
        "{text}"
    );
    assert_eq!(inputs::contents(folder.path()), before);
}

//! ONNX Runtime's side, through `tests/mlperf/reference.py`.

use qibu_tests::mlperf::models::Model;
use qibu_tests::need::root;
use std::path::Path;
use std::process::Command;

/// Samples in rows.
pub type Rows = Vec<Vec<f32>>;

/// Test inputs.
pub const SAMPLES: usize = 512;

/// What the script leaves behind.
pub struct Reference {
    /// Seeded structured inputs.
    pub inputs: Rows,
    /// The model's output on them.
    pub output: Rows,
    /// The tensor before the last Softmax, exact and by ONNX Runtime's int8; none of a model that
    /// comes quantised.
    pub logits: Option<(Rows, Rows)>,
}

/// Runs the script on `model` in `folder`.
pub fn reference(python: &Path, model: &Model, folder: &Path) -> Reference {
    let output = Command::new(python)
        .arg("-B")
        .arg(root().join("tests/mlperf/reference.py"))
        .args([&model.path, folder])
        .args([model.span.0, model.span.1].map(|end| end.to_string()))
        .output()
        .expect("python starts");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {log}", model.name);
    let read = |name: &str| rows(&folder.join(name));
    Reference {
        inputs: read("inputs.bin"),
        output: read("output.bin"),
        logits: (!model.quantised).then(|| (read("logits.bin"), read("quantised.bin"))),
    }
}

fn rows(path: &Path) -> Rows {
    let bytes = std::fs::read(path).expect("the script has written it");
    let values: Vec<f32> = bytemuck::allocation::pod_collect_to_vec(&bytes);
    assert!(!values.is_empty() && values.len().is_multiple_of(SAMPLES));
    let rows = values.chunks(values.len() / SAMPLES);
    rows.map(<[f32]>::to_vec).collect()
}

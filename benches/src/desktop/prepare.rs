//! The peers' own formats of a case, by `benches/peers/prepare.py`.

use super::case::Case;
use qibu_compiler::error::{Error, Result};
use qibu_tests::need::root;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What was made of a case, and why the rest was not.
#[derive(Debug, Default, Deserialize)]
pub struct Prepared {
    made: BTreeMap<String, Made>,
    refused: BTreeMap<String, String>,
}

/// A file, checked against the float model.
#[derive(Debug, Deserialize)]
struct Made {
    path: PathBuf,
    snr_db: f64,
}

impl Prepared {
    /// The file `name`, or why there is none.
    ///
    /// # Errors
    /// It was not made.
    pub fn file(&self, name: &str) -> std::result::Result<&Path, String> {
        let refused = || self.refused.get(name).cloned().unwrap_or_else(no_python);
        let found = self.made.get(name).map(|made| made.path.as_path());
        found.ok_or_else(refused)
    }

    /// Signal-to-noise ratio of the file `name` against the float model, in decibels.
    pub fn snr_db(&self, name: &str) -> Option<f64> {
        self.made.get(name).map(|made| made.snr_db)
    }
}

/// The folder of the Python programs.
pub fn programs() -> PathBuf {
    root().join("benches/peers")
}

/// Python with the peers' packages: `target/peers`, else `target/venv`, which lacks TensorFlow Lite.
pub fn python() -> Option<PathBuf> {
    let found = ["target/peers", "target/venv"].map(|venv| root().join(venv).join("bin/python"));
    found.into_iter().find(|python| python.is_file())
}

/// ONNX Runtime's library beside [`python`].
pub fn onnx_runtime() -> Option<PathBuf> {
    let peers = root().join("target/peers/lib");
    let folders = std::fs::read_dir(peers).into_iter().flatten().flatten();
    let folders = folders.map(|entry| entry.path().join("site-packages/onnxruntime/capi"));
    let files = folders
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten();
    let mut files = files.flatten().map(|entry| entry.path());
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libonnxruntime.so") || name.starts_with("libonnxruntime.1")
    };
    files
        .find(is_library)
        .or_else(qibu_tests::need::onnx_runtime)
}

/// What to say where [`python`] finds none.
pub fn no_python() -> String {
    "missing: benches/peers/install has not been run".into()
}

/// Makes what can be made for `case`, in `folder`.
///
/// # Errors
/// Python is there, but the program fails.
pub fn prepare(case: &Case, folder: &Path) -> Result<Prepared> {
    let Some(python) = python() else {
        return Ok(Prepared::default());
    };
    let failed =
        |why: String| Error::environment(format!("peers/prepare.py: {}: {why}", case.name));
    let output = Command::new(python)
        .arg(programs().join("prepare.py"))
        .args([&case.form.onnx, &case.calibration])
        .arg(folder)
        .args(case.first.as_ref().map(|first| &first.onnx))
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line).map_err(|error| failed(format!("{error} in {text}")))
}

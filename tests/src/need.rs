//! What a test needs from the machine, and how it says that it is skipped.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The top of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .expect("tests/ is in the repository")
        .to_path_buf()
}

/// Says something that `cargo test` shows even when the test passes: it captures only the macros.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Says that a test is skipped because `what` is not there.
///
/// # Panics
/// `CI=true` is set, and `tests/run` had to bring it.
pub fn skip(test: &str, what: &str) {
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "{test}: {what}, and CI=true allows no skips");
    say(&format!("skipped: {test}: {what}"));
}

/// Whether `program --version` runs.
#[must_use]
pub fn has_program(program: &str) -> bool {
    let run = Command::new(program).arg("--version").output();
    run.is_ok_and(|output| output.status.success())
}

/// Whether the standard library of `target` is installed.
#[must_use]
pub fn has_target(target: &str) -> bool {
    let print = ["--print", "target-libdir", "--target", target];
    let run = Command::new("rustc").args(print).output();
    run.is_ok_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout);
        output.status.success() && Path::new(path.trim()).is_dir()
    })
}

/// ONNX's backend tests, as the Python package `onnx` brings them; the error says what is missing.
///
/// # Errors
/// `tests/run` has not installed the version that it pins.
pub fn onnx_backend_tests() -> Result<PathBuf, String> {
    let script = std::fs::read_to_string(root().join("tests/run")).unwrap_or_default();
    let pin = script.lines().find_map(|line| line.strip_prefix("ONNX="));
    let version = pin.ok_or("tests/run pins no ONNX")?;
    let missing = || format!("no onnx {version} in target/venv; tests/run installs it");
    let libraries = std::fs::read_dir(root().join("target/venv/lib")).map_err(|_| missing())?;
    let packages = libraries.flatten().map(|e| e.path().join("site-packages"));
    let found = packages.filter(|path| path.join(format!("onnx-{version}.dist-info")).is_dir());
    let data = found.map(|path| path.join("onnx/backend/test/data")).next();
    data.filter(|path| path.is_dir()).ok_or_else(missing)
}

/// Python with ONNX Runtime, ONNX and NumPy; the error says what is missing.
///
/// # Errors
/// `tests/run` has not made `target/venv`.
pub fn python() -> Result<PathBuf, String> {
    let python = root().join("target/venv/bin/python");
    match python.is_file() && onnx_runtime().is_some() {
        true => Ok(python),
        false => Err("no onnxruntime in target/venv; tests/run installs it".into()),
    }
}

/// Python with the module `name`; the error says what is missing.
///
/// # Errors
/// `tests/run` has not installed it in `target/venv`.
pub fn python_with(name: &str) -> Result<PathBuf, String> {
    let venv = root().join("target/venv");
    let libraries = std::fs::read_dir(venv.join("lib")).into_iter().flatten();
    let modules = libraries
        .flatten()
        .map(|entry| entry.path().join("site-packages").join(name));
    match modules.into_iter().any(|module| module.is_dir()) {
        true => Ok(venv.join("bin/python")),
        false => Err(format!("no {name} in target/venv; tests/run installs it")),
    }
}

/// The shared library of ONNX Runtime in `target/venv`.
#[must_use]
pub fn onnx_runtime() -> Option<PathBuf> {
    let libraries = std::fs::read_dir(root().join("target/venv/lib")).ok()?;
    let folders = libraries.flatten().map(|entry| entry.path());
    let folders = folders.map(|path| path.join("site-packages/onnxruntime/capi"));
    let entries = folders
        .filter_map(|path| std::fs::read_dir(path).ok())
        .flatten();
    let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    let mut files = entries.flatten().map(|entry| entry.path());
    files.find(|path| name(path).is_some_and(|name| name.starts_with("libonnxruntime.so")))
}

/// The trained poem model.
#[must_use]
pub fn poem5() -> PathBuf {
    root().join("models/poem5/model.qibu")
}

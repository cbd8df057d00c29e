//! Shared by the tests of training.

use qibu_compiler::engine::{self, Options};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Says on standard error, which `cargo test` does not capture, what is missing; fails in CI.
pub fn engine_or_skip() -> bool {
    let Err(error) = engine::available() else {
        return true;
    };
    let reason = error.to_string();
    let reason = reason.lines().next().unwrap_or_default();
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "{test}: {reason}, and CI=true allows no skips");
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
    false
}

/// A file in `data/`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// How training runs here.
pub fn options() -> Options {
    Options {
        threads: 2,
        optimise: true,
        ..Options::default()
    }
}

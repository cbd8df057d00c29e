//! `qibu compile MODEL -o FILE`: what it says of the file, and how long it takes.

use qibu_tests::command::{command, run};
use qibu_tests::need;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the device needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Bytes of the file.
    pub flash: u64,
    /// Bytes of arena.
    pub ram: u64,
    /// Largest sum of live bytes at any step.
    pub lower_bound: u64,
    /// Multiply-accumulates of a run.
    pub macs: u64,
}

/// Compiles `model` to `to`, compared with ONNX Runtime where it is found, as people do.
pub fn compile(model: &Path, to: &Path, more: &[&str]) -> (Footprint, Duration) {
    let folder = to.parent().expect("a folder");
    let library = need::onnx_runtime().map(|path| path.display().to_string());
    let environment: Vec<_> = library
        .iter()
        .map(|path| ("ORT_DYLIB_PATH", path.as_str()))
        .collect();
    let mut qibu = command(folder, &environment);
    qibu.arg("compile").arg(model).arg("-o").arg(to);
    qibu.arg("--json").args(more);
    let start = Instant::now();
    let answer = run(qibu, None);
    let took = start.elapsed();
    let report: Value = serde_json::from_str(&answer.text()).expect("one JSON object");
    let function = &report["functions"][0];
    let figure = |name: &str| function[name].as_u64().expect("a figure");
    let footprint = Footprint {
        flash: figure("flash"),
        ram: figure("ram"),
        lower_bound: figure("ram_lower_bound"),
        macs: figure("macs"),
    };
    (footprint, took)
}

//! Finds the models and the linker script.

use std::env::var;
use std::path::{Path, PathBuf};

fn main() {
    let package = PathBuf::from(var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(var("OUT_DIR").expect("cargo sets it"));

    // The models: `QIBU_MODEL`, else the trained poem model; `QIBU_TAG_MODEL`, else the trained tag
    // model. `include_model!` takes paths that are known when it is compiled, hence the variables.
    model(&package, "QIBU_MODEL", "../../models/poem5/model.qibu");
    if var("CARGO_FEATURE_TAG").is_ok() {
        model(&package, "QIBU_TAG_MODEL", "../../models/cws/model.qibu");
    }

    // Seeds and text, also fixed at compile time: the board has no arguments.
    for (name, default) in [("SEED", "7"), ("COUNT", "5"), ("TEXT", "白日依山尽")] {
        let value = var(name).unwrap_or_else(|_| default.into());
        println!("cargo:rustc-env={name}={value}");
        println!("cargo:rerun-if-env-changed={name}");
    }

    // cortex-m-rt's link.x includes memory.x from the linker's search path.
    copy(&package.join("memory.x"), &out.join("memory.x"));
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=memory.x");
}

/// Passes the path in variable `name` on as `name_FILE`.
fn model(package: &Path, name: &str, default: &str) {
    let path = package.join(var(name).unwrap_or_else(|_| default.into()));
    assert!(path.is_file(), "no model at {}; set {name}", path.display());
    println!("cargo:rustc-env={name}_FILE={}", path.display());
    println!("cargo:rerun-if-changed={}", path.display());
    println!("cargo:rerun-if-env-changed={name}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("the linker script is copied");
}

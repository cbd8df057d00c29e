//! Finds the model and the linker script.

use std::env::var;
use std::path::{Path, PathBuf};

fn main() {
    let package = PathBuf::from(var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(var("OUT_DIR").expect("cargo sets it"));

    // The model: `QIBU_MODEL`, else the trained poem model. `include_model!` takes a path that is
    // known when main.rs is compiled, hence the variable.
    let model = match var("QIBU_MODEL") {
        Ok(path) => package.join(path),
        Err(_) => package.join("../../models/poem5/model.qibu"),
    };
    assert!(
        model.is_file(),
        "no model at {}; set QIBU_MODEL",
        model.display()
    );
    println!("cargo:rustc-env=QIBU_MODEL_FILE={}", model.display());
    println!("cargo:rerun-if-changed={}", model.display());
    println!("cargo:rerun-if-env-changed=QIBU_MODEL");

    // The seeds, also fixed at compile time: the board has no arguments.
    for (name, default) in [("SEED", "7"), ("COUNT", "5")] {
        let value = var(name).unwrap_or_else(|_| default.into());
        println!("cargo:rustc-env={name}={value}");
        println!("cargo:rerun-if-env-changed={name}");
    }

    // cortex-m-rt's link.x includes memory.x from the linker's search path.
    copy(&package.join("memory.x"), &out.join("memory.x"));
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=memory.x");
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("the linker script is copied");
}

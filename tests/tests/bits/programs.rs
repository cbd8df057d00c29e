//! The programs of `tests/bits`: all of one target are built by one call.

use qibu_tests::machines::{MACHINES, Machine};
use qibu_tests::need::root;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

/// Targets whose programs are built, or what cargo said.
static BUILT: Mutex<BTreeMap<&str, Result<(), String>>> = Mutex::new(BTreeMap::new());

/// The program of `machine`.
///
/// # Panics
/// It does not build.
pub fn program(machine: &Machine) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(|error| error.into_inner());
    let result = built.entry(machine.target);
    if let Err(log) = result.or_insert_with(|| build(machine.target)) {
        panic!("the programs for {}:\n{log}", machine.target);
    }
    let suffix = if machine.target.starts_with("wasm32") {
        ".wasm"
    } else {
        ""
    };
    let folder = folder().join(machine.target).join("release");
    folder.join(format!("{}{suffix}", machine.name))
}

fn folder() -> PathBuf {
    root().join("target/bare-metal/bits")
}

fn build(target: &str) -> Result<(), String> {
    let mut cargo = Command::new("cargo");
    // The package's own .cargo/config.toml counts only where cargo starts.
    cargo.current_dir(root().join("tests/bits"));
    cargo.args(["build", "--locked", "--release", "--target", target]);
    cargo.arg("--target-dir").arg(folder());
    for machine in MACHINES.iter().filter(|machine| machine.target == target) {
        cargo.args(["--bin", machine.name]);
    }
    // Flags and locations meant for the host do not apply.
    for inherited in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(inherited);
    }
    let output = cargo.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

//! The programs of `tests/bits`: all of one target and its flags are built by one call.

use qibu_tests::machines::{MACHINES, Machine};
use qibu_tests::need::root;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

/// A target, and rustc's flags.
type Build = (&'static str, &'static str);

/// Those whose programs are built, or what cargo said.
static BUILT: Mutex<BTreeMap<Build, Result<(), String>>> = Mutex::new(BTreeMap::new());

/// The program of `machine`.
///
/// # Panics
/// It does not build.
pub fn program(machine: &Machine) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(|error| error.into_inner());
    let wanted = (machine.target, machine.flags);
    let result = built.entry(wanted);
    if let Err(log) = result.or_insert_with(|| build(wanted)) {
        panic!("the programs for {}:\n{log}", machine.target);
    }
    let suffix = if machine.target.starts_with("wasm32") {
        ".wasm"
    } else {
        ""
    };
    let folder = folder(wanted).join(machine.target).join("release");
    folder.join(format!("{}{suffix}", machine.program()))
}

/// One for each set of flags: none replaces another's programs.
fn folder((_, flags): Build) -> PathBuf {
    let folder = root().join("target/bare-metal/bits");
    match flags.rsplit_once(['=', '+']) {
        Some((_, feature)) => folder.join(feature),
        None => folder,
    }
}

fn build(wanted: Build) -> Result<(), String> {
    let (target, flags) = wanted;
    let mut cargo = Command::new("cargo");
    // The package's own .cargo/config.toml counts only where cargo starts.
    cargo.current_dir(root().join("tests/bits"));
    cargo.args(["build", "--locked", "--release", "--target", target]);
    cargo.arg("--target-dir").arg(folder(wanted));
    let is_wanted = |machine: &&Machine| (machine.target, machine.flags) == wanted;
    for machine in MACHINES.iter().filter(is_wanted) {
        cargo.args(["--bin", machine.program()]);
    }
    // Flags and locations meant for the host do not apply.
    for inherited in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(inherited);
    }
    if !flags.is_empty() {
        cargo.env("RUSTFLAGS", flags);
    }
    let output = cargo.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

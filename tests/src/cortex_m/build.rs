//! The programs, built for a core as a firmware is that wants speed.

use super::Core;
use crate::firmware::section_bytes;
use crate::need::root;
use qibu::{Model, kernels};
use qibu_compiler::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Programs that are built, or what cargo said: cargo asks for half a second to find nothing to do.
static BUILT: Mutex<BTreeMap<String, std::result::Result<PathBuf, String>>> =
    Mutex::new(BTreeMap::new());

/// The program `count` for `core`.
pub(super) fn program(core: Core, opt: &str) -> Result<PathBuf> {
    let key = format!("{}-{opt}", core.name);
    let mut built = BUILT.lock().unwrap_or_else(|error| error.into_inner());
    let built = built.entry(key).or_insert_with(|| {
        let machine = core.machine().name;
        let environment = [("QIBU_MACHINE", machine)];
        build(core, opt, ["tests/bits", "count"], &[], &environment)
    });
    built.clone().map_err(failed)
}

/// Bytes of `.text` that the runtime takes on `core` for a model's kernels and no others, without a
/// board's code: load, run, inputs and outputs, and the compiler's support of arithmetic.
///
/// # Errors
/// It does not build.
pub fn text(core: Core, model: &Model<'_>, opt: &str) -> Result<u32> {
    let names: Vec<&str> = kernels::used(model).collect();
    let paths = names.iter().map(|name| format!("&qibu::kernels::{name}, "));
    let set = format!("&[{}]\n", paths.collect::<String>());
    let file = root().join("target/bare-metal/kernels");
    let written = std::fs::create_dir_all(&file).and_then(|()| {
        // A name for each set: cargo builds anew where the name changes.
        let file = file.join(format!(
            "{:08x}.rs",
            qibu::format::crc::crc32(set.as_bytes())
        ));
        std::fs::write(&file, &set).map(|()| file)
    });
    let file = written.map_err(|error| failed(error.to_string()))?;
    let file = file
        .to_str()
        .ok_or_else(|| failed("a path that is no UTF-8".into()))?;
    let _alone = BUILT.lock().unwrap_or_else(|error| error.into_inner());
    let features = ["--features", "model"];
    let program = ["tests/panic-free", "model"];
    let elf = build(core, opt, program, &features, &[("QIBU_KERNELS", file)]);
    Ok(section_bytes(&elf.map_err(failed)?, ".text"))
}

fn failed(log: String) -> Error {
    Error::environment(format!("the program does not build:\n{log}"))
}

/// Builds `program` of `package`; its path.
fn build(
    core: Core,
    opt: &str,
    [package, program]: [&str; 2],
    features: &[&str],
    environment: &[(&str, &str)],
) -> std::result::Result<PathBuf, String> {
    let target = core.machine().target;
    // Flags and the machine are part of what is built: none overwrites another's.
    let folder = format!("target/bare-metal/{}/{}-{opt}", program, core.name);
    let folder = root().join(folder);
    let mut cargo = Command::new("cargo");
    // The package's own .cargo/config.toml counts only where cargo starts.
    cargo.current_dir(root().join(package));
    cargo.args(["build", "--locked", "--profile", "speed", "--bin", program]);
    cargo.args(["--target", target]).args(features);
    cargo.arg("--target-dir").arg(&folder);
    // Levels are numbers but for two.
    let level = opt
        .parse::<u8>()
        .map_or(format!("{opt:?}"), |level| level.to_string());
    cargo
        .arg("--config")
        .arg(format!("profile.speed.opt-level={level}"));
    // Flags and locations meant for the host do not apply.
    for inherited in ["CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(inherited);
    }
    cargo.env("RUSTFLAGS", format!("-Ctarget-cpu={}", core.cpu));
    cargo.envs(environment.iter().copied());
    let output = cargo.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(elf(&folder, target, program)),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn elf(folder: &Path, target: &str, program: &str) -> PathBuf {
    folder.join(target).join("speed").join(program)
}

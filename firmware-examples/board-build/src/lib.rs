//! What the build scripts of all boards do.
//!
//! ```ignore
//! fn main() {
//!     board_build::memory("memory.x");
//!     board_build::model("poem", "QIBU_MODEL", "models/poem-small", &["generate"]);
//! }
//! ```

use qibu::{Model, kernels};
use std::env::var;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Puts the board's linker script where the linker looks for `memory.x`.
///
/// # Panics
/// The file cannot be copied.
pub fn memory(file: &str) {
    let target = out().join("memory.x");
    std::fs::copy(package().join(file), target).expect("the linker script is copied");
    println!("cargo:rustc-link-search={}", out().display());
    println!("cargo:rerun-if-changed={file}");
}

/// Checks the model of `program` and writes `program.rs`, which the program includes:
///
/// ```ignore
/// static MODEL: programs::ModelFile = …; // the file and the kernels that it needs
/// const ARENA: usize = …;
/// ```
///
/// The model is the file in the environment's `variable`, else `model.qibu` in `folder` of the
/// repository. The arena is as long as the longest of `functions` needs; of all functions where none
/// is named.
///
/// A model that is missing, refused or larger than the memory in the board's `memory.x` is an error of the
/// program that needs it, not of the others. What fits by itself, but not beside code and stack, is
/// left to the linker.
///
/// # Panics
/// The output cannot be written.
pub fn model(program: &str, variable: &str, folder: &str, functions: &[&str]) {
    let default = || package().join("../..").join(folder).join("model.qibu");
    let named = var(variable).ok().filter(|path| !path.is_empty());
    let path = named.map_or_else(default, |path| package().join(path));
    println!("cargo:rerun-if-changed={}", path.display());
    println!("cargo:rerun-if-env-changed={variable}");
    let source = source(&path, functions).unwrap_or_else(|why| {
        let why = format!(
            "{program}: {}: {why}\nhelp: set {variable} to the path of another model",
            path.display()
        );
        // The rest keeps the compiler from complaining of anything else.
        format!(
            "compile_error!({why:?});\n\
             const ARENA: usize = 0;\n\
             static MODEL: programs::ModelFile = programs::ModelFile {{ bytes: &[], kernels: &[] }};\n"
        )
    });
    std::fs::write(out().join(format!("{program}.rs")), source).expect("the source is written");
}

/// The source of a program's model.
fn source(path: &Path, functions: &[&str]) -> Result<String, String> {
    let path = path.canonicalize().map_err(|error| error.to_string())?;
    let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
    // `Model::load` wants the bytes on a 16-byte boundary.
    let mut room = vec![0; bytes.len() + 16];
    let start = room.as_ptr().align_offset(16);
    let aligned = &mut room[start..start + bytes.len()];
    aligned.copy_from_slice(&bytes);
    let model = Model::load(aligned).map_err(|error| error.to_string())?;
    if !model.verify_weights() {
        return Err("its weights are damaged".into());
    }
    let arena = |name: &&str| match model.function(name) {
        Some(function) => Ok(function.arena()),
        None => Err(format!(
            "it has no function {name}, which this program runs; `bench` runs any model"
        )),
    };
    let arenas: Vec<usize> = match functions {
        [] => model.functions().map(|function| function.arena()).collect(),
        _ => functions.iter().map(arena).collect::<Result<_, _>>()?,
    };
    let arena = arenas.into_iter().max().unwrap_or(0);
    let script = std::fs::read_to_string(package().join("memory.x")).unwrap_or_default();
    for (what, bytes, region) in [("file", bytes.len(), "FLASH"), ("arena", arena, "RAM")] {
        match memory_length(&script, region) {
            Some(length) if bytes > length => {
                return Err(format!(
                    "its {what} takes {bytes} bytes, the board has {length} of {region}"
                ));
            }
            _ => {}
        }
    }
    let mut source = String::new();
    let _ = writeln!(
        source,
        "static MODEL: programs::ModelFile = programs::ModelFile {{"
    );
    let _ = writeln!(source, "    bytes: qibu::include_model!({path:?}),");
    let _ = writeln!(source, "    kernels: &[");
    for kernel in kernels::used(&model) {
        let _ = writeln!(source, "        &qibu::kernels::{kernel},");
    }
    let _ = writeln!(source, "    ],\n}};");
    let _ = writeln!(source, "const ARENA: usize = {arena};");
    Ok(source)
}

/// Bytes of a region of a linker script, such as `FLASH : ORIGIN = 0, LENGTH = 256K`; less what an
/// expression behind the number takes away. None where there is no such line.
fn memory_length(script: &str, region: &str) -> Option<usize> {
    let line = script.lines().find(|line| {
        let name = line.split(':').next().unwrap_or_default();
        name.trim() == region
    })?;
    let (_, length) = line.split_once("LENGTH")?;
    let length = length.trim_start_matches([' ', '=']);
    let digits = length.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = length.split_at(digits);
    let unit = match unit.bytes().next() {
        Some(b'K') => 1 << 10,
        Some(b'M') => 1 << 20,
        None | Some(b' ' | b',') => 1,
        // Hexadecimal, or a name.
        Some(_) => return None,
    };
    Some(number.parse::<usize>().ok()? * unit)
}

fn package() -> PathBuf {
    var("CARGO_MANIFEST_DIR").expect("cargo sets it").into()
}

fn out() -> PathBuf {
    var("OUT_DIR").expect("cargo sets it").into()
}

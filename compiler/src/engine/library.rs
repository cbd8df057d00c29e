//! Finding and loading ONNX Runtime's shared library, once per process.
//!
//! Order: `ORT_DYLIB_PATH`; beside this binary; the `onnxruntime` package of the active Python;
//! the system's library path. A path given by hand that does not load is an error, never skipped.

use super::Device;
use crate::error::{Error, Result};
use ort::environment::Environment;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

struct Loaded {
    environment: Environment,
    path: PathBuf,
}

static LOADED: OnceLock<std::result::Result<Loaded, String>> = OnceLock::new();

/// The process's environment; the error names the remedy for `device`.
pub(super) fn environment(device: Device) -> Result<&'static Environment> {
    match LOADED.get_or_init(load) {
        Ok(loaded) => Ok(&loaded.environment),
        Err(reason) => Err(Error::environment(reason.clone()).hint(remedy(device))),
    }
}

/// What to install for `device`.
pub(super) fn remedy(device: Device) -> String {
    match device {
        Device::Cpu => {
            "run `pip install onnxruntime` (1.24 or newer) in the active Python environment, \
             or set ORT_DYLIB_PATH to an ONNX Runtime shared library"
        }
        Device::Cuda => {
            "run `pip uninstall onnxruntime`, then `pip install onnxruntime-gpu` (1.24 or newer), \
             in the active Python environment, or set ORT_DYLIB_PATH to an ONNX Runtime shared \
             library built with CUDA"
        }
    }
    .into()
}

/// Whether ONNX Runtime is to be had here; the error says why not, and what to install.
pub fn available() -> Result<()> {
    environment(Device::Cpu).map(|_| ())
}

/// Whether `device` is to be had here; the error says why not, and what to install.
pub fn require(device: Device) -> Result<()> {
    environment(device)?;
    match device {
        Device::Cpu => Ok(()),
        Device::Cuda => super::session::cuda_provider().map(|_| ()),
    }
}

/// Version and place of the library in use, for reports: results are tied to the version.
pub fn version() -> Result<String> {
    environment(Device::Cpu)?;
    let info = ort::info();
    let path = match LOADED.get() {
        Some(Ok(loaded)) => loaded.path.file_name().unwrap_or_default(),
        _ => std::ffi::OsStr::new(""),
    };
    let commit = info
        .split("git-commit-id=")
        .nth(1)
        .and_then(|rest| rest.split(',').next())
        .unwrap_or("unknown");
    Ok(format!("{} ({commit})", path.to_string_lossy()))
}

fn load() -> std::result::Result<Loaded, String> {
    let given = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
    if let Some(path) = given {
        let path = Path::new(&path);
        // A bare name is for the system's loader to find.
        if path.components().count() > 1 && !path.is_file() {
            return Err(format!("ORT_DYLIB_PATH: no file {}", path.display()));
        }
        return open(path).map_err(|error| format!("ORT_DYLIB_PATH: {error}"));
    }
    let mut reasons = Vec::new();
    for path in candidates() {
        match open(&path) {
            Ok(loaded) => return Ok(loaded),
            Err(error) => reasons.push(error),
        }
    }
    let mut message = "ONNX Runtime was not found".to_string();
    for reason in reasons.iter().filter(|reason| !is_plain_absence(reason)) {
        message += &format!("\n  tried: {reason}");
    }
    Err(message)
}

/// A bare name that the system's loader does not know is no news; a file that fails to load is.
fn is_plain_absence(reason: &str) -> bool {
    !reason.contains(['/', '\\'])
}

fn open(path: &Path) -> std::result::Result<Loaded, String> {
    let environment = ort::init_from(path)
        .map_err(|error| error.to_string())?
        .with_name("qibu")
        .with_telemetry(false)
        .build()
        .map_err(|error| error.to_string())?;
    environment.set_log_level(ort::logging::LogLevel::Error);
    Ok(Loaded {
        environment,
        path: path.to_path_buf(),
    })
}

fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let binary = std::env::current_exe().ok();
    if let Some(folder) = binary.as_deref().and_then(Path::parent) {
        found.extend(libraries_in(folder));
    }
    if let Some(package) = python_package() {
        found.extend(libraries_in(&package.join("capi")));
    }
    found.extend(SYSTEM_NAMES.iter().map(PathBuf::from));
    found
}

#[cfg(target_os = "windows")]
const SYSTEM_NAMES: &[&str] = &["onnxruntime.dll"];
#[cfg(target_os = "macos")]
const SYSTEM_NAMES: &[&str] = &["libonnxruntime.dylib"];
#[cfg(not(any(target_os = "windows", target_os = "macos")))]
const SYSTEM_NAMES: &[&str] = &["libonnxruntime.so", "libonnxruntime.so.1"];

/// ONNX Runtime's main library among the files of `folder`; the provider libraries beside it
/// (`libonnxruntime_providers_*`) are loaded by it.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_library = |name: &str| {
        name == "onnxruntime.dll"
            || name.starts_with("libonnxruntime.so")
            || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"))
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| is_library(&name.to_string_lossy()))
        })
        .collect();
    found.sort();
    found
}

/// Folder of the `onnxruntime` package of the active Python, found without importing it.
fn python_package() -> Option<PathBuf> {
    const ASK: &str = "import importlib.util,os\n\
        spec=importlib.util.find_spec('onnxruntime')\n\
        print(os.path.dirname(spec.origin) if spec and spec.origin else '')";
    let mut interpreters = Vec::new();
    if let Some(environment) = std::env::var_os("VIRTUAL_ENV") {
        let environment = PathBuf::from(environment);
        interpreters.push(environment.join("bin/python3"));
        interpreters.push(environment.join("Scripts/python.exe"));
    }
    interpreters.push("python3".into());
    interpreters.push("python".into());
    interpreters.iter().find_map(|interpreter| {
        let output = Command::new(interpreter).args(["-c", ASK]).output().ok()?;
        let folder = String::from_utf8(output.stdout).ok()?;
        let folder = folder.trim();
        (!folder.is_empty()).then(|| PathBuf::from(folder))
    })
}

//! The `qibu` program as a process: built once, run in a folder, given up on after a minute.

use crate::need;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the library path of ONNX Runtime is set to for machines that have none.
pub const NO_RUNTIME: (&str, &str) = ("ORT_DYLIB_PATH", "/no/onnxruntime.so");

/// What a call left behind.
#[derive(Debug)]
pub struct Answer {
    /// Exit code; `None` where a signal or our patience ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Answer {
    /// Standard output of a call that succeeded.
    ///
    /// # Panics
    /// It did not, or wrote no UTF-8.
    #[must_use]
    pub fn text(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        String::from_utf8(self.stdout).expect("UTF-8")
    }
}

/// The program in the target folder and profile of the running test; cargo builds it if need be.
///
/// # Panics
/// It does not build.
#[must_use]
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("the test's path");
        let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(need::root());
        // The whole workspace: with fewer packages, dependencies would lose features and be built anew.
        cargo.args([
            "build",
            "--quiet",
            "--locked",
            "--workspace",
            "--bin",
            "qibu",
        ]);
        cargo.arg("--target-dir").arg(folder.join(".."));
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let output = cargo.output().expect("cargo starts");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{log}");
        folder.join("qibu")
    })
}

/// A call in `folder`, without ONNX Runtime unless `environment` says otherwise.
#[must_use]
pub fn command(folder: &Path, environment: &[(&str, &str)]) -> Command {
    let mut qibu = Command::new(binary());
    qibu.current_dir(folder).stdin(Stdio::null());
    qibu.envs([NO_RUNTIME]).envs(environment.iter().copied());
    qibu
}

/// Runs `qibu` to its end; standard output goes into `stdout` where that is given.
///
/// # Panics
/// It does not start.
pub fn run(mut qibu: Command, stdout: Option<File>) -> Answer {
    let mut files = [(); 2].map(|()| tempfile::tempfile().expect("a temporary file"));
    let [out, err] = [0, 1].map(|index| files[index].try_clone().expect("a handle"));
    qibu.stdout(stdout.unwrap_or(out)).stderr(err);
    let mut child = qibu.spawn().expect("qibu starts");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("its state") {
            break status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().expect("it stops");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let [stdout, stderr] = files.each_mut().map(|file| {
        let mut bytes = Vec::new();
        file.rewind().expect("the start");
        file.read_to_end(&mut bytes).expect("its bytes");
        bytes
    });
    Answer {
        code: status.code(),
        stdout,
        stderr: String::from_utf8(stderr).expect("UTF-8 on standard error"),
    }
}

/// Runs `qibu` with `arguments` in `folder`, without ONNX Runtime.
///
/// # Panics
/// It does not start.
pub fn qibu(folder: &Path, arguments: &[&str]) -> Answer {
    let mut qibu = command(folder, &[]);
    qibu.args(arguments);
    run(qibu, None)
}

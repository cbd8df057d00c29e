//! C and C++ compilers, and the library that they link.

use qibu_tests::need::root;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Warnings are errors, in all that is compiled here.
pub const STRICT: [&str; 6] = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-pedantic",
    "-Wshadow",
    "-Wconversion",
];

/// The folder of the interface.
pub fn folder() -> PathBuf {
    root().join("runtime/c")
}

/// Runs `command` to its end.
pub fn output(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs `command`; what it printed.
pub fn succeed(command: &mut Command) -> String {
    let output = output(command);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {log}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Compiles `text` with the header in reach.
pub fn compile_only(compiler: &str, text: &str, extension: &str, standard: &str) {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let source = scratch.path().join("alone").with_extension(extension);
    std::fs::write(&source, text).expect("a source file");
    let mut compile = Command::new(compiler);
    compile.arg(format!("-std={standard}")).args(STRICT);
    compile.arg("-I").arg(folder().join("include"));
    compile.arg("-c").arg(&source).arg("-o");
    succeed(compile.arg(scratch.path().join("alone.o")));
}

/// The static library, for this machine, in the target folder and profile of the running test.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let test = std::env::current_exe().expect("the test's path");
        let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root());
        cargo.args([
            "build",
            "--quiet",
            "--locked",
            "-p",
            "qibu-c",
            "--target-dir",
        ]);
        cargo.arg(profile.join(".."));
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        succeed(&mut cargo);
        profile.join("libqibu_c.a")
    })
}

/// Compiles `sources` and links them with the library; `flags` come first.
pub fn program(compiler: &str, flags: &[&str], sources: &[PathBuf], program: &Path) {
    let mut compile = Command::new(compiler);
    compile.args(STRICT).args(flags);
    compile.arg("-I").arg(folder().join("include"));
    compile.args(sources).arg(library());
    compile.args(["-lpthread", "-ldl", "-lm", "-o"]);
    succeed(compile.arg(program));
}

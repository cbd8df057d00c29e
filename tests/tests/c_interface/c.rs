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

/// The static library with AddressSanitizer's checks in the Rust code, too: without them only what C
/// does itself would be seen.
///
/// The flag is one of nightly Rust's, which the stable compiler takes when it is told to.
pub fn sanitized_library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let version = succeed(Command::new("rustc").arg("-vV"));
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.expect("the host's triple");
        let folder = root().join("target/sanitized");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root());
        cargo.env("RUSTC_BOOTSTRAP", "1");
        cargo.env("RUSTFLAGS", "-Zsanitizer=address");
        cargo.env_remove("CARGO_ENCODED_RUSTFLAGS");
        // With a target of its own, even though it is the host, tools that the build runs stay as
        // they are.
        cargo.args(["rustc", "--quiet", "--locked", "-p", "qibu-c", "--lib"]);
        cargo.args([
            "--crate-type",
            "staticlib",
            "--target",
            host,
            "--target-dir",
        ]);
        succeed(cargo.arg(&folder));
        folder.join(host).join("debug/libqibu_c.a")
    })
}

/// Compiles `sources` and links them with `library`; `flags` come first.
pub fn link(compiler: &str, flags: &[&str], sources: &[PathBuf], library: &Path, program: &Path) {
    let mut compile = Command::new(compiler);
    compile.args(STRICT).args(flags);
    compile.arg("-I").arg(folder().join("include"));
    compile.args(sources).arg(library);
    compile.args(["-lpthread", "-ldl", "-lm", "-o"]);
    succeed(compile.arg(program));
}

/// [`link`] with the library as it is.
pub fn program(compiler: &str, flags: &[&str], sources: &[PathBuf], program: &Path) {
    link(compiler, flags, sources, library(), program);
}

//! As other projects find the library: CMake, pkg-config, and the shared library's symbols.

use crate::c::{folder, library, succeed};
use qibu_tests::need::{has_program, poem5, root, skip};
use std::path::Path;
use std::process::Command;

const CONSUMER: &str = "\
cmake_minimum_required(VERSION 3.16)
project(consumer LANGUAGES C CXX)
find_package(qibu 0.1 REQUIRED)
add_executable(poem poem.c file.c)
target_link_libraries(poem PRIVATE qibu::qibu)
";

fn couplet() -> String {
    let golden = root().join("models/poem5/golden.txt");
    let golden = std::fs::read_to_string(golden).expect("golden couplets");
    format!("{}\n", golden.lines().next().expect("a couplet"))
}

/// The consumer's source: the example, and not a file of this project's build.
fn sources(scratch: &Path) {
    std::fs::create_dir_all(scratch).expect("a folder");
    for name in ["poem.c", "file.c", "file.h"] {
        let from = folder().join("examples").join(name);
        std::fs::copy(from, scratch.join(name)).expect("a source file");
    }
}

fn cmake(arguments: &[&str], path: &Path) -> String {
    let mut cmake = Command::new("cmake");
    succeed(cmake.args(arguments).current_dir(path))
}

/// One test, because the library is installed once.
#[test]
fn other_projects_find_the_library() {
    if !has_program("cmake") {
        return skip("C packages", "no cmake");
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let prefix = scratch.path().join("prefix");
    let source = folder();
    // The build folder stays, so that cargo compiles once.
    let build = root().join("target/c-package");
    std::fs::create_dir_all(&build).expect("a folder");
    let install = format!("-DCMAKE_INSTALL_PREFIX={}", prefix.display());
    let source = source.to_str().expect("a UTF-8 path");
    cmake(
        &[
            "-S",
            source,
            "-B",
            ".",
            &install,
            "-DCMAKE_INSTALL_LIBDIR=lib",
        ],
        &build,
    );
    cmake(&["--build", "."], &build);
    cmake(&["--install", "."], &build);

    let consumer = scratch.path().join("consumer");
    sources(&consumer);
    std::fs::write(consumer.join("CMakeLists.txt"), CONSUMER).expect("a project");
    let found = format!("-DCMAKE_PREFIX_PATH={}", prefix.display());
    cmake(&["-S", ".", "-B", "build", &found], &consumer);
    cmake(&["--build", "build"], &consumer);
    let mut poem = Command::new(consumer.join("build/poem"));
    assert_eq!(succeed(poem.arg(poem5())), couplet());

    if !has_program("pkg-config") {
        return skip("pkg-config", "no pkg-config");
    }
    let mut config = Command::new("pkg-config");
    config.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    let flags = succeed(config.args(["--cflags", "--libs", "qibu"]));
    let mut compile = Command::new("cc");
    compile.current_dir(&consumer).args(["poem.c", "file.c"]);
    compile
        .args(flags.split_whitespace())
        .args(["-o", "by-pkg-config"]);
    succeed(&mut compile);
    let mut poem = Command::new(consumer.join("by-pkg-config"));
    assert_eq!(succeed(poem.arg(poem5())), couplet());
    let mut config = Command::new("pkg-config");
    config.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    let version = succeed(config.args(["--modversion", "qibu"]));
    assert_eq!(version.trim(), env!("CARGO_PKG_VERSION"));
}

/// The shared library has every function of the header, and no other name of ours.
#[test]
fn the_shared_library_has_the_functions_of_the_header() {
    if !has_program("nm") {
        return skip("C symbols", "no nm");
    }
    let shared = library().with_extension("so");
    let mut nm = Command::new("nm");
    let symbols = succeed(nm.args(["--dynamic", "--defined-only"]).arg(shared));
    let mut found: Vec<&str> = symbols
        .lines()
        .filter_map(|line| line.split(' ').next_back())
        .filter(|name| name.starts_with("qibu_"))
        .collect();
    let header = std::fs::read_to_string(folder().join("include/qibu.h")).expect("the header");
    let declared = |line: &str| {
        let code = !line.starts_with([' ', '/', '*', '#']);
        let name = match line.strip_prefix("extern const qibu_kernel ") {
            Some(name) => name.trim_end_matches(';'),
            None => line.split('(').next()?.rsplit([' ', '*']).next()?,
        };
        let function = line.contains('(') || line.starts_with("extern const");
        (code && function && name.starts_with("qibu_")).then(|| name.to_owned())
    };
    let mut expected: Vec<String> = header.lines().filter_map(declared).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert!(expected.len() > 80, "{}", expected.len());
    assert_eq!(found, expected);
}

//! What callers get wrong, under AddressSanitizer and UndefinedBehaviorSanitizer: the library's code is
//! checked as much as the program's.

use crate::c::{link, output, sanitized_library, succeed};
use qibu_tests::composer;
use qibu_tests::need::{has_program, poem5, root, skip};
use std::path::PathBuf;
use std::process::Command;

const SANITIZE: [&str; 4] = [
    "-std=c99",
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];

/// Compiles `sources` of this folder; `None` where there is no compiler.
fn sanitized(scratch: &tempfile::TempDir, sources: &[&str]) -> Option<PathBuf> {
    if !has_program("cc") {
        skip("C attack", "no cc");
        return None;
    }
    let folder = root().join("tests/tests/c_interface");
    let sources: Vec<PathBuf> = sources.iter().map(|name| folder.join(name)).collect();
    let binary = scratch.path().join("program");
    link("cc", &SANITIZE, &sources, sanitized_library(), &binary);
    Some(binary)
}

#[test]
fn mistakes_are_answers() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let sources = [
        "attack.c",
        "attack_runs.c",
        "attack_composers.c",
        "attack_streams.c",
    ];
    let Some(binary) = sanitized(&scratch, &sources) else {
        return;
    };
    let mut attack = Command::new(binary);
    attack.arg(poem5());
    attack.arg(root().join("models/cws-150k/model.qibu"));
    let composer = scratch.path().join("composer.qibu");
    std::fs::write(&composer, &composer::file(&composer::COUPLET)[..]).expect("a model");
    attack.arg(composer);
    attack.env("ASAN_OPTIONS", "detect_leaks=1");
    let output = output(&mut attack);
    let printed = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{log}");
    assert!(printed.ends_with(" checks, 0 failures\n"), "{printed}");
}

/// The sanitizers are there, in Rust's code too: a broken promise and a leak are seen.
#[test]
fn broken_promises_are_seen() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let Some(binary) = sanitized(&scratch, &["control.c"]) else {
        return;
    };
    for (what, report) in [
        ("short", "heap-buffer-overflow"),
        ("freed", "heap-use-after-free"),
        ("leak", "LeakSanitizer"),
    ] {
        let mut control = Command::new(&binary);
        let control = output(control.arg(what).arg(poem5()));
        let log = String::from_utf8_lossy(&control.stderr);
        assert!(!control.status.success(), "{what}");
        assert!(log.contains(report), "{what}: {log}");
    }
    let mut nothing = Command::new(&binary);
    succeed(nothing.arg("nothing").arg(poem5()));
}

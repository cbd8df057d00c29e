//! What callers get wrong, under AddressSanitizer and UndefinedBehaviorSanitizer.

use crate::c::{program, succeed};
use qibu_tests::need::{has_program, poem5, root, skip};
use std::process::Command;

#[test]
fn mistakes_are_answers() {
    if !has_program("cc") {
        return skip("C attack", "no cc");
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let folder = root().join("tests/tests/c_interface");
    let sources = ["attack.c", "attack_runs.c", "attack_streams.c"].map(|name| folder.join(name));
    let binary = scratch.path().join("attack");
    const SANITIZE: [&str; 4] = [
        "-std=c99",
        "-g",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
    ];
    program("cc", &SANITIZE, &sources, &binary);
    let mut attack = Command::new(binary);
    attack.arg(poem5());
    attack.arg(root().join("models/cws-150k/model.qibu"));
    attack.env(
        "ASAN_OPTIONS",
        "detect_leaks=1:detect_stack_use_after_return=1",
    );
    let printed = succeed(&mut attack);
    assert!(printed.ends_with(" checks, 0 failures\n"), "{printed}");
}

/// The sanitizers are there: a program that they must stop is stopped.
#[test]
fn the_sanitizers_see_mistakes() {
    if !has_program("cc") {
        return skip("C attack, control", "no cc");
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let source = scratch.path().join("control.c");
    // The library writes the length behind the caller's memory.
    let text = r#"
#include <stdlib.h>
#include "qibu.h"
int main(void)
{
    char *file = malloc(40);
    qibu_model model;
    char *start = file + (16 - (size_t)file % 16) % 16;
    int status = qibu_model_load(&model, start, 4000, NULL);
    return status == QIBU_STATUS_OK;
}
"#;
    std::fs::write(&source, text).expect("a source file");
    let binary = scratch.path().join("control");
    program("cc", &["-g", "-fsanitize=address"], &[source], &binary);
    let output = crate::c::output(&mut Command::new(binary));
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        log.contains("LeakSanitizer") || log.contains("AddressSanitizer"),
        "{log}"
    );
}

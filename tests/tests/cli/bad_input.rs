//! Bad input: one clear error with a remedy, an exit code, and every file as it was.

use crate::cases::{BENCH, COMPILE, Case, EVAL, POEM, TAG, TRAIN, TRAIN_TAGGER, VERIFY};
use crate::inputs;
use qibu_tests::command::{Answer, binary, command, run};
use qibu_tests::need;
use std::path::Path;

/// Runs a case in `folder` and checks what must hold for every refusal.
pub fn refused(folder: &Path, call: &str, environment: &[(&str, &str)], case: &Case) {
    let found = problems(folder, call, environment, case);
    assert!(found.is_empty(), "{found}");
}

/// What does not hold, a line each.
fn problems(folder: &Path, call: &str, environment: &[(&str, &str)], case: &Case) -> String {
    let (line, code, says) = case;
    let model = need::poem5().display().to_string();
    let words = call.split_whitespace().chain(line.split_whitespace());
    let words = words.map(|word| if word == "MODEL" { &model } else { word });
    let mut qibu = command(folder, environment);
    qibu.args(words);
    let before = inputs::contents(folder);
    let mut found = faults(*code, says, &run(qibu, None));
    if inputs::contents(folder) != before {
        found.push("files came, went or changed".into());
    }
    let lines = found
        .iter()
        .map(|fault| format!("{call} {line}: {fault}\n"));
    lines.collect()
}

/// What is wrong with an answer that should be one error.
fn faults(code: i32, says: &[&str], answer: &Answer) -> Vec<String> {
    let stderr = &answer.stderr;
    let mut found = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            found.push(what);
        }
    };
    let exit = format!("exit code {:?}, not {code}: {stderr}", answer.code);
    expect(answer.code == Some(code), exit);
    expect(
        answer.stdout.is_empty(),
        "something on standard output".into(),
    );
    let one = stderr.matches("error: ").count() == 1;
    expect(one, format!("not one error: {stderr}"));
    for part in says {
        expect(stderr.contains(part), format!("no {part:?} in: {stderr}"));
    }
    for part in ["panicked", "RUST_BACKTRACE", ".part"] {
        expect(!stderr.contains(part), format!("{part} in: {stderr}"));
    }
    found
}

#[test]
fn every_bad_input_has_its_error() {
    let folder = inputs::folder();
    let mut found = String::new();
    for (call, cases) in [
        ("", POEM),
        ("", COMPILE),
        ("", VERIFY),
        ("", TAG),
        ("", BENCH),
        ("eval poem", EVAL),
        ("train poem", TRAIN),
        ("train tagger", TRAIN_TAGGER),
    ] {
        for case in cases {
            found += &problems(folder.path(), call, &[], case);
        }
    }
    #[cfg(unix)]
    for case in crate::cases::UNIX {
        found += &problems(folder.path(), "", &[], case);
    }
    assert!(found.is_empty(), "{found}");
}

/// A file of 2 TB, all holes: refused before it is read.
#[test]
fn a_huge_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("huge")).unwrap();
    if file.set_len(1 << 41).is_err() {
        return need::skip(
            "a_huge_file_is_not_read",
            "the disk takes no file with holes",
        );
    }
    for line in [
        "poem huge",
        "compile huge",
        "inspect huge",
        "verify huge huge",
    ] {
        let mut qibu = command(folder.path(), &[]);
        qibu.args(line.split(' '));
        let found = faults(3, &["huge: ", "at most", "help: "], &run(qibu, None));
        assert!(found.is_empty(), "{line}: {found:?}");
    }
}

#[test]
fn help_and_version_need_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for line in [
        "--help",
        "--version",
        "help compile",
        "verify -h",
        "poem -h",
        "eval poem -h",
        "eval tag -h",
        "tag -h",
        "bench -h",
        "train poem -h",
        "train tagger --help",
    ] {
        let mut qibu = std::process::Command::new(binary());
        qibu.current_dir(folder.path()).args(line.split(' '));
        assert!(run(qibu, None).text().contains("qibu"), "{line}");
    }
}

//! What the cards of `models` promise, measured again where the corpora are.

mod cws;
mod poem;

use qibu_tests::command;
use qibu_tests::need::{root, skip};
use std::path::PathBuf;
use std::process::Command;

/// The folder of corpora, if it is there; else `test` says that it is skipped.
fn data(test: &str) -> Option<PathBuf> {
    let data = root().join("../shared/data");
    if data.is_dir() {
        return Some(data);
    }
    skip(test, "no shared/data beside the checkout");
    None
}

/// The JSON object that the program prints.
fn report(command: &mut Command) -> serde_json::Value {
    let output = command.output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("one object")
}

/// The program.
fn qibu() -> Command {
    Command::new(command::binary())
}

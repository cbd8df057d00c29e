//! The committed models: rebuilt byte for byte, within their limits, and writing what they wrote.

#[path = "models/cards.rs"]
mod cards;
#[path = "models/cws.rs"]
mod cws;
#[path = "models/poem.rs"]
mod poem;
#[path = "models/rebuilt.rs"]
mod rebuilt;

use qibu_tests::need::root;
use std::path::PathBuf;

/// Every folder of `models`, by name.
fn all() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("models")).expect("models are in the repository");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

/// The file that the model called `name` was compiled into.
fn file(name: &str) -> Vec<u8> {
    let path = root().join("models").join(name).join("model.qibu");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

//! The `qibu` command.
fn main() {}

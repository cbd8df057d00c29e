//! How a test says that it is skipped.

use std::io::Write;

/// Says that the running test is skipped because `what`; `cargo test` captures only the macros, so
/// this is seen even though the test passes.
///
/// # Panics
/// `CI=true` is set: nothing is absent there.
pub(crate) fn skip(what: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "{test}: {what}, and CI=true allows no skips");
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {what}");
}

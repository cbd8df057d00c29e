//! The bar of commands that take a while: pace, share, time to go. Nothing outside a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// An empty bar.
pub fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

/// `done` of `of` units of `pace`.
pub fn show(bar: &ProgressBar, pace: &'static str, done: usize, of: usize) {
    bar.set_message(pace);
    bar.set_length(of as u64);
    bar.set_position(done as u64);
}

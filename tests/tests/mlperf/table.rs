//! The table of figures, in the form that the README shows.

use super::judge::{Nearness, Verdict};
use qibu_compiler::report::grouped;

/// Head of the table.
pub const HEAD: [&str; 8] = [
    "model",
    "flash",
    "RAM",
    "lower bound",
    "MACs",
    "compile",
    "SNR, ours / theirs",
    "top-1, ours / theirs",
];
/// The first cells of a row are the same wherever it is made.
pub const FIXED: usize = 5;

/// A row of cells.
pub fn cells(verdict: &Verdict) -> [String; HEAD.len()] {
    let footprint = &verdict.footprint;
    let figures = [
        footprint.flash,
        footprint.ram,
        footprint.lower_bound,
        footprint.macs,
    ];
    let [flash, ram, bound, macs] = figures.map(|figure| grouped(figure as usize));
    let [near, top] = match &verdict.nearness {
        None => ["–".into(), "–".into()],
        Some(Nearness::Beside { snr, top }) => [
            format!("{:.1} / {:.1} dB", snr[0], snr[1]),
            format!("{:.1} / {:.1} %", 100.0 * top[0], 100.0 * top[1]),
        ],
        Some(Nearness::Steps(share, top)) => [
            format!("{:.2} % within one step", 100.0 * share),
            format!("{:.1} %", 100.0 * top),
        ],
    };
    let name = verdict.name.into();
    let took = format!("{:.1} s", verdict.took.as_secs_f64());
    [name, flash, ram, bound, macs, took, near, top]
}

/// A row as the README shows it.
pub fn line<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |", cells.join(" | "))
}

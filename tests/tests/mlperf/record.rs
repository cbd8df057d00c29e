//! Figures on record: what grows is noticed, and the README tells what is so.
//!
//! `UPDATE=1` writes both anew; the README's time to compile only in a release build.

use super::judge::Verdict;
use super::table::{FIXED, HEAD, cells, line};
use qibu_tests::need::{root, say};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Where the README's table begins, and how it is made.
const MARK: &str = "<!-- UPDATE=1 cargo test --release -p qibu-tests --test mlperf published -->";

fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

fn footprint_file() -> PathBuf {
    root().join("tests/golden/footprint.txt")
}

/// Flash and RAM of the own networks beside those on record: what is missed.
pub fn check_footprint(verdicts: &[Verdict]) -> Vec<String> {
    if update() {
        let mut text = "# model, bytes of flash, bytes of RAM; UPDATE=1 cargo test -p qibu-tests --test mlperf own\n".to_owned();
        for Verdict {
            name, footprint, ..
        } in verdicts
        {
            writeln!(text, "{name} {} {}", footprint.flash, footprint.ram).expect("a string");
        }
        std::fs::write(footprint_file(), text).expect("the record is writable");
    }
    let text = std::fs::read_to_string(footprint_file()).expect("the record");
    let recorded = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        let name = words.next()?;
        let figures: Vec<u64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        Some((name, <[u64; 2]>::try_from(figures).ok()?))
    };
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let recorded: BTreeMap<String, [u64; 2]> = lines.filter_map(recorded).collect();
    let mut missed = Vec::new();
    for Verdict {
        name, footprint, ..
    } in verdicts
    {
        let now = [footprint.flash, footprint.ram];
        let Some(most) = recorded.get(*name) else {
            missed.push(format!("{name}: no record; UPDATE=1 writes it"));
            continue;
        };
        for ((kind, now), most) in ["flash", "RAM"].into_iter().zip(now).zip(most) {
            if now > *most {
                missed.push(format!("{name}: {kind} grew from {most} to {now}"));
            } else if now < *most {
                say(&format!(
                    "{name}: {kind} fell from {most} to {now}; UPDATE=1 records it"
                ));
            }
        }
    }
    missed
}

/// The README's table beside what was measured: what is missed.
pub fn check_readme(verdicts: &[Verdict]) -> Vec<String> {
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path).expect("the README");
    let Some((before, rest)) = text.split_once(MARK) else {
        return vec![format!("README.md has no line {MARK}")];
    };
    let rest = rest.trim_start();
    let end = rest.find("\n\n").unwrap_or(rest.len());
    let (table, after) = rest.split_at(end);
    let old = |name: &str| {
        let split = |line: &str| line.split(" | ").map(str::to_owned).collect::<Vec<_>>();
        let rows = table
            .lines()
            .map(|line| split(line.trim_matches(['|', ' '])));
        rows.filter(|row| row.len() == HEAD.len())
            .find(|row| row[0] == name)
    };
    let mut missed = Vec::new();
    let mut lines = vec![line(&HEAD), line(&["---"; HEAD.len()])];
    for verdict in verdicts {
        let mut now = cells(verdict);
        let old = old(verdict.name);
        if old.as_ref().is_none_or(|old| old[..FIXED] != now[..FIXED]) {
            missed.push(format!("README.md is out of date: {}", line(&now)));
        }
        if let (true, Some(old)) = (cfg!(debug_assertions), old) {
            now[FIXED].clone_from(&old[FIXED]);
        }
        lines.push(line(&now));
    }
    if update() {
        let text = format!("{before}{MARK}\n{}{after}", lines.join("\n"));
        std::fs::write(path, text).expect("the README is writable");
        return Vec::new();
    }
    missed
}

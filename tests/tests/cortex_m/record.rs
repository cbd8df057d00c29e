//! Figures on record, one file for each core.

use super::Figures;
use qibu_tests::cortex_m::{Core, OPT_LEVEL};
use qibu_tests::need::{root, say};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Growth that needs no new record, in percent.
const TOLERANCE: u64 = 2;

fn file(core: Core) -> PathBuf {
    root().join(format!("benches/record/{}.txt", core.cpu))
}

/// A line for each model, and for each of its steps where it has several that multiply.
fn rows(one: &Figures) -> Vec<(String, u64)> {
    let name = one.subject.name;
    let mut rows = vec![(name.to_owned(), one.instructions())];
    if one.subject.peer.is_none() {
        rows.push((format!("{name}/load"), one.counted.load));
    }
    rows
}

/// The figures beside those on record: what is missed.
pub fn check(core: Core, figures: &[Figures]) -> Vec<String> {
    let only = std::env::var_os("ONLY").is_some();
    if std::env::var_os("UPDATE").is_some() && !only {
        std::fs::write(file(core), written(core, figures)).expect("the record is writable");
    }
    let text = std::fs::read_to_string(file(core)).unwrap_or_default();
    let recorded: BTreeMap<&str, u64> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?.parse().ok()?))
        })
        .collect();
    let mut missed = Vec::new();
    for (name, now) in figures.iter().flat_map(rows) {
        let Some(&old) = recorded.get(name.as_str()) else {
            missed.push(format!(
                "{}: {name}: no record; UPDATE=1 writes it",
                core.name
            ));
            continue;
        };
        if now * 100 > old * (100 + TOLERANCE) {
            missed.push(format!(
                "{}: {name}: {now} instructions, {old} on record; if that is worth it, UPDATE=1 records it",
                core.name
            ));
        } else if now * (100 + TOLERANCE) < old * 100 {
            say(&format!(
                "{}: {name} fell from {old} to {now} instructions; UPDATE=1 records it",
                core.name
            ));
        }
    }
    missed
}

/// The record as text.
fn written(core: Core, figures: &[Figures]) -> String {
    let mut text = format!(
        "# Instructions on an emulated {}: files compiled with --target {cpu}, the runtime with\n\
         # target-cpu={cpu}, opt-level={OPT_LEVEL}, whole-program optimisation. A model's from bind to\n\
         # the end of execute, or its structural load; a single layer's step; MACs, instructions per MAC.\n\
         # UPDATE=1 cargo test -p qibu-tests --test cortex_m\n",
        core.title,
        cpu = core.cpu
    );
    for one in figures {
        for (name, instructions) in rows(one) {
            let macs = one.counted.macs();
            let _ = write!(text, "{name:<24} {instructions:>11}");
            if !name.ends_with("/load") {
                let each = instructions as f64 / macs.max(1) as f64;
                let _ = write!(text, " {macs:>9} {each:>7.2}");
            }
            text.push('\n');
        }
    }
    text
}

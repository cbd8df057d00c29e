//! Random graphs of the supported operators against ONNX Runtime, and int8 against its own report.
//!
//! ```text
//! for each seed: a random model (`qibu_tests::random_graph`)
//!     float  import → simplify → float program → runtime = ONNX Runtime, optimisations off
//!     int8   rms error on other inputs = ¼ to 2 times the one reported
//! what fails is made smaller by cutting pieces off, and printed
//! ```
//!
//! - `SEED=n` starts at another seed; the default, 0, is what CI runs.
//! - `GRAPHS=n` takes another number than 1,000.
//! - `ONLY=n` shows one seed.

mod float;
mod int8;
mod ours;

use int8::Compared;
use qibu_tests::need::{say, skip};
use qibu_tests::random_graph::{RandomGraph, random_graph};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Graphs of a run.
const GRAPHS: u64 = 1000;

/// Failures shown; more say nothing more.
const SHOWN: usize = 12;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

fn seeds() -> Vec<u64> {
    if let Some(only) = number("ONLY") {
        return vec![only];
    }
    let first = number("SEED").unwrap_or(0);
    (first..first + number("GRAPHS").unwrap_or(GRAPHS)).collect()
}

/// Applies `judge` to every graph, on two threads; what it gives, by seed.
fn each<T: Send>(judge: impl Fn(&RandomGraph) -> T + Sync) -> BTreeMap<u64, T> {
    let (seeds, next) = (seeds(), AtomicUsize::new(0));
    let work = || {
        let mut judged = Vec::new();
        while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            judged.push((seed, judge(&random_graph(seed))));
        }
        judged
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut all = work();
        all.extend(other.join().expect("the harness itself does not panic"));
        all.into_iter().collect()
    })
}

/// Fails with the smallest form of each failing graph.
fn report(failed: &[(u64, String)], fails: impl Fn(&RandomGraph) -> Option<String>) {
    for (seed, why) in failed {
        let lines: Vec<&str> = why.lines().take(2).map(str::trim).collect();
        say(&format!("seed {seed}: {}", lines.join(" ")));
    }
    let shown = failed.iter().take(SHOWN).map(|(seed, why)| {
        let smallest = random_graph(*seed).smaller(|graph| fails(graph).is_some());
        let still = fails(&smallest).unwrap_or_default();
        let graph = ours::imported(&smallest);
        format!("seed {seed}: {why}\n{}{graph}{still}\n", smallest.text())
    });
    let shown: Vec<String> = shown.collect();
    let seeds: Vec<u64> = failed.iter().map(|(seed, _)| *seed).collect();
    assert!(
        failed.is_empty(),
        "{} graphs fail: {seeds:?}\n{}",
        failed.len(),
        shown.join("\n")
    );
}

#[test]
fn float_paths_agree_with_onnx_runtime() {
    if let Err(error) = qibu_compiler::engine::available() {
        return skip("float_paths_agree_with_onnx_runtime", &error.to_string());
    }
    let judged = each(float::judge);
    let of = |wanted: fn(&float::Verdict) -> bool| judged.values().filter(|v| wanted(v)).count();
    let ties = of(|verdict| matches!(verdict, float::Verdict::Tie));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for seed in judged.keys() {
        for operator in random_graph(*seed).operators() {
            *counts.entry(operator).or_default() += 1;
        }
    }
    say(&format!(
        "{} graphs, {} operators, {ties} at a tie: {counts:?}",
        judged.len(),
        counts.len()
    ));
    let failed: Vec<(u64, String)> = judged
        .into_iter()
        .filter_map(|(seed, verdict)| match verdict {
            float::Verdict::Wrong(why) => Some((seed, why)),
            _ => None,
        })
        .collect();
    report(&failed, |graph| match float::judge(graph) {
        float::Verdict::Wrong(why) => Some(why),
        _ => None,
    });
    assert!(ties * 50 <= seeds().len(), "{ties} graphs are at a tie");
}

#[test]
fn int8_errors_are_those_that_are_reported() {
    let judged = each(int8::judge);
    let outputs = || judged.values().flat_map(|outputs| outputs.iter().flatten());
    let spread = |what: &str, mut ratios: Vec<f64>| {
        ratios.sort_by(f64::total_cmp);
        let at = |share: f64| ratios.get((share * (ratios.len() as f64 - 1.0)) as usize);
        say(&format!(
            "{} outputs, {what} over reported error: least {:.2?}, median {:.2?}, 95 % {:.2?}, \
             most {:.2?}",
            ratios.len(),
            at(0.0),
            at(0.5),
            at(0.95),
            at(1.0)
        ));
        ratios.len()
    };
    let told = spread("covered", outputs().filter_map(Compared::covered).collect());
    let fresh = spread("fresh", outputs().filter_map(Compared::fresh).collect());
    let count = outputs().count();
    let failed: Vec<(u64, String)> = judged
        .iter()
        .filter_map(|(seed, outputs)| Some((*seed, int8::wrong(outputs)?)))
        .collect();
    report(&failed, |graph| int8::wrong(&int8::judge(graph)));
    assert!(
        told * 10 >= count * 9 && fresh * 4 >= count * 3,
        "of {count} outputs the samples tell of {told} and {fresh} alone"
    );
}

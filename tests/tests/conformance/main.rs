//! ONNX's own backend tests: every case through compile → load → execute, by the suite's data and
//! tolerance.
//!
//! ```text
//! for each case of node, pytorch-converted, pytorch-operator, simple (two threads):
//!     scope    is every operator promised, is every value a dense tensor of fixed shape?
//!     bind     operands whose value the compiled form needs become constants
//!     attempt  compile, load, set inputs, execute, compare
//!     verdict  passed | folded away | refused | FAILED | out of scope
//! no case fails; the passes are those of passes.txt
//! ```
//!
//! The suite is what PyPI's package `onnx` holds; `tests/run` installs it. All outcomes are in
//! `target/conformance.txt`, a line for each case: outcome, name, reason.
//!
//! - `cargo test -p qibu-tests --test conformance -- --nocapture` prints the summary.
//! - `UPDATE=1 cargo test -p qibu-tests --test conformance` writes `passes.txt` anew.
//! - `CASE=test_add cargo test -p qibu-tests --test conformance -- --nocapture` shows one case.

mod attempt;
mod bind;
mod case;
mod caught;
#[cfg(test)]
mod judges;
mod report;
mod scope;
mod tables;
mod values;
mod verdict;

use qibu_tests::need::{onnx_backend_tests, root, say, skip};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use verdict::{Case, Outcome};

/// Folders of the suite whose cases bring their models.
const SUITES: [&str; 4] = ["node", "pytorch-converted", "pytorch-operator", "simple"];

/// Passing node tests promised.
const NODE_TARGET: usize = 700;
/// Passing `pytorch-converted` tests promised.
const CONVERTED_TARGET: usize = 78;

/// Failures that are known, with the reason why they stand.
const EXCUSED: &[(&str, &str)] = &[];

#[test]
fn onnx_backend_tests_pass() {
    let data = match onnx_backend_tests() {
        Ok(data) => data,
        Err(missing) => return skip("onnx_backend_tests_pass", &missing),
    };
    let folders: Vec<(&str, PathBuf)> = SUITES
        .iter()
        .flat_map(|&suite| {
            case::sorted(&data.join(suite))
                .into_iter()
                .map(move |path| (suite, path))
        })
        .filter(|(_, path)| path.join("model.onnx").is_file())
        .collect();
    if let Ok(name) = std::env::var("CASE") {
        return show(&folders, &name);
    }
    let cases = judge_all(&folders);
    std::fs::write(root().join("target/conformance.txt"), report::lines(&cases))
        .expect("target/ is writable");
    say(&report::summary(&cases));
    check_failures(&cases);
    check_passes(&cases);
    check_targets(&cases);
}

/// All cases, in the order of their names.
fn judge_all(folders: &[(&str, PathBuf)]) -> Vec<Case> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut judged = Vec::new();
        while let Some((suite, path)) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            judged.push(verdict::judge(&case::Case::read(suite, path), &|_| {}));
        }
        judged
    };
    let mut cases = std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut cases = work();
        cases.extend(other.join().unwrap_or_default());
        cases
    });
    assert_eq!(cases.len(), folders.len(), "the harness itself broke down");
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// One case with all that is known of it.
fn show(folders: &[(&str, PathBuf)], name: &str) {
    let wanted = |path: &Path| path.file_name().is_some_and(|file| file == name);
    let found: Vec<_> = folders.iter().filter(|(_, path)| wanted(path)).collect();
    assert!(!found.is_empty(), "no case is called {name}");
    for (suite, path) in found {
        let case = case::Case::read(suite, path);
        say(&format!("{}: {:?}", case.name, case.model.opset_import));
        for node in &case.graph().node {
            say(&format!(
                "node {} {:?} → {:?}",
                node.op_type, node.input, node.output
            ));
            for a in &node.attribute {
                say(&format!("  {} = {a:?}", a.name));
            }
        }
        let judged = verdict::judge(&case, &say);
        say(&format!("{}: {}", judged.outcome.name(), judged.reason));
    }
}

/// No wrong answer, no panic; an excuse without a failure is stale.
fn check_failures(cases: &[Case]) {
    let excused = |name: &str| EXCUSED.iter().any(|(excused, _)| *excused == name);
    let failed = || cases.iter().filter(|case| case.outcome == Outcome::Failed);
    let wrong: Vec<String> = failed()
        .filter(|case| !excused(&case.name))
        .map(|case| format!("{}: {}", case.name, case.reason))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} cases fail:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    for (name, _) in EXCUSED {
        assert!(
            failed().any(|case| case.name == *name),
            "{name} is excused, but does not fail"
        );
    }
}

/// The passes are exactly those of the manifest; `UPDATE=1` writes it.
fn check_passes(cases: &[Case]) {
    let path = root().join("tests/tests/conformance/passes.txt");
    let passed = cases.iter().filter(|case| case.outcome == Outcome::Passed);
    let now: BTreeSet<&str> = passed.map(|case| case.name.as_str()).collect();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let listed: BTreeSet<&str> = text.lines().collect();
    let lost: Vec<_> = listed.difference(&now).copied().collect();
    let lost = format!("{} no longer pass:\n{}", lost.len(), lost.join("\n"));
    if std::env::var_os("UPDATE").is_some() {
        say(&lost);
        let lines: String = now.iter().map(|name| format!("{name}\n")).collect();
        return std::fs::write(&path, lines).expect("the manifest is writable");
    }
    assert!(listed.is_subset(&now), "{lost}");
    let new: Vec<_> = now.difference(&listed).copied().collect();
    assert!(
        new.is_empty(),
        "{} pass and are not listed; run UPDATE=1 cargo test -p qibu-tests --test conformance:\n{}",
        new.len(),
        new.join("\n")
    );
}

/// The numbers that the README promises.
fn check_targets(cases: &[Case]) {
    let passed = |suite: &str| {
        let of = |case: &&Case| case.suite() == suite && case.outcome == Outcome::Passed;
        cases.iter().filter(of).count()
    };
    let (node, converted) = (passed("node"), passed("pytorch-converted"));
    assert!(node >= NODE_TARGET, "{node} node tests pass");
    assert!(
        converted >= CONVERTED_TARGET,
        "{converted} pytorch-converted tests pass"
    );
    let counts = report::per_operator(cases);
    let none: Vec<_> = counts.iter().filter(|(_, count)| *count == 0).collect();
    assert!(
        none.is_empty(),
        "operators without a passing node test: {none:?}"
    );
}

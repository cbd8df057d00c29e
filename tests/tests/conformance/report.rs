//! What the run says: totals, classes with their counts, and one line for each case in a file.

use super::tables::OPERATORS;
use super::verdict::{Case, Outcome};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most classes of refusals that the summary shows; the file has all.
const SHOWN: usize = 60;

/// `OUTCOME<TAB>suite/name<TAB>reason`, a line for each case.
pub fn lines(cases: &[Case]) -> String {
    let line = |case: &Case| {
        let reason = one_line(&case.reason);
        format!("{}\t{}\t{reason}\n", case.outcome.name(), case.name)
    };
    cases.iter().map(line).collect()
}

/// The summary for people.
pub fn summary(cases: &[Case]) -> String {
    let mut text = String::new();
    let mut suites: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        suites.entry(case.suite()).or_default().push(case);
    }
    for outcome in Outcome::ALL {
        let _ = write!(text, "{:<13}", outcome.name());
        for (suite, cases) in &suites {
            let count = cases.iter().filter(|case| case.outcome == outcome).count();
            let _ = write!(text, "  {suite} {count:>4}");
        }
        text.push('\n');
    }
    section(
        &mut text,
        "Out of scope",
        classes(cases, Outcome::OutOfScope),
    );
    section(&mut text, "Refused", classes(cases, Outcome::Refused));
    section(&mut text, "Failed", classes(cases, Outcome::Failed));
    section(&mut text, "Passes of a kind of their own", narrowed(cases));
    let per_operator = per_operator(cases);
    let none: Vec<&str> = per_operator
        .iter()
        .filter(|(_, n)| *n == 0)
        .map(|(o, _)| *o)
        .collect();
    let counts: Vec<String> = per_operator
        .iter()
        .map(|(o, n)| format!("{o} {n}"))
        .collect();
    let _ = writeln!(
        text,
        "\nPassing node tests for each operator: {}",
        counts.join(", ")
    );
    let _ = writeln!(
        text,
        "Operators without one ({}): {}",
        none.len(),
        none.join(", ")
    );
    text
}

/// Passing node tests that hold each promised operator.
pub fn per_operator(cases: &[Case]) -> Vec<(&'static str, usize)> {
    let passed = || {
        cases
            .iter()
            .filter(|c| c.outcome == Outcome::Passed && c.suite() == "node")
    };
    let count = |name: &str| {
        passed()
            .filter(|case| case.operators.contains(name))
            .count()
    };
    OPERATORS.iter().map(|&name| (name, count(name))).collect()
}

fn section(text: &mut String, title: &str, mut classes: Vec<(String, usize)>) {
    classes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let total: usize = classes.iter().map(|(_, count)| count).sum();
    let _ = write!(text, "\n{title}: {total} in {} classes\n", classes.len());
    for (class, count) in classes.iter().take(SHOWN) {
        let _ = writeln!(text, "  {count:>4}  {class}");
    }
    let rest: usize = classes.iter().skip(SHOWN).map(|(_, count)| count).sum();
    if rest > 0 {
        let _ = writeln!(text, "  {rest:>4}  others, see the file");
    }
}

fn classes(cases: &[Case], outcome: Outcome) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.outcome == outcome) {
        let class = match outcome {
            Outcome::OutOfScope => case.reason.clone(),
            _ => general(&case.reason),
        };
        *counts.entry(class).or_default() += 1;
    }
    counts.into_iter().collect()
}

fn narrowed(cases: &[Case]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for how in cases.iter().flat_map(|case| &case.narrowings) {
        *counts.entry((*how).to_owned()).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// A message without what is particular to its case: names, numbers, place and remedy.
fn general(reason: &str) -> String {
    let unsupported = "no such operator here";
    if reason.contains(unsupported) {
        // `name → result (Operator): no such operator here`, a line for each node.
        let nodes = reason.lines().filter(|line| line.ends_with(unsupported));
        let named = nodes.filter_map(|line| line.rsplit_once(" (")?.1.split_once(')'));
        let operators: std::collections::BTreeSet<&str> = named.map(|(name, _)| name).collect();
        let operators: Vec<&str> = operators.into_iter().collect();
        return format!("{unsupported}: {}", operators.join(", "));
    }
    let before = |text: &str, mark: &str| text.split(mark).next().unwrap_or_default().to_owned();
    let message = before(&before(reason, "\n  node:"), "\n  help:");
    let mut text = String::new();
    let mut quoted = false;
    for letter in one_line(&message).chars() {
        quoted ^= letter == '`';
        match letter {
            '`' if quoted => text.push_str("`…`"),
            '`' => {}
            _ if quoted => {}
            '0'..='9' if text.ends_with('N') => {}
            '0'..='9' => text.push('N'),
            _ => text.push(letter),
        }
    }
    text
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}

#[test]
fn reasons_become_classes() {
    assert_eq!(
        general("axis 12 of `x1`\n  node: a\n  help: b"),
        "axis N of `…`"
    );
    let list = "2 nodes are not supported:\n    n (Foo): no such operator here\n    \
                Bar → (y) (Bar): no such operator here\n  help: supported: Add";
    assert_eq!(general(list), "no such operator here: Bar, Foo");
}

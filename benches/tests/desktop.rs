//! The desktop harness: a short run of the program, and the page of a fixed record.

use qibu_benches::desktop::record::{Outcome, Record};
use qibu_benches::desktop::{lite, page, table};
use qibu_tests::need::{onnx_runtime, root, skip};
use std::path::Path;
use std::process::Command;

fn record() -> Record {
    let text = include_str!("record.json");
    serde_json::from_str(text).expect("the record is one")
}

/// `UPDATE=1` writes the page anew.
#[test]
fn the_page_of_a_record() {
    let page = page::draw(&record());
    let path = root().join("benches/tests/record.html");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the page is writable");
    }
    let expected = std::fs::read_to_string(&path).expect("the page");
    assert!(
        page == expected,
        "the page changed; UPDATE=1 writes {}",
        path.display()
    );
    // The slower case shows its profile, the faster one keeps it closed.
    assert_eq!(page.matches("<details open>").count(), 1);
    assert_eq!(page.matches("<details>").count(), 1);
    assert!(page.contains("<td class=\"bad\">0.50</td>"));
    assert!(page.contains("without tract: missing"));
    // Nothing is fetched, names stay text.
    let bare = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!bare.contains("://") && !bare.contains("<script"));
    for tag in ["table", "tr", "td", "svg", "h3", "details", "p", "ul"] {
        let opened =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn a_record_survives_json() {
    let text = serde_json::to_string(&record()).expect("JSON");
    let again: Record = serde_json::from_str(&text).expect("the same");
    assert_eq!(again, record());
    assert_eq!(table::without(&record()).len(), 2);
}

/// Every peer has a time or says why not; what is missing is no failure.
#[test]
fn a_quick_run() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_desktop"));
    program.args(["--quick", "--only", "kws", "--json"]);
    match onnx_runtime() {
        Some(library) => program.env("ORT_DYLIB_PATH", library),
        None => {
            skip("a_quick_run", "no ONNX Runtime to measure against");
            &mut program
        }
    };
    let output = program.output().expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let record: Record = serde_json::from_slice(&output.stdout).expect("a record");
    let names: Vec<&str> = record.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["kws", "stem-kws"]);
    for case in &record.cases {
        assert!(case.ours.median > 0.0 && case.macs > 0);
        let steps: u64 = case.steps.iter().map(|step| step.macs).sum();
        assert_eq!(steps, case.macs);
        assert_eq!(case.peers.len(), 8);
        for peer in &case.peers {
            match &peer.outcome {
                Outcome::Time(time) => assert!(time.low <= time.median && time.median <= time.high),
                Outcome::Without(why) => {
                    assert!(why.starts_with("missing: "), "{}: {why}", peer.name)
                }
            }
        }
        if onnx_runtime().is_some() {
            let float = case.peers.iter().find(|peer| peer.name == "ONNX Runtime");
            let float = float.expect("it is asked for");
            assert!(matches!(float.outcome, Outcome::Time(_)), "{float:?}");
        }
    }
}

#[test]
fn a_peer_that_is_not_installed_is_missing() {
    // A Python without packages, as far as there is one.
    match lite::start_with(Path::new("python3"), &["-I", "-S"], Path::new(".")) {
        Ok(_) => panic!("a Python without site packages has TensorFlow Lite"),
        Err(why) => assert!(why.starts_with("missing: "), "{why}"),
    }
}

//! What the card of `models/poem5` promises.

use super::{data, qibu, report};
use qibu_tests::need::{root, say};

/// `eval poem` on held-out couplets, 2,000 samples, default settings.
#[test]
fn poem5_keeps_what_its_card_promises() {
    let Some(data) = data("poem5_keeps_what_its_card_promises") else {
        return;
    };
    let report = report(
        qibu()
            .args(["eval", "poem"])
            .arg(root().join("models/poem5/model.qibu"))
            .arg("--corpus")
            .arg(data.join("tang-valid.txt"))
            .arg("--reference")
            .arg(data.join("tang-train.txt"))
            .arg("--prosody")
            .arg(data.join("pingshui.tsv"))
            .args(["--samples", "2000", "--seed", "1", "--json"]),
    );
    let figure = |part: &str, name: &str| report[part][name].as_f64().expect("a figure");
    let generated = |name: &str| figure("generated", name);
    let coverage = report["coverage"].as_f64().expect("a figure");
    let bounds = [
        ("coverage", coverage, 0.985, 1.0),
        (
            "reconstruction",
            figure("int8", "reconstruction_mean"),
            0.60,
            1.0,
        ),
        ("kl", figure("int8", "kl"), 15.0, f64::INFINITY),
        // 62.7 is the seed's recipe on the same characters, couplets and epochs.
        ("nelbo", figure("int8", "nelbo"), 0.0, 62.7 + 3.0),
        ("well_formed", generated("well_formed"), 1.0, 1.0),
        ("line_ends", generated("line_ends"), 0.85, 1.0),
        ("tone_rule", generated("tone_rule"), 0.60, 1.0),
        ("pairs_seen", generated("pairs_seen"), 0.78, 1.0),
        ("repeated", generated("repeated"), 0.0, 0.10),
        ("copied_lines", generated("copied_lines"), 0.0, 0.02),
        (
            "distinct_2",
            generated("distinct_2") / figure("human", "distinct_2"),
            0.75,
            9.0,
        ),
        (
            "perplexity",
            generated("perplexity") / figure("human", "perplexity"),
            0.0,
            1.5,
        ),
    ];
    for (name, value, least, most) in bounds {
        say(&format!("poem5 {name}: {value:.3}"));
        assert!(
            (least..=most).contains(&value),
            "{name}: {value}, expected {least} to {most}"
        );
    }
}

//! What the cards of the word segmenters promise.

use super::{data, qibu, report};
use qibu::Model;
use qibu::tag::{Event, Tagger};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::need::{root, say, skip};

/// Name, least F1 of words in percent on the validation file.
const MODELS: [(&str, f64); 3] = [("cws", 93.3), ("cws-300k", 92.5), ("cws-150k", 91.5)];

/// int8 may lose this much F1 against the float model.
const LOSS: f64 = 0.3;

#[test]
fn segmenters_keep_what_their_cards_promise() {
    let Some(data) = data("segmenters_keep_what_their_cards_promise") else {
        return;
    };
    for (name, least) in MODELS {
        let report = report(
            qibu()
                .args(["eval", "tag", "--json"])
                .arg(root().join("models").join(name).join("model.qibu"))
                .arg("--gold")
                .arg(data.join("cws-valid.txt")),
        );
        let figure = |part: &str, name: &str| report[part][name].as_f64().expect("a figure");
        let [int8, float] = ["int8", "float"].map(|part| figure(part, "f1"));
        let new = figure("int8", "oov_recall");
        say(&format!(
            "{name}: F1 {int8:.2} (float {float:.2}), {new:.2} % of new words"
        ));
        assert!(int8 >= least, "{name}: F1 {int8}, expected {least}");
        assert!(int8 >= float - LOSS, "{name}: {int8}, float {float}");
        assert_eq!(report["forced"], 0, "{name}");
        // The bits are the same everywhere, so that the figure is.
        let card = std::fs::read_to_string(root().join("models/cws/README.md")).expect("a card");
        let row = card
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")));
        let row = row.unwrap_or_else(|| panic!("the card has no row for {name}"));
        assert!(
            row.contains(&format!("**{int8:.2}** | {float:.2} |")),
            "{name}: {int8:.2}, {float:.2}, in the card {row}"
        );
    }
}

/// Another machine's arithmetic gives other last bits, not another model.
#[test]
fn the_recipe_gives_such_a_model_again() {
    let test = "the_recipe_gives_such_a_model_again";
    let Some(data) = data(test) else { return };
    if qibu_compiler::engine::available().is_err() {
        skip(test, "no ONNX Runtime");
        return;
    }
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let report = report(
        qibu()
            .args(["train", "tagger", "--threads", "2", "--json", "--recipe"])
            .arg(root().join("models/cws-150k/recipe.json"))
            .arg("--corpus")
            .arg(data.join("cws-train.txt"))
            .arg("--valid")
            .arg(data.join("cws-valid.txt"))
            .arg("--out")
            .arg(scratch.path().join("mine")),
    );
    let f1 = report["valid"]["f1"].as_f64().expect("a figure");
    say(&format!(
        "trained anew in {:.0} s: F1 {f1:.2}",
        report["seconds"].as_f64().expect("seconds")
    ));
    assert!(f1 >= 92.6, "F1 {f1}");
}

/// Modern prose, and verse that the model never saw: survivor paths merge within the buffer.
#[test]
fn no_real_text_forces_a_decision() {
    let Some(data) = data("no_real_text_forces_a_decision") else {
        return;
    };
    let file = std::fs::read(root().join("models/cws/model.qibu")).expect("a committed file");
    let bytes = AlignedBytes::from(&file[..]);
    let model = Model::load(&bytes).expect("the model loads");
    let tagger = Tagger::new(&model).expect("a tag model");
    let mut arena = AlignedBytes::zeros(tagger.arena());
    let mut stream = tagger
        .stream::<64, 4, 128>(&mut arena)
        .expect("the arena fits");
    for name in ["cws-train.txt", "cws-valid.txt", "tang-valid.txt"] {
        let text = std::fs::read_to_string(data.join(name)).expect("a corpus");
        let [mut tags, mut texts] = [0usize; 2];
        let mut forced = 0;
        let mut count = |event| match event {
            Event::Tag(_) => tags += 1,
            Event::End { forced: more } => {
                texts += 1;
                forced += more;
            }
        };
        let mut characters = 0;
        for line in text.lines() {
            for character in line.chars().filter(|&character| character != ' ') {
                characters += 1;
                stream.push(character, &mut count).expect("ids fit");
            }
            stream.end(&mut count).expect("ids fit");
        }
        stream.flush(&mut count).expect("ids fit");
        say(&format!("{name}: {tags} characters, {forced} forced"));
        assert_eq!((tags, texts), (characters, text.lines().count()), "{name}");
        assert_eq!(forced, 0, "{name}");
    }
}

//! The whole evaluation, on models and corpora small enough to know every number.

mod people;

use super::*;
use crate::poem::coder::{Posterior, Worker};
use crate::poem::file::PoemFile;
use crate::poem::testing;

const COUPLETS: &str = "白日依山尽，黄河入海流。天地入山河，白日依海流。欲穷千里目，更上一层楼。";

fn materials(threads: usize) -> Materials {
    let mut corpus = Corpus {
        form: 10,
        characters: Vec::new(),
    };
    corpus.take_text(COUPLETS.as_bytes()).unwrap();
    Materials {
        reference: reference::tests::of("白日依山尽，黄河入海流。"),
        corpus,
        prosody: crate::prosody::tests::table(),
        samples: 3,
        seed: 7,
        temperature: None,
        threads,
    }
}

#[test]
fn a_perfect_model_reconstructs_what_it_knows() {
    let file = PoemFile::from_bytes("m.qibu", &testing::file()).unwrap();
    let poem = file.poem().unwrap();
    let report = run(&poem, Some(&poem), &materials(2)).unwrap();
    // The third couplet is all unknown: 20 of 30 characters come back.
    assert_eq!(report.coverage, 20.0 / 30.0);
    assert_eq!(report.int8.reconstruction_mean, 20.0 / 30.0);
    assert_eq!(report.int8.reconstruction_sampled, 20.0 / 30.0);
    assert_eq!((report.poems, report.known), (3, 2));
    // Ten of 120 dimensions stand at 8, and all have log-variance −20.
    let (height, log) = (f64::from(testing::HEIGHT), f64::from(testing::LOG_VARIANCE));
    let kl = 0.5 * (10.0 * height * height + 120.0 * (libm::exp(log) - 1.0 - log));
    assert!(
        (report.int8.kl - kl).abs() < 1e-9,
        "{} {kl}",
        report.int8.kl
    );
    assert!(report.int8.nll < 1e-20 && (report.int8.nelbo - kl).abs() < 1e-9);
    // The two known couplets differ in 7 positions, two dimensions each.
    assert_eq!(report.int8.active_units, 14);
    let agreement = report.agreement.unwrap();
    assert_eq!((agreement.reconstructed, agreement.generated), (1.0, 1.0));
    assert_eq!(report.generated.well_formed, 1.0);
    assert_eq!(report.human.n, 3);
    assert_eq!(report.human.copied_lines, 2.0 / 6.0);
}

#[test]
fn threads_change_nothing() {
    let file = PoemFile::from_bytes("m.qibu", &testing::file()).unwrap();
    let poem = file.poem().unwrap();
    let one = run(&poem, None, &materials(1)).unwrap();
    for threads in [2, 3, 8] {
        assert_eq!(run(&poem, None, &materials(threads)).unwrap(), one);
    }
    assert_eq!(one.json()["float"], serde_json::Value::Null);
}

/// Latent of one dimension; the mean is the first id; every character is equally likely but the
/// first, which is e times as likely; reads all zeros.
struct Flat(Vec<char>);

impl Coder for Flat {
    fn latent(&self) -> usize {
        1
    }
    fn positions(&self) -> usize {
        10
    }
    fn vocabulary(&self) -> &[char] {
        &self.0
    }
    fn id(&self, character: char) -> Option<i32> {
        self.0
            .iter()
            .position(|&known| known == character)
            .map(|id| id as i32)
    }
    fn temperature(&self) -> f32 {
        0.7
    }
    fn sample(&self, _: u64, _: f32) -> Vec<f32> {
        vec![0.0]
    }
    fn worker(&self) -> Result<Box<dyn Worker + '_>> {
        Ok(Box::new(Self(self.0.clone())))
    }
}

impl Worker for Flat {
    fn encode(&mut self, ids: &[i32]) -> Result<Posterior> {
        Ok(Posterior {
            mean: vec![ids[0] as f32],
            log_variance: vec![0.0],
        })
    }
    fn score(&mut self, _: &[f32]) -> Result<Vec<f32>> {
        let row = (0..self.0.len()).map(|id| if id == 0 { 1.0 } else { 0.0 });
        Ok(row.collect::<Vec<f32>>().repeat(10))
    }
    fn read(&mut self, _: &[f32], _: Reading) -> Result<Vec<i32>> {
        Ok(vec![0; 10])
    }
}

#[test]
fn likelihood_and_divergence_by_hand() {
    let model = Flat("白日依山尽黄河入海流天地".chars().collect());
    let report = run(&model, None, &materials(2)).unwrap();
    // 白 stands once in each of the two known couplets; the unknown one has none.
    assert_eq!(report.int8.reconstruction_mean, 2.0 / 30.0);
    assert_eq!(report.int8.reconstruction_sampled, 2.0 / 30.0);
    let log_sum = libm::log(libm::exp(1.0) + 11.0);
    assert!((report.int8.nll - (10.0 * log_sum - 1.0)).abs() < 1e-12);
    // Means 0 and 10: ½·0 and ½·100; variance 25.
    assert_eq!((report.int8.kl, report.int8.active_units), (25.0, 1));
    assert_eq!(report.generated.repeated, 1.0);
    assert_eq!(report.generated.distinct_1, 1.0 / 30.0);
}

#[test]
fn requests_that_do_not_fit_are_refused() {
    let model = Flat("白日".chars().collect());
    let other = Flat("日白".chars().collect());
    let none = Materials {
        samples: 0,
        ..materials(1)
    };
    let error = run(&model, None, &none).unwrap_err().to_string();
    assert!(error.contains("no samples"), "{error}");
    let mut sevens = materials(1);
    sevens.corpus.form = 14;
    let error = run(&model, None, &sevens).unwrap_err().to_string();
    assert!(
        error.contains("poems of 2 lines of 7, the model of 2 lines of 5"),
        "{error}"
    );
    let error = run(&model, Some(&other), &materials(1))
        .unwrap_err()
        .to_string();
    assert!(error.contains("another vocabulary"), "{error}");
    let error = run(&model, None, &materials(1)).unwrap_err().to_string();
    assert!(error.contains("no couplet of the corpus"), "{error}");
}

#[test]
fn the_json_has_the_fields_of_its_contract_in_order() {
    let model = Flat("白日依山尽黄河入海流天地".chars().collect());
    let json = run(&model, Some(&model), &materials(1)).unwrap().json();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        keys(&json),
        [
            "int8",
            "float",
            "temperature",
            "generated",
            "composed",
            "acrostics",
            "human",
            "coverage"
        ]
    );
    let file = [
        "reconstruction_mean",
        "reconstruction_sampled",
        "nelbo",
        "nll",
        "kl",
        "active_units",
    ];
    let verse = [
        "n",
        "compared",
        "well_formed",
        "tone_template",
        "tone_rule",
        "line_ends",
        "rhyme",
        "first_line_rhyme",
        "pairs_seen",
        "distinct_1",
        "distinct_2",
        "repeated",
        "copied_lines",
        "perplexity",
    ];
    assert_eq!(keys(&json["int8"]), file);
    assert_eq!(keys(&json["float"]), file);
    assert_eq!(keys(&json["generated"]), verse);
    assert_eq!(keys(&json["human"]), verse);
    assert_eq!(json["coverage"], 0.666_667);
}

#[test]
fn the_table_says_what_is_met() {
    let model = Flat("白日依山尽黄河入海流天地".chars().collect());
    let table = run(&model, None, &materials(1)).unwrap().table();
    assert!(
        table.contains("3 couplets (1 with unknown characters"),
        "{table}"
    );
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(row("KL").ends_with("25          –  ≥      15 ✓"), "{table}");
    assert!(
        row("reconstructed from the mean").ends_with("6.7 %          –  ≥  60.0 % ✗ missed"),
        "{table}"
    );
}

#[test]
fn more_poems_than_people_wrote_are_compared_as_far_as_they_go() {
    let model = Flat("白日依山尽黄河入海流天地".chars().collect());
    let many = Materials {
        samples: 5,
        temperature: Some(0.5),
        ..materials(1)
    };
    let report = run(&model, None, &many).unwrap();
    assert_eq!((report.generated.n, report.human.n), (5, 3));
    assert_eq!((report.generated.compared, report.human.compared), (3, 3));
    assert_eq!(report.generated.distinct_1, 1.0 / 30.0);
    assert_eq!(report.json()["temperature"]["generated"], 0.5);
    let table = report.table();
    assert!(table.contains("5 generated, 3 human"), "{table}");
    assert!(table.contains("of the first 3 poems of each"), "{table}");
}

#[test]
fn composed_poems_stand_between_generated_and_human_ones() {
    let model = Flat("白日依山尽黄河入海流天地".chars().collect());
    let mut report = run(&model, None, &materials(1)).unwrap();
    let composed = composed::Composed {
        verse: report.human.clone(),
        unsatisfiable: 1,
        reason: Some("position 3: rhyme".into()),
    };
    report.composed = Some((1.0, composed));
    report.acrostics = Some(composed::Acrostics {
        n: 3,
        unsatisfiable: 0,
        reason: None,
        kept: 1.0,
        well_formed: 1.0,
        tone_template: 1.0,
        rhyme: 0.5,
    });
    let table = report.table();
    let rows = |name: &str| -> Vec<&str> {
        let lines = table.lines().filter(|line| line.starts_with(name));
        lines.map(str::trim_end).collect()
    };
    let squeezed = |row: &str| row.split_whitespace().collect::<Vec<_>>().join(" ");
    // The targets are those of composed poems, and of the human ones beside them.
    let perplexity = squeezed(rows("perplexity")[0]);
    assert!(perplexity.ends_with('✓'), "{table}");
    assert_eq!(
        squeezed(rows("pairs seen")[0]).matches('%').count(),
        4,
        "{table}"
    );
    assert_eq!(squeezed(rows("temperature")[0]), "temperature 0.7 1");
    assert_eq!(squeezed(rows("kept")[0]), "kept 100.0 % ≥ 100.0 % ✓");
    assert_eq!(
        squeezed(rows("rhyme")[2]),
        "rhyme 50.0 % ≥ 100.0 % ✗ missed"
    );
    assert_eq!(
        rows("composed:"),
        ["composed: the first unsatisfiable: position 3: rhyme"]
    );
    let json = report.json();
    assert_eq!(json["composed"]["unsatisfiable"], 1);
    assert_eq!(json["composed"]["n"], 3);
    assert_eq!(json["acrostics"]["kept"], 1.0);
}

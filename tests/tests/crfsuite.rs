//! CRF decoding against CRFsuite, on a model that it has trained.
//!
//! ```text
//! tests/crf/crfsuite.py trains, tags, and writes weights and results
//! table and emissions are built of the weights; starts and ends have attributes, so no scores
//! tags            equal
//! probabilities   of the best and of random tags, within 1e-4 of each other
//! marginals       within 1e-4 of each other
//! ```
//!
//! Skipped without `python-crfsuite` in `target/venv`, which `tests/run` installs.

use qibu::decode::crf::{
    Crf, Score, Scratch, fixed, forward_scratch, log_probability, marginals, viterbi,
    viterbi_pointers, viterbi_scores,
};
use qibu_tests::need::{python_with, root, skip};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn index(value: &Value) -> usize {
    value.as_u64().expect("an index") as usize
}

fn tags(value: &Value) -> Vec<u8> {
    list(value).iter().map(|tag| index(tag) as u8).collect()
}

/// A model's weights.
struct Field {
    tags: usize,
    table: Vec<f32>,
    state: BTreeMap<String, Vec<(usize, f32)>>,
}

impl Field {
    fn new(dump: &Value) -> Self {
        let tags = list(&dump["labels"]).len();
        let mut table = vec![0.0; (tags + 2) * tags];
        for entry in list(&dump["transitions"]) {
            let (from, to) = (index(&entry[0]), index(&entry[1]));
            table[(from + 1) * tags + to] = number(&entry[2]) as f32;
        }
        let weights = |weights: &Value| -> Vec<(usize, f32)> {
            let weight = |pair: &Value| (index(&pair[0]), number(&pair[1]) as f32);
            list(weights).iter().map(weight).collect()
        };
        let state = dump["state"].as_object().expect("a map");
        let state = state.iter().map(|(name, of)| (name.clone(), weights(of)));
        Self {
            tags,
            table,
            state: state.collect(),
        }
    }

    /// Emissions of words with these attributes.
    fn emissions(&self, items: &Value) -> Vec<f32> {
        let mut emissions = vec![0.0; list(items).len() * self.tags];
        for (row, item) in emissions.chunks_mut(self.tags).zip(list(items)) {
            for attribute in list(item) {
                let name = attribute.as_str().expect("a name");
                for &(tag, weight) in self.state.get(name).into_iter().flatten() {
                    row[tag] += weight;
                }
            }
        }
        emissions
    }
}

fn best<S: Score>(crf: &Crf<'_, S>, emissions: &[S]) -> (S::Total, Vec<u8>) {
    let length = emissions.len() / crf.tags();
    let mut tags = vec![0; length];
    let scratch = Scratch {
        scores: &mut vec![S::ZERO; viterbi_scores(crf.tags())],
        pointers: &mut vec![0; viterbi_pointers(crf.tags(), length)],
    };
    let total = viterbi(crf, emissions, None, scratch, &mut tags).expect("all is allowed");
    (total, tags)
}

/// Whether two numbers are within 1e-4 of each other.
fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= 1e-4 * expected.abs()
}

#[test]
fn equals_crfsuite() {
    let python = match python_with("pycrfsuite") {
        Ok(python) => python,
        Err(missing) => return skip("equals_crfsuite", &missing),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(python)
        .arg("-B")
        .arg(root().join("tests/crf/crfsuite.py"))
        .arg(folder.path())
        .output()
        .expect("python starts");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let dump = std::fs::read_to_string(folder.path().join("crfsuite.json")).expect("it is written");
    let dump: Value = serde_json::from_str(&dump).expect("JSON");

    let field = Field::new(&dump);
    let integers: Vec<i32> = field.table.iter().map(|&score| fixed(score)).collect();
    let crf = Crf::new(field.tags, &field.table).expect("the table fits");
    let coarse = Crf::new(field.tags, &integers).expect("the table fits");
    let sentences = list(&dump["sentences"]);
    assert!(sentences.len() > 200 && field.tags == 6);
    let mut uncertain = 0;
    for sentence in sentences {
        let emissions = field.emissions(&sentence["items"]);
        let rounded: Vec<i32> = emissions.iter().map(|&score| fixed(score)).collect();
        let expected = tags(&sentence["best"]);
        let (total, path) = best(&crf, &emissions);
        assert_eq!(path, expected);
        let (units, path) = best(&coarse, &rounded);
        assert_eq!(path, expected);
        assert!((units as f64 / 65536.0 - f64::from(total)).abs() < 1e-3);

        let mut scratch = vec![0.0; forward_scratch(field.tags)];
        for entry in list(&sentence["paths"]) {
            let (path, probability) = (tags(&entry[0]), number(&entry[1]));
            let ln_p = log_probability(&crf, &emissions, None, &path, &mut scratch);
            let own = libm::exp(f64::from(ln_p.expect("all is allowed")));
            assert!(near(own, probability), "{own}, not {probability}");
        }
        let mut shares = vec![0.0; emissions.len()];
        marginals(&crf, &emissions, None, &mut scratch, &mut shares).expect("all is allowed");
        let expected: Vec<f64> = list(&sentence["marginals"])
            .iter()
            .flat_map(list)
            .map(number)
            .collect();
        assert_eq!(shares.len(), expected.len());
        for (&share, &expected) in shares.iter().zip(&expected) {
            assert!(near(share.into(), expected), "{share}, not {expected}");
            uncertain += usize::from((0.05..0.95).contains(&expected));
        }
    }
    // The model leaves something open.
    assert!(uncertain > 500, "{uncertain}");
}

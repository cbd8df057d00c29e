//! The whole evaluation, on models and corpora small enough to know every number.

use super::*;
use crate::poem::coder::{Posterior, Worker};
use crate::poem::file::PoemFile;
use crate::poem::testing;
use std::path::{Path, PathBuf};

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
        prosody: prosody::tests::table(),
        samples: 3,
        seed: 7,
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
    assert_eq!((report.couplets, report.known), (3, 2));
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
    fn sample(&self, _: u64) -> Vec<f32> {
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
    let many = Materials {
        samples: 4,
        ..materials(1)
    };
    let error = run(&model, None, &many).unwrap_err().to_string();
    assert!(error.contains("the corpus has 3 couplets"), "{error}");
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
        ["int8", "float", "generated", "human", "coverage"]
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
        "well_formed",
        "tone_rule",
        "line_ends",
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

fn shared(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find_map(|folder| {
            let data = folder.join("shared/data");
            data.is_dir().then_some(data)
        });
    let path = folder
        .map(|folder| folder.join(name))
        .filter(|path| path.is_file());
    if path.is_none() {
        crate::testing::skip(&format!("shared/data/{name} is not here"));
    }
    path
}

/// People and chance on the Tang corpus: the frame in which a model's figures are read.
#[test]
fn human_and_random_couplets_have_the_known_figures() {
    let files = ["tang-valid.txt", "tang-train.txt", "pingshui.tsv"].map(shared);
    let [Some(corpus), Some(train), Some(prosody)] = files else {
        return;
    };
    let corpus = Corpus::read(&corpus, 10).unwrap();
    let train_couplets = Corpus::read(&train, 10).unwrap();
    let reference = Reference::read(&train, 10).unwrap();
    let prosody = Prosody::read(&prosody).unwrap();
    let vocabulary: BTreeSet<char> = train_couplets.vocabulary(1).into_iter().collect();
    let measure =
        |characters: &[char]| verse::measure(characters, 10, &vocabulary, &prosody, &reference);
    let human: Vec<char> = draw::indices(corpus.len(), 2000, 7)
        .into_iter()
        .flat_map(|index| corpus.characters[index * 10..][..10].to_vec())
        .collect();
    let all = &train_couplets.characters;
    let mut random = qibu::random::Random::new(7);
    let chance: Vec<char> = (0..20_000)
        .map(|_| all[(random.uniform() * all.len() as f32) as usize % all.len()])
        .collect();
    let (human, chance) = (measure(&human), measure(&chance));
    println!("human  {human:?}\nrandom {chance:?}");
    let near = |value: f64, expected: f64, tolerance: f64| {
        assert!(
            (value - expected).abs() < tolerance,
            "{value} instead of {expected}"
        );
    };
    near(human.tone_rule, 0.66, 0.03);
    near(human.line_ends, 0.76, 0.03);
    near(human.pairs_seen, 0.80, 0.02);
    near(human.repeated, 0.09, 0.02);
    near(human.distinct_2, 0.894, 0.01);
    near(human.perplexity, 210.0, 12.0);
    near(chance.tone_rule, 0.22, 0.02);
    near(chance.line_ends, 0.34, 0.03);
    near(chance.pairs_seen, 0.45, 0.03);
    near(chance.perplexity, 1700.0, 120.0);
}

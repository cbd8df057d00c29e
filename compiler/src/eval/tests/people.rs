//! What people wrote, measured: the frame in which a model's figures are read.

use super::super::*;
use std::path::{Path, PathBuf};

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
    let judge = Judge {
        form: 10,
        vocabulary: &vocabulary,
        prosody: &prosody,
        reference: &reference,
        compared: 2000,
    };
    let human: Vec<char> = draw::indices(corpus.len(), 2000, 7)
        .into_iter()
        .flat_map(|index| corpus.characters[index * 10..][..10].to_vec())
        .collect();
    let all = &train_couplets.characters;
    let mut random = qibu::random::Random::new(7);
    let chance: Vec<char> = (0..20_000)
        .map(|_| all[(random.uniform() * all.len() as f32) as usize % all.len()])
        .collect();
    let (human, chance) = (judge.measure(&human), judge.measure(&chance));
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

/// People's quatrains: whole poems of four lines keep tone in 51 % (fives) and 79 % (sevens) of the
/// held-out ones.
#[test]
fn human_quatrains_have_the_known_figures() {
    let [Some(valid), Some(prosody)] = ["tang-valid.txt", "pingshui.tsv"].map(shared) else {
        return;
    };
    let prosody = Prosody::read(&prosody).unwrap();
    let valid = std::fs::read_to_string(valid).unwrap();
    let reference = Reference::default();
    let whole = |text: &str| -> String {
        let poems = text.lines().filter(|line| line.matches('。').count() == 2);
        poems.map(|line| line.to_string() + "\n").collect()
    };
    let figures = |text: &str, form: usize| {
        let mut corpus = Corpus {
            form,
            characters: Vec::new(),
        };
        corpus.take_text(text.as_bytes()).unwrap();
        let vocabulary: BTreeSet<char> = corpus.characters.iter().copied().collect();
        let judge = Judge {
            form,
            vocabulary: &vocabulary,
            prosody: &prosody,
            reference: &reference,
            compared: 2000,
        };
        let verse = judge.measure(&corpus.characters);
        [verse.tone_template, verse.tone_rule, verse.rhyme]
    };
    for (text, form, expected) in [
        (whole(&valid), 20, [0.443, 0.513, 0.730]),
        (whole(&valid), 28, [0.716, 0.785, 0.927]),
        (valid.clone(), 20, [0.375, 0.477, 0.753]),
        (valid.clone(), 28, [0.592, 0.655, 0.801]),
    ] {
        for (value, expected) in figures(&text, form).into_iter().zip(expected) {
            assert!((value - expected).abs() < 6e-4, "{value}, not {expected}");
        }
    }
}

//! Training a tagger from end to end, on the few sentences in `data/`.

mod common;

use common::engine_or_skip;
use qibu_compiler::engine::{Data, Options, Session, Tensor};
use qibu_compiler::error::ErrorKind;
use qibu_compiler::onnx::ModelProto;
use qibu_compiler::train::checkpoint::Checkpoint;
use qibu_compiler::train::tagger::corpus::Format;
use qibu_compiler::train::tagger::recipe::{Layer, Recipe};
use qibu_compiler::train::tagger::run::{Request, train};
use qibu_compiler::train::tensors::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

fn corpus() -> PathBuf {
    common::data("words.txt")
}

/// Everything that a recipe can ask for, in little.
fn small() -> Recipe {
    let layer = Layer {
        width: 16,
        ..Layer::default()
    };
    Recipe {
        embedding: 12,
        pair_embedding: 4,
        pair_min_count: 1,
        pairs_kept: 150,
        rare_pair_rate: 0.1,
        unknown_rate: 0.1,
        layers: vec![
            Layer {
                gated: true,
                ..layer
            },
            Layer {
                residual: true,
                dilation: 2,
                ..layer
            },
        ],
        window: 8,
        augment: 0.1,
        auxiliary: 0.1,
        embedding_decay: 0.5,
        layer_decay: 0.01,
        epochs: 6,
        row: 32,
        batch: 4,
        learning_rate: 1e-2,
        ..Recipe::seed_model()
    }
}

/// One that learns quickly.
fn quick() -> Recipe {
    Recipe {
        epochs: 60,
        embedding_dropout: 0.0,
        pair_dropout: 0.0,
        layer_dropout: 0.0,
        average: 0.9,
        pairs_kept: 0,
        augment: 0.0,
        ..small()
    }
}

fn request(out: PathBuf, recipe: Option<Recipe>) -> Request {
    Request {
        corpus: corpus(),
        valid: Some(corpus()),
        format: None,
        recipe,
        out,
        max_steps: None,
        options: common::options(),
    }
}

fn go(request: &Request) -> serde_json::Value {
    train(request, &AtomicBool::new(false)).unwrap()
}

fn model(out: &Path) -> (Vec<u8>, ModelProto) {
    let bytes = std::fs::read(out.join("model.onnx")).unwrap();
    let model = prost::Message::decode(bytes.as_slice()).unwrap();
    (bytes, model)
}

fn property(model: &ModelProto, key: &str) -> String {
    let found = model.metadata_props.iter().find(|entry| entry.key == key);
    found.map(|entry| entry.value.clone()).unwrap_or_default()
}

#[test]
fn learns_and_leaves_everything_that_compile_needs() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("tagger");
    let metrics = go(&request(out.clone(), Some(quick())));
    let f1 = metrics["valid"]["f1"].as_f64().unwrap();
    assert!(f1 > 97.0, "learns its few words by heart, not {f1}");
    assert!(metrics["valid"]["oov_recall"].is_null(), "no word is new");
    for name in ["recipe.json", "loss.svg", "metrics.json"] {
        assert!(out.join(name).exists(), "{name}");
    }
    let (bytes, model) = model(&out);
    assert_eq!(property(&model, "qibu.task"), "tag");
    assert_eq!(property(&model, "qibu.labels"), "B M E S");
    assert_eq!(property(&model, "qibu.weights"), r#"{"pair_table":"int4"}"#);
    let vocabulary: Vec<char> = property(&model, "qibu.vocab").chars().collect();
    let pairs: Vec<char> = property(&model, "qibu.pairs").chars().collect();
    assert!(vocabulary.is_sorted() && pairs.chunks(2).is_sorted());
    assert_eq!(metrics["characters"], vocabulary.len());
    assert_eq!(metrics["pairs"], pairs.len() / 2);

    // What a device does: the first window of a text, ids by bisection, PADs around it.
    let text: Vec<char> = "小猫在窗台上晒太阳。".chars().collect();
    let reach = metrics["reach"].as_u64().unwrap() as usize;
    assert_eq!(reach, 1 + 2 + 1);
    let length = 8 + 2 * reach;
    let at = |place: usize| place.checked_sub(reach).and_then(|place| text.get(place));
    let id = |place: usize| {
        at(place).map_or(0, |one| {
            vocabulary.binary_search(one).map_or(1, |n| n as i64 + 2)
        })
    };
    let pair = |place: usize| match (at(place), at(place + 1)) {
        (Some(&a), Some(&b)) => {
            let chunks: Vec<&[char]> = pairs.chunks(2).collect();
            chunks
                .binary_search(&&[a, b][..])
                .map_or(0, |n| n as i64 + 1)
        }
        _ => 0,
    };
    let ids: Vec<i64> = (0..length).map(id).collect();
    let pair_ids: Vec<i64> = (0..length - 1).map(pair).collect();
    assert!(pair_ids.iter().filter(|&&id| id > 0).count() >= 8);
    let mut session = Session::load(&bytes, &Options::default()).unwrap();
    let feeds = [
        ("ids", Tensor::i64(&[1, length], ids)),
        ("pairs", Tensor::i64(&[1, length - 1], pair_ids)),
    ];
    let outputs = session.run(&feeds).unwrap();
    assert_eq!(outputs[0].0, "emissions");
    assert_eq!(outputs[0].1.shape, [1, 8, 4]);
    // 小猫 在 窗台 上 晒: its emissions alone are right by now.
    let scores = outputs[0].1.as_f32("emissions").unwrap();
    let best = scores.chunks(4).map(|row| {
        let most = row.iter().copied().fold(f32::MIN, f32::max);
        row.iter().position(|&score| score == most).unwrap()
    });
    assert_eq!(best.collect::<Vec<_>>()[..6], [0, 2, 3, 0, 2, 3]);

    let weights = std::fs::read(out.join("model.safetensors")).unwrap();
    let weights = File::parse(&weights).unwrap();
    let Data::I32(known) = &weights.tensors["known_words"].data else {
        panic!("hashes are int32");
    };
    let known: Vec<u32> = known.iter().map(|&hash| hash as u32).collect();
    assert!(known.is_sorted() && known.len() > 100);
    // FNV-1a of 小猫, computed in another language.
    assert!(known.contains(&0x4E37_BD27));
    let samples = std::fs::read(out.join("calibration.safetensors")).unwrap();
    let samples = File::parse(&samples).unwrap().tensors;
    assert_eq!(samples["ids"].shape[1], length);
    assert_eq!(samples["pairs"].shape[1], length - 1);
}

#[test]
fn resumes_to_the_same_bits() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = Recipe {
        pair_embedding: 0,
        augment: 0.0,
        average: 0.0,
        auxiliary: 0.0,
        embedding_decay: 0.0,
        layer_decay: 0.0,
        ..small()
    };
    let restarts = Recipe {
        restarts: 2,
        epochs: 3,
        ..small()
    };
    for (name, recipe) in [("all", small()), ("plain", plain), ("restarts", restarts)] {
        let [whole, parts] =
            ["whole", "parts"].map(|part| folder.path().join(format!("{name}-{part}")));
        go(&request(whole.clone(), Some(recipe.clone())));
        // Before and after pairs are left out, in the midst of epochs.
        let mut first = request(parts.clone(), Some(recipe));
        first.max_steps = Some(5);
        go(&first);
        let mut second = request(parts.clone(), None);
        second.max_steps = Some(19);
        go(&second);
        go(&request(parts.clone(), None));
        for file in [
            "checkpoint.safetensors",
            "restart-2/checkpoint.safetensors",
            "model.onnx",
            "model.safetensors",
            "calibration.safetensors",
            "recipe.json",
            "loss.svg",
        ] {
            let [a, b] = [&whole, &parts].map(|folder| std::fs::read(folder.join(file)).ok());
            assert!(a == b, "{name}: {file} differs after a resume");
            let there = file.contains("checkpoint") || a.is_some();
            assert!(there, "{name}: no {file}");
        }
    }
}

#[test]
fn the_best_restart_and_epoch_are_kept() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("restarts");
    let recipe = Recipe {
        restarts: 3,
        patience: 2,
        epochs: 40,
        pairs_kept: 0,
        ..small()
    };
    let metrics = go(&request(out.clone(), Some(recipe)));
    let restarts = metrics["restarts"].as_array().unwrap();
    let scores: Vec<f64> = restarts
        .iter()
        .map(|restart| restart["score"].as_f64().unwrap())
        .collect();
    let seeds: Vec<u64> = restarts
        .iter()
        .map(|restart| restart["seed"].as_u64().unwrap())
        .collect();
    assert_eq!(seeds, [1, 2, 3]);
    let best = scores.iter().copied().fold(0.0, f64::max);
    assert_eq!(metrics["valid"]["f1"].as_f64().unwrap(), best, "{scores:?}");
    for (number, restart) in restarts.iter().enumerate() {
        let path = out.join(format!("restart-{}/checkpoint.safetensors", number + 1));
        let run = Checkpoint::read(&path).unwrap();
        let kept = run.best.unwrap();
        let of = |entry: &serde_json::Value| entry["valid"]["f1"].as_f64().unwrap();
        let all: Vec<f64> = run.epochs.iter().map(of).collect();
        let highest = all.iter().copied().fold(0.0, f64::max);
        assert_eq!((kept.score, all[kept.epoch - 1]), (highest, highest));
        let done = restart["epochs"].as_u64().unwrap() as usize;
        assert!(
            done == 40 || done == kept.epoch + 2,
            "{done} of {}",
            kept.epoch
        );
    }
}

#[test]
fn columns_of_any_labels_are_learnt() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(corpus()).unwrap();
    let columns = |names: bool| -> String {
        let mut lines = String::new();
        for line in text.lines() {
            for word in line.split_whitespace() {
                for (at, character) in word.chars().enumerate() {
                    let label = match (names, word.chars().count(), at) {
                        (true, 1, _) => "O",
                        (true, _, 0) => "B-LONG",
                        (true, ..) => "I-LONG",
                        (false, 1, _) => "short",
                        (false, ..) => "long",
                    };
                    lines += &format!("{character}\t{label}\n");
                }
            }
            lines.push('\n');
        }
        lines
    };
    for (names, figure, labels) in [
        (true, "f1", "B-LONG I-LONG O"),
        (false, "accuracy", "long short"),
    ] {
        let path = folder.path().join(format!("{figure}.tsv"));
        std::fs::write(&path, columns(names)).unwrap();
        let out = folder.path().join(figure);
        let mut asked = request(out.clone(), Some(quick()));
        (asked.corpus, asked.valid) = (path.clone(), Some(path));
        asked.format = Some(Format::Conll);
        let metrics = go(&asked);
        let score = metrics["valid"][figure].as_f64().unwrap();
        assert!(score > 97.0, "{figure} {score}");
        assert_eq!(metrics["valid"]["f1"].is_null(), !names);
        let (_, model) = model(&out);
        assert_eq!(property(&model, "qibu.labels"), labels);
        let crf: serde_json::Value = serde_json::from_str(&property(&model, "qibu.crf")).unwrap();
        let rows = crf["transitions"].as_array().unwrap();
        assert_eq!(rows.len(), labels.split(' ').count());
        assert!(
            rows.iter().all(|row| row[0].is_number()),
            "nothing is forbidden"
        );
    }
}

#[test]
fn stops_when_asked_and_saves() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("tagger");
    let error = train(&request(out.clone(), Some(small())), &AtomicBool::new(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    let advice = error.remedy().unwrap();
    assert!(
        advice.contains("qibu train tagger") && advice.contains("--resume"),
        "{advice}"
    );
    let run = Checkpoint::read(&out.join("checkpoint.safetensors")).unwrap();
    assert_eq!(run.step, 1);
}

#[test]
fn says_what_is_wrong() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let refused = |request: &Request| {
        train(request, &AtomicBool::new(false))
            .unwrap_err()
            .to_string()
    };
    let out = |name: &str| folder.path().join(name);
    let with = |recipe: Recipe| request(out("new"), Some(recipe));
    let file = |name: &str, text: &str| {
        let path = out(name);
        std::fs::write(&path, text).unwrap();
        path
    };

    let mut asked = with(small());
    asked.corpus = file("empty.txt", "\n \n");
    assert!(refused(&asked).contains("empty.txt: no text in it"));
    let mut asked = with(Recipe {
        min_count: 1000,
        pairs_kept: 0,
        ..small()
    });
    assert!(refused(&asked).contains("no character occurs 1000 times"));
    asked.recipe = Some(Recipe {
        pair_min_count: 1000,
        ..small()
    });
    assert!(refused(&asked).contains("no pair of characters occurs 1000 times"));
    asked.recipe = Some(Recipe {
        embedding: 65536,
        layers: vec![
            Layer {
                width: 65536,
                ..Layer::default()
            };
            2
        ],
        ..small()
    });
    assert!(refused(&asked).contains("weights; at most"));
    asked.recipe = Some(Recipe {
        restarts: 2,
        ..small()
    });
    asked.valid = None;
    assert!(refused(&asked).contains("compared on a validation file"));

    let mut asked = with(quick());
    asked.format = Some(Format::Conll);
    asked.corpus = file("a.tsv", "北\tB\n京\tI\n");
    asked.valid = Some(file("b.tsv", "北\tB\n\n京\tX\n"));
    assert!(refused(&asked).contains("b.tsv: line 3: label \"X\" does not occur"));
    assert!(!out("new").exists(), "nothing is left behind");

    go(&request(out("done"), Some(small())));
    assert!(refused(&request(out("done"), Some(small()))).contains("is not empty"));
    let mut other = request(out("done"), None);
    other.corpus = file("other.txt", "另 一 本 书\n");
    assert!(refused(&other).contains("is not the corpus"));
    let mut other = request(out("done"), None);
    other.valid = Some(file("other.txt", "另 一 本 书\n"));
    assert!(refused(&other).contains("other.txt is not the file that the run was measured on"));
    other.valid = None;
    assert!(refused(&other).contains("give the same --valid"));
    let mut other = request(out("done"), None);
    other.format = Some(Format::Conll);
    assert!(refused(&other).contains("--format words"));
    assert!(refused(&request(out("none"), None)).contains("nothing to resume"));
    std::fs::write(out("done").join("checkpoint.safetensors"), [7; 40]).unwrap();
    assert!(refused(&request(out("done"), None)).contains("safetensors"));
}

//! Training from end to end, on the few couplets in `data/`.

mod common;

use common::engine_or_skip;
use qibu_compiler::engine::{Options, Session, Tensor};
use qibu_compiler::error::ErrorKind;
use qibu_compiler::onnx::ModelProto;
use qibu_compiler::train::checkpoint::Checkpoint;
use qibu_compiler::train::poem::recipe::Recipe;
use qibu_compiler::train::poem::run::{Request, export, train};
use qibu_compiler::train::tensors::File;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

fn corpus() -> PathBuf {
    common::data("couplets.txt")
}

fn small() -> Recipe {
    Recipe {
        min_count: 1,
        embedding: 16,
        width: 16,
        latent: 8,
        epochs: 6,
        batch: 8,
        warmup_steps: 3,
        learning_rate: 1e-2,
        ..Recipe::best()
    }
}

fn request(out: PathBuf, recipe: Option<Recipe>) -> Request {
    Request {
        corpus: corpus(),
        valid: Some(corpus()),
        recipe,
        settings: Vec::new(),
        vocabulary: None,
        out,
        max_steps: None,
        options: common::options(),
    }
}

fn go(request: &Request) -> serde_json::Value {
    train(request, &AtomicBool::new(false)).unwrap()
}

#[test]
fn learns_and_leaves_everything_that_compile_needs() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("poem");
    let recipe = Recipe {
        epochs: 60,
        ..small()
    };
    let metrics = go(&request(out.clone(), Some(recipe)));
    let accuracy = metrics["valid"]["accuracy"].as_f64().unwrap();
    assert!(
        accuracy > 0.9,
        "learns its few couplets by heart, not {accuracy}"
    );
    for name in [
        "recipe.json",
        "loss.svg",
        "metrics.json",
        "model.safetensors",
    ] {
        assert!(out.join(name).exists(), "{name}");
    }
    let bytes = std::fs::read(out.join("model.onnx")).unwrap();
    let model: ModelProto = prost::Message::decode(bytes.as_slice()).unwrap();
    let vocabulary = model
        .metadata_props
        .iter()
        .find(|entry| entry.key == "qibu.vocab")
        .unwrap();
    let characters = vocabulary.value.chars().count();
    assert_eq!(metrics["characters"].as_u64().unwrap() as usize, characters);
    let samples = std::fs::read(out.join("calibration.safetensors")).unwrap();
    let samples = File::parse(&samples).unwrap().tensors;
    let [z, ids] = [&samples["z"], &samples["ids"]];
    let mut session = Session::load(&bytes, &Options::default()).unwrap();
    let feeds = [
        (
            "z",
            Tensor::f32(&[1, 8], z.as_f32("z").unwrap()[..8].to_vec()),
        ),
        (
            "ids",
            Tensor::i64(&[1, 10], ids.as_i64("ids").unwrap()[..10].to_vec()),
        ),
    ];
    let outputs = session.run(&feeds).unwrap();
    let names: Vec<&str> = outputs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["mean", "logvar", "logits", "top_scores", "top_ids"]);
    let best = outputs[4]
        .1
        .as_i64("top_ids")
        .unwrap()
        .iter()
        .step_by(8)
        .copied();
    assert_eq!(best.collect::<Vec<i64>>(), ids.as_i64("ids").unwrap()[..10]);
}

#[test]
fn resumes_to_the_same_bits() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, recipe) in [
        ("free", small()),
        (
            "bn",
            Recipe {
                bn_gamma: 0.6,
                free_bits: 0.0,
                kl_warmup: 20,
                ..small()
            },
        ),
    ] {
        let [whole, parts] =
            ["whole", "parts"].map(|part| folder.path().join(format!("{name}-{part}")));
        go(&request(whole.clone(), Some(recipe.clone())));
        let mut first = request(parts.clone(), Some(recipe));
        first.max_steps = Some(13);
        go(&first);
        go(&request(parts.clone(), None));
        for file in [
            "checkpoint.safetensors",
            "model.onnx",
            "calibration.safetensors",
            "loss.svg",
        ] {
            let [a, b] = [&whole, &parts].map(|folder| std::fs::read(folder.join(file)).unwrap());
            assert!(a == b, "{name}: {file} differs after a resume");
        }
    }
}

/// Pairs and themes change with `--resume --set` and with `--export-from`, the weights do not.
#[test]
fn a_finished_run_is_exported_again_with_other_tables() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("poem");
    let recipe = Recipe {
        epochs: 1,
        pair_count: 0,
        themes: 0,
        ..small()
    };
    let before = go(&request(out.clone(), Some(recipe)));
    let read = |name: &str| std::fs::read(out.join(name)).unwrap();
    let tables = |bytes: &[u8]| -> Vec<String> {
        let model: ModelProto = prost::Message::decode(bytes).unwrap();
        let tensors = model.graph.unwrap().initializer.into_iter();
        let names = tensors.map(|tensor| tensor.name);
        names
            .filter(|name| ["pairs", "themes"].contains(&&**name))
            .collect()
    };
    assert!(tables(&read("model.onnx")).is_empty());
    let samples = read("calibration.safetensors");

    let mut again = request(out.clone(), None);
    again.settings = vec!["pair_count=1".into(), "themes=3".into()];
    let after = go(&again);
    assert_eq!(before["seconds"], after["seconds"]);
    assert!(after["pairs"].as_u64() > Some(100), "{after}");
    let names = after["themes"].as_str().unwrap();
    assert_eq!(names.split(' ').count(), 3, "{names}");
    let model = read("model.onnx");
    assert_eq!(tables(&model), ["pairs", "themes"]);
    assert!(Session::load(&model, &Options::default()).is_ok());
    assert!(samples == read("calibration.safetensors"));

    let other = folder.path().join("other");
    let exported = export(
        &request(other.clone(), None),
        &out.join("model.safetensors"),
    )
    .unwrap();
    assert_eq!(exported["valid"], after["valid"]);
    for name in [
        "model.onnx",
        "model.safetensors",
        "recipe.json",
        "calibration.safetensors",
    ] {
        assert!(
            std::fs::read(other.join(name)).unwrap() == read(name),
            "{name}"
        );
    }
    again.settings = vec!["width=8".into()];
    let refused = train(&again, &AtomicBool::new(false)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Usage);
}

#[test]
fn stops_when_asked_and_saves() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("poem");
    let error = train(&request(out.clone(), Some(small())), &AtomicBool::new(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(
        Checkpoint::read(&out.join("checkpoint.safetensors"))
            .unwrap()
            .step,
        1
    );
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

    let empty = out("empty.txt");
    std::fs::write(&empty, "两个黄鹂鸣翠柳，一行白鹭上青天。\n").unwrap();
    let mut asked = request(out("a"), Some(small()));
    asked.corpus = empty;
    assert!(
        refused(&asked).contains("no poem of 2 lines of 5"),
        "{}",
        refused(&asked)
    );

    let mut rare = request(
        out("b"),
        Some(Recipe {
            min_count: 1000,
            ..small()
        }),
    );
    assert!(refused(&rare).contains("outside the vocabulary"));
    rare.recipe = Some(Recipe {
        form: 12,
        ..small()
    });
    assert!(refused(&rare).contains("form must be 10"));
    rare.recipe = Some(Recipe {
        width: 65536,
        ..small()
    });
    assert!(refused(&rare).contains("weights; at most"));

    std::fs::create_dir(out("c")).unwrap();
    std::fs::write(out("c").join("model.onnx"), "mine").unwrap();
    assert!(refused(&request(out("c"), Some(small()))).contains("is not empty"));
    assert!(refused(&request(out("c"), None)).contains("nothing to resume"));
    std::fs::write(out("c").join("checkpoint.safetensors"), [7; 40]).unwrap();
    assert!(refused(&request(out("c"), None)).contains("safetensors"));
    assert!(
        !out("a").exists() && !out("b").exists(),
        "nothing is left behind"
    );
}

#[test]
fn two_recipes_can_share_one_vocabulary() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let recipe = || {
        Some(Recipe {
            epochs: 1,
            ..small()
        })
    };
    let first = folder.path().join("first");
    let mut few = request(first.clone(), recipe());
    few.corpus = folder.path().join("few.txt");
    let text = std::fs::read_to_string(corpus()).unwrap();
    let lines: Vec<&str> = text.lines().take(12).collect();
    std::fs::write(&few.corpus, lines.join("\n")).unwrap();
    let counted = go(&few);
    for file in ["model.onnx", "model.safetensors", "checkpoint.safetensors"] {
        let mut other = request(folder.path().join(file), recipe());
        other.vocabulary = Some(first.join(file));
        let shared = go(&other);
        assert_eq!(counted["characters"], shared["characters"], "{file}");
        // The couplets of the lines left out need other characters, all but a few of them.
        let [all, kept] = [&counted, &shared].map(|run| run["couplets"].as_u64().unwrap());
        assert!((all..52).contains(&kept), "{file}: {kept} of {all}");
    }
}

#[test]
fn chinese_poetry_folders_are_read() {
    if !engine_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(corpus()).unwrap();
    let poems = folder.path().join("poems");
    std::fs::create_dir(&poems).unwrap();
    // Files 1000 and 0: numeric order, as the folder has them, is not the order of names.
    let lines: Vec<&str> = text.lines().collect();
    for (number, lines) in [(0, &lines[..10]), (1000, &lines[10..])] {
        let list: Vec<serde_json::Value> = lines
            .iter()
            .map(|line| serde_json::json!({"author": "x", "paragraphs": [line]}))
            .collect();
        let file = poems.join(format!("poet.tang.{number}.json"));
        std::fs::write(file, serde_json::to_string(&list).unwrap()).unwrap();
    }
    let recipe = || {
        Some(Recipe {
            epochs: 1,
            ..small()
        })
    };
    let mut asked = request(folder.path().join("a"), recipe());
    asked.corpus = poems;
    go(&asked);
    go(&request(folder.path().join("b"), recipe()));
    let [a, b] =
        ["a", "b"].map(|out| std::fs::read(folder.path().join(out).join("model.onnx")).unwrap());
    assert!(a == b, "the same couplets give the same model");
}

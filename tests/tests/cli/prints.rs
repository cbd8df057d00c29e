//! What the commands print: the same couplets every time, and JSON with the keys that are promised.

use crate::inputs;
use qibu::Model;
use qibu::poem::Poet;
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::command::{Answer, command, qibu, run};
use qibu_tests::need::{poem5, root};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// Keys of `object`, in order.
fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("a JSON object");
    object.keys().map(String::as_str).collect()
}

/// The one JSON object that standard output holds.
fn json(answer: Answer) -> Value {
    let text = answer.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn five_couplets_from_a_seed_are_those_of_the_runtime() {
    let arguments = [
        "poem",
        "models/poem5/model.qibu",
        "--plain",
        "--seed",
        "7",
        "--count",
        "5",
    ];
    let printed = qibu(&root(), &arguments).text();
    assert_eq!(qibu(&root(), &arguments).text(), printed);
    let file = AlignedBytes::from(&std::fs::read(poem5()).unwrap()[..]);
    let model = Model::load(&file).unwrap();
    let poet = Poet::new(&model).unwrap();
    let mut expected = String::new();
    for seed in 7..12 {
        let mut arena = AlignedBytes::zeros(poet.arena());
        let ids = poet.couplet(seed, poet.temperature(), &mut arena).unwrap();
        poet.write(&ids, |piece| expected += piece);
        expected.push('\n');
    }
    assert_eq!(printed, expected);
    for line in printed.lines() {
        let marks: String = line
            .chars()
            .map(|c| if "，。".contains(c) { c } else { 'X' })
            .collect();
        assert_eq!(marks, "XXXXX，XXXXX。", "{line}");
    }
}

#[test]
fn poem_json_is_one_object() {
    let folder = inputs::folder();
    let call = |line: &str| json(qibu(folder.path(), &line.split(' ').collect::<Vec<_>>()));
    let poems = call("poem good.qibu --seed 3 --count 2 --json");
    assert_eq!(keys(&poems), ["temperature", "poems"]);
    assert_eq!(poems["poems"][1]["seed"], 4);
    let text = "白日依山尽，黄河入海流。";
    let model = poem5();
    let reconstruct = [
        "poem",
        model.to_str().unwrap(),
        "--json",
        "--reconstruct",
        text,
    ];
    let back = json(qibu(folder.path(), &reconstruct));
    assert_eq!(
        keys(&back),
        ["original", "reconstruction", "equal", "characters"]
    );
    let between = [
        "poem",
        model.to_str().unwrap(),
        "--json",
        "--between",
        text,
        text,
        "--steps",
        "3",
    ];
    let walk = json(qibu(folder.path(), &between));
    assert_eq!(keys(&walk), ["from", "to", "steps"]);
    assert_eq!(walk["steps"].as_array().map(Vec::len), Some(3));
}

#[test]
fn inspect_and_compile_json_have_their_keys() {
    let folder = inputs::folder();
    let call = |line: &str| json(qibu(folder.path(), &line.split(' ').collect::<Vec<_>>()));
    for weights in ["int8", "f16", "f32"] {
        let line =
            format!("compile good.onnx --calibrate samples.safetensors --weights {weights} --json");
        let report = call(&line);
        for key in ["functions", "noise_calibrated", "witness"] {
            assert!(report.get(key).is_some(), "{key}: {report}");
        }
        let function = &report["functions"][0];
        for key in [
            "name",
            "flash",
            "ram",
            "ram_lower_bound",
            "macs",
            "layers",
            "outputs",
        ] {
            assert!(function.get(key).is_some(), "{key}: {function}");
        }
        let snr = function["outputs"][0]["snr_db"].as_f64().expect("decibels");
        assert!(snr > 30.0, "{weights}: {snr}");
        let model = call("inspect good.qibu --json");
        let expected = [
            "bytes",
            "sha256",
            "format",
            "noise_calibrated",
            "metadata",
            "functions",
            "tables",
        ];
        assert_eq!(keys(&model), expected);
        let expected = ["name", "flash", "ram", "macs", "steps", "inputs", "outputs"];
        assert_eq!(keys(&model["functions"][0]), expected);
        assert_eq!(model["functions"][0]["macs"], 32);
        assert_eq!(model["functions"][0]["ram"], function["ram"]);
    }
}

/// A row for each function, and for each step where those are asked for; JSON has the same.
#[test]
fn bench_times_every_step() {
    let folder = inputs::folder();
    let call = |line: &str| qibu(folder.path(), &line.split(' ').collect::<Vec<_>>());
    let model = json(call("inspect good.qibu --json"));
    let functions = model["functions"].as_array().expect("functions");
    let report = json(call("bench good.qibu --per-step --time 0.01 --json"));
    assert_eq!(keys(&report), ["functions"]);
    let times = report["functions"].as_array().expect("functions");
    assert_eq!(times.len(), functions.len());
    for (times, function) in times.iter().zip(functions) {
        let expected = ["name", "runs", "median_ns", "best_ns", "macs", "steps"];
        assert_eq!(keys(times), expected);
        assert_eq!(times["name"], function["name"]);
        assert_eq!(times["macs"], function["macs"]);
        assert!(times["best_ns"].as_f64().expect("a time") > 0.0);
        let steps = times["steps"].as_array().expect("steps");
        assert_eq!(
            steps.len() as u64,
            function["steps"].as_u64().expect("steps")
        );
        let expected = [
            "operator",
            "kernel",
            "median_ns",
            "best_ns",
            "share",
            "macs",
        ];
        for step in steps {
            assert_eq!(keys(step), expected);
            let kernel = step["kernel"].as_str().expect("a name");
            assert!(qibu::kernels::NAMES.contains(&kernel), "{kernel}");
        }
    }
    let name = functions[0]["name"].as_str().expect("a name");
    let text = call(&format!("bench good.qibu --function {name} --time 0.01")).text();
    assert!(text.contains("median") && text.contains(name), "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
}

/// The list names what `qibu::kernels` has, for the very file that was written; a later one replaces it.
#[test]
fn the_kernels_of_a_model_are_listed() {
    let folder = inputs::folder();
    let line = "compile good.onnx -o k.qibu --calibrate samples.safetensors --kernels k.rs";
    for _ in 0..2 {
        let answer = qibu(folder.path(), &line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(answer.code, Some(0));
        let text = std::fs::read_to_string(folder.path().join("k.rs")).expect("a list");
        let file = std::fs::read(folder.path().join("k.qibu")).expect("a model");
        let file = AlignedBytes::from(&file[..]);
        let model = Model::load(&file).expect("a sound model");
        let listed: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("&qibu::kernels::"))
            .filter_map(|line| line.strip_suffix(','))
            .collect();
        assert_eq!(listed, qibu::kernels::used(&model).collect::<Vec<_>>());
        assert!(!listed.is_empty() && text.contains("\n&[\n") && text.ends_with("]\n"));
    }
}

/// The page holds every function and step, and may be replaced by a later one.
#[test]
fn the_report_is_one_page() {
    let folder = inputs::folder();
    let line = "compile good.onnx --calibrate samples.safetensors --json --report r.html \
                --memory-plan m.svg";
    let mut pages = Vec::new();
    for _ in 0..2 {
        let report = json(qibu(
            folder.path(),
            &line.split_whitespace().collect::<Vec<_>>(),
        ));
        let page = std::fs::read_to_string(folder.path().join("r.html")).expect("a report");
        let function = &report["functions"][0];
        let layers = function["layers"].as_array().expect("steps");
        assert_eq!(page.matches("<tr><th scope").count(), layers.len());
        let ram = function["ram"].as_u64().expect("bytes");
        assert!(page.contains(&format!("<dt>RAM peak</dt><dd>{ram} bytes</dd>")));
        let live = layers.iter().filter_map(|layer| layer["live"].as_u64());
        assert_eq!(live.max(), function["ram_lower_bound"].as_u64());
        let picture = std::fs::read_to_string(folder.path().join("m.svg")).expect("a picture");
        assert!(page.contains(&picture) && page.contains("good.onnx"));
        pages.push(page);
    }
    assert_eq!(pages[0], pages[1]);
}

#[test]
fn eval_json_has_its_keys() {
    let folder = inputs::folder();
    let (from, to) = (root().join("models/poem5"), folder.path().join("model"));
    std::fs::create_dir(&to).unwrap();
    for name in ["model.qibu", "model.onnx"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
    let line = "eval poem model/model.qibu --corpus corpus.txt --reference corpus.txt \
                --prosody tones.tsv --samples 3 --seed 1 --json";
    let report = json(qibu(
        folder.path(),
        &line.split_whitespace().collect::<Vec<_>>(),
    ));
    assert_eq!(
        keys(&report),
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
    let model = [
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
    for part in ["int8", "float"] {
        assert_eq!(keys(&report[part]), model);
    }
    for part in ["generated", "human"] {
        assert_eq!(keys(&report[part]), verse);
    }
    assert_eq!(report["generated"]["n"], 3);
    assert_eq!(report["human"]["pairs_seen"], 1.0);
}

#[test]
fn no_escape_sequences_outside_a_terminal() {
    let folder = inputs::folder();
    for line in [
        "poem good.qibu --seed 1",
        "inspect good.qibu --steps",
        "compile good.onnx",
        "bench good.qibu --per-step --time 0.01",
    ] {
        let answer = qibu(folder.path(), &line.split(' ').collect::<Vec<_>>());
        assert!(!answer.stdout.contains(&0x1b), "{line}");
        assert!(!answer.stderr.contains('\u{1b}'), "{line}");
    }
}

/// `qibu poem … | head -1`: the reader leaves, and that is no error.
#[test]
fn a_reader_may_leave() {
    let folder = inputs::folder();
    let mut qibu = command(folder.path(), &[]);
    qibu.args("poem good.qibu --seed 1 --count 20000".split(' '));
    let mut child = qibu
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.ends_with("。\n"), "{line}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// An older file is replaced, a link stays a link, and a device is written into.
#[cfg(unix)]
#[test]
fn outputs_go_where_they_are_sent() {
    let folder = inputs::folder();
    let at = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink("old.qibu", at("link.qibu")).unwrap();
    for output in ["old.qibu", "link.qibu", "/dev/null", "empty"] {
        let mut call = command(folder.path(), &[]);
        call.args(["compile", "good.onnx", "-o", output]);
        assert_eq!(run(call, None).code, Some(0), "{output}");
    }
    assert!(at("link.qibu").symlink_metadata().unwrap().is_symlink());
    assert_eq!(
        std::fs::read(at("old.qibu")).unwrap(),
        std::fs::read(at("empty")).unwrap()
    );
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

//! `qibu compile --prosody`: function `compose` keeps the best of each tone and rhyme group.
//!
//! ```text
//! table     written here: of every six characters three are level, one oblique, one either, one missing
//! float     every list is that of sorting the logits of function `score`
//! int8      in every layout of weights the same; what `generate` keeps of a row leads the lists it belongs to
//! ```

use prost::Message;
use qibu::Model;
use qibu::format::Opcode;
use qibu::random::Random;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile_arranged};
use qibu_compiler::error::ErrorKind;
use qibu_compiler::onnx::ModelProto;
use qibu_compiler::quantise::Weights;
use qibu_compiler::target::{Arrangement, Target};
use qibu_compiler::verify::{Subject, Thresholds, verify_file};
use qibu_tests::need::root;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// Characters of a line, and of the couplet.
const LINE: usize = 5;
const POSITIONS: usize = 10;
/// Candidates that `generate` keeps.
const KEPT: usize = 8;

/// poem5 without its tables, of which `novelty` sets scores of `compose` and of `generate` apart.
fn model() -> PathBuf {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        let (folder, from) = (tempfile::tempdir().unwrap(), root().join("models/poem5"));
        let bytes = std::fs::read(from.join("model.onnx")).unwrap();
        let mut model = ModelProto::decode(&bytes[..]).unwrap();
        let tables = ["qibu.tables", "qibu.themes"];
        let properties = &mut model.metadata_props;
        properties.retain(|property| !tables.contains(&property.key.as_str()));
        std::fs::write(folder.path().join("model.onnx"), model.encode_to_vec()).unwrap();
        let samples = "calibration.safetensors";
        std::fs::copy(from.join(samples), folder.path().join(samples)).unwrap();
        folder
    });
    FOLDER.path().join("model.onnx")
}

/// Tone, rhyme groups and codes of the character with this number.
fn entry(id: usize) -> Option<(&'static str, &'static str, [u8; 2])> {
    Some(match id % 6 {
        0 => ("P", "一东,二冬", [0, 1]),
        1 => ("P", ["十一真", "十五咸,十四盐", "-"][id / 6 % 3], {
            [[10, 255], [29, 28], [31, 255]][id / 6 % 3]
        }),
        2 => ("P", "入声四质,四支", [3, 255]),
        3 => ("Z", "入声四质", [30, 255]),
        4 => ("B", "十四寒,十五翰", [13, 30]),
        _ => return None,
    })
}

/// The table of a model's vocabulary.
fn table(model: &Model<'_>) -> String {
    let vocabulary = model.metadata().get("vocab").expect("a vocabulary");
    let lines = vocabulary
        .chars()
        .enumerate()
        .filter_map(|(id, character)| {
            let (tone, rhymes, _) = entry(id)?;
            Some(format!("{character}\t{tone}\t{rhymes}\n"))
        });
    lines.collect()
}

fn request(prosody: Option<&Path>, functions: &[&str]) -> Request {
    Request {
        functions: functions.iter().map(|&name| name.to_owned()).collect(),
        prosody: prosody.map(Path::to_owned),
        ..Request::new(&model())
    }
}

fn compiled(request: &Request, arrangements: &[Arrangement]) -> Vec<AlignedBytes> {
    let files = compile_arranged(request, arrangements).expect("it compiles");
    files
        .iter()
        .map(|file| AlignedBytes::from(&file[..]))
        .collect()
}

/// A table on disk.
fn written(folder: &Path) -> PathBuf {
    let committed = std::fs::read(root().join("models/poem5/model.qibu")).unwrap();
    let bytes = AlignedBytes::from(&committed[..]);
    let path = folder.join("tones.tsv");
    std::fs::write(&path, table(&Model::load(&bytes).unwrap())).unwrap();
    path
}

/// Outputs 0 and 1 of a function for the latent of a seed, as words.
fn run(model: &Model<'_>, name: &str, seed: u64) -> [Vec<i32>; 2] {
    let function = model.function(name).expect("the function");
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = function.bind(&mut arena).unwrap();
    let mut latent = vec![0.0; function.input(0).unwrap().elements().unwrap()];
    Random::new(seed).fill_gaussian(&mut latent, 0.9);
    run.set_f32(0, &latent).unwrap();
    run.execute().unwrap();
    [0, 1].map(|index| {
        let tensor = function.output(index);
        let words = tensor.map_or(&[][..], |tensor| run.tensor_bytes(tensor).unwrap());
        bytemuck::allocation::pod_collect_to_vec(words)
    })
}

/// Whether an entry belongs on a list of a row.
fn is_on(id: usize, row: usize, list: usize) -> bool {
    let codes = entry(id).map_or([255; 2], |(.., codes)| codes);
    codes
        .into_iter()
        .any(|code| match (row % LINE == LINE - 1, list) {
            (true, list) => usize::from(code) == list,
            (false, 0) => code < 30 || code == 31,
            (false, _) => code == 30,
        })
}

/// Rows with the number of each list.
fn lists() -> impl Iterator<Item = (usize, usize)> {
    let lists = |row: usize| if row % LINE == LINE - 1 { 31 } else { 2 };
    (0..POSITIONS).flat_map(move |row| (0..lists(row)).map(move |list| (row, list)))
}

#[test]
fn lists_of_floats_are_what_sorting_the_logits_gives() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(Some(&written(folder.path())), &["score", "compose"]);
    request.weights = Weights::F32;
    let files = compiled(&request, &[Arrangement::default()]);
    let model = Model::load(&files[0]).unwrap();
    let names: Vec<&str> = model.functions().map(|function| function.name()).collect();
    assert_eq!(names, ["score", "compose"]);
    for seed in 0..8 {
        let [logits, _] = run(&model, "score", seed);
        let [ids, scores] = run(&model, "compose", seed);
        assert_eq!(ids.len(), lists().count() * KEPT);
        let entries = logits.len() / POSITIONS;
        let found = ids.chunks(KEPT).zip(scores.chunks(KEPT));
        for ((row, list), (ids, scores)) in lists().zip(found) {
            let logit = |id: usize| f32::from_bits(logits[row * entries + id] as u32);
            let mut order: Vec<usize> = (0..entries).filter(|&id| is_on(id, row, list)).collect();
            order.sort_by(|&a, &b| logit(b).total_cmp(&logit(a)));
            for (place, (&id, &score)) in ids.iter().zip(scores).enumerate() {
                let expected = order.get(place).map(|&id| (id as i32, logit(id)));
                let (wanted, logit) = expected.unwrap_or((-1, f32::NEG_INFINITY));
                assert_eq!(id, wanted, "seed {seed}, row {row}, list {list}");
                assert_eq!(score as u32, logit.to_bits());
            }
        }
    }
}

#[test]
fn lists_of_integers_are_the_same_in_every_layout() {
    let folder = tempfile::tempdir().unwrap();
    let prosody = written(folder.path());
    let targets = [
        Target::Portable,
        Target::CortexM0,
        Target::CortexM4,
        Target::X86_64,
    ];
    let mut arrangements: Vec<Arrangement> = targets.into_iter().map(Into::into).collect();
    arrangements.push(Arrangement {
        wide: true,
        ..Target::CortexM4.into()
    });
    let request_with = request(Some(&prosody), &["generate", "compose"]);
    let files = compiled(&request_with, &arrangements);
    let [plain] = &compiled(&request(None, &["generate"]), &arrangements[..1])[..] else {
        panic!("one file");
    };
    let plain = Model::load(plain).unwrap();
    let models: Vec<Model<'_>> = files
        .iter()
        .map(|file| Model::load(file).unwrap())
        .collect();
    for seed in 0..8 {
        let generated = run(&models[0], "generate", seed);
        // Another function changes nothing.
        assert_eq!(generated, run(&plain, "generate", seed));
        let [ids, scores] = run(&models[0], "compose", seed);
        for model in &models[1..] {
            assert_eq!(run(model, "compose", seed), [ids.clone(), scores.clone()]);
        }
        let found = ids.chunks(KEPT).zip(scores.chunks(KEPT));
        for ((row, list), (ids, scores)) in lists().zip(found) {
            let best = row * KEPT..(row + 1) * KEPT;
            let [kept, values] = [0, 1].map(|index| &generated[index][best.clone()]);
            let kept = kept
                .iter()
                .zip(values)
                .filter(|(id, _)| is_on(**id as usize, row, list));
            for (place, (id, score)) in kept.enumerate() {
                assert_eq!(
                    (ids[place], scores[place]),
                    (*id, *score),
                    "row {row}, list {list}"
                );
            }
            let pairs: Vec<(i32, i32)> = scores
                .iter()
                .map(|score| -score.max(&-i32::MAX))
                .zip(ids.iter().copied())
                .collect();
            let filled = pairs.iter().filter(|(_, id)| *id >= 0).count();
            assert!(
                pairs[..filled].is_sorted(),
                "row {row}, list {list}: {pairs:?}"
            );
            assert!(
                pairs[..filled]
                    .iter()
                    .all(|&(_, id)| is_on(id as usize, row, list))
            );
            let nobody = pairs[filled..].iter().zip(&scores[filled..]);
            assert!(
                nobody
                    .into_iter()
                    .all(|((_, id), score)| (*id, *score) == (-1, i32::MIN))
            );
        }
    }
}

#[test]
fn the_groups_are_stored_once_and_the_file_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let prosody = written(folder.path());
    for (weights, functions) in [
        (Weights::Int8, &["compose"][..]),
        (Weights::F32, &["generate", "compose"]),
    ] {
        let mut request = request(Some(&prosody), functions);
        request.weights = weights;
        let files = compiled(&request, &[Target::CortexM4.into()]);
        let model = Model::load(&files[0]).unwrap();
        let table = model.table("prosody").expect("a named table");
        let codes = table.u16().expect("unsigned 16-bit numbers");
        let expected = |id| entry(id).map_or([255; 2], |(.., codes)| codes);
        for (id, code) in codes.iter().enumerate() {
            assert_eq!(code.to_le_bytes(), expected(id), "id {id}");
        }
        let function = model.function("compose").unwrap();
        let mut steps = function
            .steps()
            .filter(|step| step.opcode() == Opcode::TopKGroups);
        let step = steps.next().expect("a step");
        let groups = step.input(step.inputs().len() - 1).unwrap();
        assert_eq!(groups.offset(), table.record().offset());
        assert_eq!(step.attributes(), [LINE as u32]);
        let path = folder.path().join("poem.qibu");
        std::fs::write(&path, &files[0][..]).unwrap();
        let subject = Subject {
            model: self::model(),
            file: path,
            inputs: None,
            thresholds: Thresholds::default(),
        };
        let found = verify_file(&subject, |_, _| {}).expect("it is compared");
        assert!(found.pass, "{:?}", found.failures);
        assert_eq!(found.layers_not_compared, None);
        let last = found.functions.last().expect("functions");
        let [ids, scores] = &last.outputs[..] else {
            panic!("two outputs");
        };
        assert_eq!(
            (last.name.as_str(), ids.name.as_str()),
            ("compose", "compose_ids")
        );
        let snr = scores
            .file_vs_float
            .and_then(|checked| checked.measured.snr_db);
        assert!(snr.is_some_and(|snr| snr > 25.0), "{snr:?}");
    }
}

#[test]
fn what_does_not_go_together_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tones.tsv");
    let refusal = |request: &Request| {
        let error = compile_arranged(request, &[Arrangement::default()]);
        let error = error.expect_err("it does not compile");
        (error.kind(), error.to_string())
    };
    let (kind, text) = refusal(&request(None, &["generate", "compose"]));
    assert_eq!(kind, ErrorKind::Usage);
    assert!(
        text.contains("no function `compose`") && text.contains("--prosody FILE"),
        "{text}"
    );
    std::fs::write(&path, "东\tP\t一东\n西\tX\n").unwrap();
    let (kind, text) = refusal(&request(Some(&path), &["generate"]));
    assert_eq!(kind, ErrorKind::Usage);
    assert!(text.contains("--functions leaves out"), "{text}");
    let (_, text) = refusal(&request(Some(&path), &[]));
    assert!(text.contains("tones.tsv: line 2: "), "{text}");
    std::fs::write(&path, "Q\tP\t一东\n").unwrap();
    let (_, text) = refusal(&request(Some(&path), &[]));
    assert!(
        text.contains("knows 0 of the model's 3645 characters"),
        "{text}"
    );
    let (_, text) = refusal(&request(Some(&folder.path().join("none.tsv")), &[]));
    assert!(text.contains("none.tsv"), "{text}");
}

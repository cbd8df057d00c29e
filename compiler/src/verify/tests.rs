//! Files of every format beside their models, and what is said of those that are not theirs.

use super::{Subject, Thresholds, Verification, verify_file};
use crate::calibrate::{Method, Samples, calibrate};
use crate::compile::{Request, compile};
use crate::error::{Error, ErrorKind, Result};
use crate::import::{self, ImportOptions};
use crate::onnx::{DataType, attribute, node};
use crate::plan::{Planned, plan};
use crate::program::Content;
use crate::quantise::{Activations, Formats, Scheme, Weights, quantise};
use crate::simplify::{Simplified, simplify};
use crate::target::{Arrangement, Target};
use crate::testing::{F16, F32, INT8, INT16, Model, poem};
use crate::write::write;
use std::path::PathBuf;
use tempfile::TempDir;

const INT4: Scheme = Scheme {
    weights: Weights::Int4,
    activations: Activations::Int16,
};

/// Two convolutions and a classifier.
fn classifier() -> Model {
    let conv = |x: &str, w: &str, y: &str| {
        let pads = vec![attribute::ints("pads", &[1, 1])];
        node("Conv", &[x, w], &[y], pads)
    };
    Model::default()
        .input("x", DataType::Float, &[1, 4, 12])
        .weights("w1", &[8, 4, 3])
        .weights("w2", &[8, 8, 3])
        .weights("w3", &[96, 5])
        .node(conv("x", "w1", "a"))
        .op("Relu", &["a"], "b")
        .node(conv("b", "w2", "c"))
        .op("Flatten", &["c"], "d")
        .op("Gemm", &["d", "w3"], "y")
        .output("y")
}

/// A model and a file of it in a folder of their own.
struct Pair {
    folder: TempDir,
    model: PathBuf,
}

impl Pair {
    fn new(model: Model) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, model.bytes()).unwrap();
        Self {
            folder,
            model: path,
        }
    }

    /// Compiles in `formats`, lets `change` damage it, and verifies.
    fn verify(
        &self,
        formats: &Formats,
        thresholds: Thresholds,
        change: impl FnOnce(&mut Planned),
    ) -> Result<Verification> {
        let graph = import::read(&self.model, &ImportOptions::default())?;
        let simplified = simplify(graph)?;
        let calibrated = calibrate(&simplified, &Samples::noise(), Method::default(), |_, _| {})?;
        let mut planned = plan(quantise(&calibrated, formats)?, Target::Portable)?;
        change(&mut planned);
        self.judge(&write(&planned)?, thresholds)
    }

    /// Compiles int8, arranged, and verifies.
    fn verify_arranged(&self, arrangement: Arrangement) -> Result<Verification> {
        let simplified = simplify(import::read(&self.model, &ImportOptions::default())?)?;
        let calibrated = calibrate(&simplified, &Samples::noise(), Method::default(), |_, _| {})?;
        let planned = plan(quantise(&calibrated, &INT8.into())?, arrangement)?;
        self.judge(&write(&planned)?, loose())
    }

    fn judge(&self, bytes: &[u8], thresholds: Thresholds) -> Result<Verification> {
        let file = self.folder.path().join("model.qibu");
        std::fs::write(&file, bytes).unwrap();
        let subject = Subject {
            model: self.model.clone(),
            file,
            inputs: None,
            thresholds,
        };
        verify_file(&subject, |_, _| {})
    }
}

/// Thresholds that int4 keeps, too.
fn loose() -> Thresholds {
    Thresholds {
        min_snr: 10.0,
        ..Thresholds::default()
    }
}

#[test]
fn files_of_every_format_are_theirs_layer_by_layer() {
    for (make, functions) in [(classifier as fn() -> Model, 1), (|| poem(true), 3)] {
        let pair = Pair::new(make());
        for scheme in [F32, F16, INT8, INT16, INT4] {
            let found = pair.verify(&scheme.into(), loose(), |_| {}).unwrap();
            let name = scheme.to_text();
            assert!(found.pass, "{name}: {:?}", found.failures);
            // A file without a weight of four bits looks like one of eight.
            let eight = name.replace("int4", "int8");
            let shown = found.formats.clone();
            assert!(
                shown.as_deref().is_some_and(|f| f == name || f == eight),
                "{shown:?}"
            );
            assert_eq!((found.layers_not_compared, found.samples), (None, 64));
            assert_eq!(found.functions.len(), functions);
            for function in &found.functions {
                let real = |dtype: &str| dtype != "i32";
                for layer in function.layers.iter().filter(|layer| real(&layer.dtype)) {
                    let least = if scheme == F32 { 100.0 } else { 5.0 };
                    let good = layer.snr_db.is_some_and(|snr| snr > least);
                    assert!(good, "{name}: {layer:?}");
                }
                assert!(!function.layers.is_empty());
            }
        }
    }
}

#[test]
fn files_for_a_processor_are_theirs_layer_by_layer() {
    for make in [classifier as fn() -> Model, || poem(true)] {
        let pair = Pair::new(make());
        let mut arrangements: Vec<Arrangement> =
            Target::all().iter().map(|&target| target.into()).collect();
        arrangements.push(Arrangement::wide(Target::CortexM4));
        for arrangement in arrangements {
            let found = pair.verify_arranged(arrangement.clone()).unwrap();
            assert!(found.pass, "{arrangement:?}: {:?}", found.failures);
            assert_eq!(found.layers_not_compared, None, "{arrangement:?}");
            assert_eq!(found.formats, Some(INT8.to_text()), "{arrangement:?}");
            let functions = &found.functions;
            assert!(functions.iter().all(|function| !function.layers.is_empty()));
        }
    }
}

#[test]
fn a_file_of_mixed_formats_says_so() {
    let pair = Pair::new(classifier());
    let mut formats = Formats::from(INT8);
    let simplified = simplify(import::read(&pair.model, &ImportOptions::default()).unwrap());
    let nodes = &simplified.as_ref().unwrap().graph().nodes;
    formats.layers.insert(nodes.last().unwrap().outputs[0], F16);
    let found = pair.verify(&formats, loose(), |_| {}).unwrap();
    assert_eq!(found.formats, Some(formats.to_text()));
    assert_eq!(found.layers_not_compared, None);
    let lost = |planned: &mut Planned| planned.program.metadata.formats = None;
    let found = pair.verify(&formats, loose(), lost).unwrap();
    assert!(found.pass && found.formats.is_none());
    assert!(found.layers_not_compared.is_some());
    assert!(found.functions[0].layers.is_empty());
}

#[test]
fn scores_have_a_best_class() {
    let found = Pair::new(classifier())
        .verify(&INT16.into(), loose(), |_| {})
        .unwrap();
    let measured = found.functions[0].outputs[0]
        .file_vs_float
        .unwrap()
        .measured;
    assert!(
        measured.top1.is_some_and(|share| share > 0.9),
        "{measured:?}"
    );
    assert!(
        measured.snr_db.is_some_and(|snr| snr > 30.0),
        "{measured:?}"
    );
}

/// One weight off by a little fails in f32, all off by a lot in int8.
#[test]
fn damage_is_found() {
    let pair = Pair::new(classifier());
    for (scheme, expected) in [(F32, "error"), (INT8, "dB")] {
        let damage = |planned: &mut Planned| {
            for tensor in &mut planned.program.tensors {
                if let Content::Weights(bytes) = &mut tensor.content {
                    let high = bytes.iter_mut().skip(3).step_by(4);
                    high.for_each(|byte| *byte ^= 0x80);
                    break;
                }
            }
        };
        let found = pair
            .verify(&scheme.into(), Thresholds::default(), damage)
            .unwrap();
        assert!(!found.pass);
        assert!(found.failures[0].contains(expected), "{:?}", found.failures);
        assert!(found.failures[0].starts_with("main/y: file against float: "));
    }
}

#[test]
fn thresholds_decide() {
    let pair = Pair::new(classifier());
    let strict = Thresholds {
        min_snr: 150.0,
        ..Thresholds::default()
    };
    let found = pair.verify(&INT8.into(), strict, |_| {}).unwrap();
    assert!(!found.pass && !found.functions[0].outputs[0].file_vs_float.unwrap().pass);
    assert!(
        pair.verify(&INT8.into(), Thresholds::default(), |_| {})
            .unwrap()
            .pass
    );
}

fn refused(result: Result<Verification>, kind: ErrorKind) -> String {
    let error: Error = result.err().unwrap();
    assert_eq!(error.kind(), kind, "{error}");
    error.to_string()
}

#[test]
fn the_file_of_another_model_is_named_by_both_hashes() {
    let pair = Pair::new(classifier());
    let bytes = compile(&Request::new(&pair.model), &mut |_, _, _| {})
        .unwrap()
        .bytes;
    let other = Pair::new(poem(true));
    let text = refused(other.judge(&bytes, loose()), ErrorKind::Verification);
    for model in [&pair.model, &other.model] {
        let hash = crate::sha256_hex(&std::fs::read(model).unwrap());
        assert!(text.contains(&hash), "{text}");
    }
    let nameless = |planned: &mut Planned| planned.program.metadata.source_sha256 = [0; 32];
    let text = refused(
        pair.verify(&INT8.into(), loose(), nameless),
        ErrorKind::Verification,
    );
    assert!(text.contains("another model"), "{text}");
}

/// The hash is right, the rest is not.
#[test]
fn a_copied_hash_deceives_nobody() {
    let pair = Pair::new(poem(true));
    let swap = |planned: &mut Planned| {
        let functions = &mut planned.program.functions;
        let (first, last) = (functions[0].name.clone(), functions[2].name.clone());
        (functions[0].name, functions[2].name) = (last, first);
    };
    let text = refused(
        pair.verify(&INT8.into(), loose(), swap),
        ErrorKind::Verification,
    );
    assert!(text.contains("the model's"), "{text}");
    let rename = |planned: &mut Planned| planned.program.functions[0].name = "other".into();
    let text = refused(pair.verify(&INT8.into(), loose(), rename), ErrorKind::Usage);
    assert!(text.contains("no function `other`"), "{text}");
}

#[test]
fn a_part_of_the_functions_is_enough() {
    let pair = Pair::new(poem(false));
    let request = Request {
        functions: vec!["score".into()],
        ..Request::new(&pair.model)
    };
    let bytes = compile(&request, &mut |_, _, _| {}).unwrap().bytes;
    let found = pair.judge(&bytes, loose()).unwrap();
    assert!(found.pass, "{:?}", found.failures);
    assert_eq!(found.functions.len(), 1);
    assert_eq!(found.functions[0].name, "score");
    assert!(!found.functions[0].layers.is_empty());
}

/// What equalisation does: a channel is scaled on the way, and back in the weights behind.
#[test]
fn a_scaled_channel_is_no_noise() {
    let plain = Pair::new(classifier());
    let least = |pair: &Pair, file: &[u8]| {
        let found = pair.judge(file, loose()).unwrap();
        assert!(found.pass, "{:?}", found.failures);
        let layers = found.functions[0].layers.iter();
        let ratios: Vec<f64> = layers.filter_map(|layer| layer.snr_db).collect();
        assert!(ratios.len() >= 4, "{ratios:?}");
        ratios.into_iter().fold(f64::INFINITY, f64::min)
    };
    let mut simplified = simplify(import::read(&plain.model, &ImportOptions::default()).unwrap())
        .unwrap()
        .into_graph();
    let convolutions: Vec<_> = simplified
        .nodes
        .iter()
        .filter(|node| matches!(node.op, crate::graph::Op::ConvNhwc { .. }))
        .map(|node| node.input(1).unwrap())
        .collect();
    let [first, second] = convolutions[..] else {
        panic!("{simplified}");
    };
    let unchanged = simplified.clone();
    // Weights are [out, …, in]: channel 3 of the value between grows eightfold.
    let scale = |graph: &mut crate::graph::Graph, id, factor: f32, of: fn(usize, usize) -> bool| {
        let tensor = graph.constants[&id].clone();
        let shape = tensor.shape().to_vec();
        let row: usize = shape[1..].iter().product();
        let values = tensor.as_f32().unwrap().iter().enumerate();
        let values = values.map(|(i, w)| match of(i / row, i % shape[shape.len() - 1]) {
            true => w * factor,
            false => *w,
        });
        let scaled = crate::graph::Tensor::f32(&shape, values.collect()).unwrap();
        graph.constants.insert(id, scaled);
    };
    scale(&mut simplified, first, 8.0, |out, _| out == 3);
    scale(&mut simplified, second, 0.125, |_, channel| channel == 3);
    let file = |graph: &crate::graph::Graph| {
        let scaled = Simplified::rescaled(graph.clone());
        let samples = Samples::noise();
        let calibrated = calibrate(&scaled, &samples, Method::default(), |_, _| {}).unwrap();
        let quantised = quantise(&calibrated, &INT16.into()).unwrap();
        write(&plan(quantised, Target::Portable).unwrap()).unwrap()
    };
    let (as_it_was, scaled) = (file(&unchanged), file(&simplified));
    assert_ne!(as_it_was, scaled);
    for file in [as_it_was, scaled] {
        let found = least(&plain, &file);
        assert!(found > 25.0, "{found}");
    }
}

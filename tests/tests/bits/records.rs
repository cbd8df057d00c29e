//! What is compared.

use super::bundle::{Kind, Record};
use qibu::Model;
use qibu::format::DType;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::quantise::{Activations, Scheme, Weights};
use qibu_tests::machines::Group;
use qibu_tests::mlperf::{geometries, grids};
use qibu_tests::need::{root, say, skip};
use qibu_tests::quick::compile;
use qibu_tests::random_graph::random_graph;
use qibu_tests::sample;
use qibu_tests::tagger::Spec;
use qibu_tests::vectors::vectors;
use std::path::PathBuf;
use std::sync::Arc;

/// Random graphs.
const GRAPHS: u64 = 60;
/// Couplets.
const COUPLETS: u32 = 10;

const fn scheme(weights: Weights, activations: Activations) -> Scheme {
    Scheme {
        weights,
        activations,
    }
}

/// Number formats, by turns.
const SCHEMES: [Scheme; 5] = [
    Scheme::FLOAT,
    scheme(Weights::Int8, Activations::Int8),
    scheme(Weights::Int4, Activations::Int8),
    scheme(Weights::Int8, Activations::Int16),
    scheme(Weights::F16, Activations::Int8),
];

type Make = fn((f32, f32)) -> Vec<u8>;

/// Own network, how it is made, the published one of its geometry, range of the inputs.
const NETWORKS: [(&str, Make, &str, (f32, f32)); 5] = [
    ("own ad", geometries::ad, "ad01_fp32", (-60.0, 20.0)),
    (
        "own kws",
        geometries::kws,
        "kws_ref_model_float32",
        (-30.0, 30.0),
    ),
    (
        "own resnet",
        geometries::resnet,
        "pretrainedResnet",
        (0.0, 255.0),
    ),
    ("own vww", geometries::vww, "vww_96_float", (-2.0, 2.0)),
    ("own kws-qdq", grids::kws, "kws_ref_model", (-30.0, 30.0)),
];

/// All records, made once for all machines.
pub fn all() -> Vec<Record> {
    let mut records = kernels();
    records.extend(models());
    records.extend(networks());
    records
}

/// A model of which every function is run.
fn functions(name: &str, group: Group, bytes: &[u8], seeds: u32) -> Record {
    Record {
        name: name.into(),
        group,
        kind: Kind::Functions,
        model: Arc::new(AlignedBytes::from(bytes)),
        extra: vec![],
        seeds,
    }
}

/// As many seeds as bring all special numbers, where an input takes them.
fn seeds(file: &[u8]) -> u32 {
    let model = Model::load(file).expect("a sound model");
    let special = model.functions().any(|function| {
        let mut inputs = (0..function.inputs().len()).filter_map(|at| function.input(at));
        inputs.any(|tensor| matches!(tensor.dtype(), DType::F32 | DType::I32))
    });
    if special { programs::SEEDS } else { 3 }
}

/// Every kernel in every form; the sample's functions; random graphs.
fn kernels() -> Vec<Record> {
    let mut records = Vec::new();
    let mut put = |name: &str, file: &[u8]| {
        records.push(functions(name, Group::Vectors, file, seeds(file)));
    };
    for vector in vectors() {
        put(&vector.name, &vector.file);
    }
    for name in sample::FUNCTIONS {
        put(&format!("sample {name}"), &sample::only(name).finish());
    }
    for seed in 0..GRAPHS {
        let scheme = SCHEMES[seed as usize % SCHEMES.len()];
        let file = compile(&random_graph(seed).bytes(), scheme, (-2.0, 2.0));
        put(&format!("random graph {seed}"), &file);
    }
    let tagger = Spec::default().int8();
    put("little tagger", &tagger);
    records
}

/// Bytes of a model of this repository.
fn model(name: &str) -> Option<AlignedBytes> {
    let path = root().join("models").join(name).join("model.qibu");
    let bytes = std::fs::read(path).ok()?;
    Some(AlignedBytes::from(&bytes[..]))
}

/// Couplets and tags.
fn models() -> Vec<Record> {
    let mut records = Vec::new();
    let poems = [("poem-small", Group::PoemSmall), ("poem5", Group::Poem5)];
    let poems = poems.map(|(name, group)| (name, group, model(name)));
    let sample = ("sample", Group::Sample, Some(sample::sample()));
    for (name, group, file) in poems.into_iter().chain([sample]) {
        let Some(file) = file else {
            skip(&format!("bits, {name}"), "no model.qibu in its folder");
            continue;
        };
        records.push(Record {
            kind: Kind::Couplets,
            ..functions(&format!("{name}, couplets"), group, &file, COUPLETS)
        });
        if group == Group::Poem5 {
            records.push(functions("poem5, all functions", group, &file, 2));
        }
    }
    let page = std::fs::read(root().join("models/cws/page.txt")).expect("a page");
    let taggers = [
        ("cws-150k", Group::Cws150k),
        ("cws-300k", Group::Cws300k),
        ("cws", Group::Cws),
    ];
    for (name, group) in taggers {
        let file = model(name).expect("the model is there");
        records.push(Record {
            kind: Kind::Tags,
            extra: page.clone(),
            ..functions(&format!("{name}, a page"), group, &file, 1)
        });
    }
    records
}

/// MLPerf Tiny, in int8: the project's own graphs, and the published ones where they are at hand.
fn networks() -> Vec<Record> {
    let folder = std::env::var_os("MLPERF_TINY").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| root().join("../shared/models/mlperf-tiny"));
    let mut records = Vec::new();
    for (own, make, name, span) in NETWORKS {
        let mut put = |name: &str, group: Group, onnx: &[u8]| {
            records.push(functions(name, group, &compile(onnx, SCHEMES[1], span), 2));
        };
        put(own, Group::Geometries, &make(span));
        let path = folder.join(name).with_extension("onnx");
        match std::fs::read(&path) {
            Ok(onnx) => put(name, Group::Published, &onnx),
            Err(_) => say(&format!(
                "skipped: bits, {name}: not in {}",
                folder.display()
            )),
        }
    }
    records
}

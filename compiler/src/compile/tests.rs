//! Models built by hand through paces 1 to 6 into the runtime: what each operator computes.

use super::{Request, compile};
use crate::onnx::{DataType, attribute, node, tensor};
use crate::quantise::Scheme;
use crate::testing::{F16, F32, INT8, INT16, Model, build, deviations, poem};

/// Builds a model anew for each number format.
pub(super) type Make = fn() -> Model;

pub(super) fn floats(shape: &[usize]) -> Model {
    Model::default().input("x", DataType::Float, shape)
}

fn one(kind: &str) -> Model {
    floats(&[3, 8]).op(kind, &["x"], "y").output("y")
}

fn two(kind: &str) -> Model {
    floats(&[3, 8])
        .input("z", DataType::Float, &[3, 8])
        .op(kind, &["x", "z"], "y")
        .output("y")
}

fn with_constant(kind: &str) -> Model {
    floats(&[1, 3, 8])
        .tensor(tensor::f32(
            "c",
            &[8],
            &[0.5, -0.7, 1.0, 2.0, -1.5, 0.3, 0.9, -2.0],
        ))
        .op(kind, &["x", "c"], "y")
        .output("y")
}

fn conv(shape: &[usize], weights: &[usize], attributes: Vec<crate::onnx::AttributeProto>) -> Model {
    floats(shape)
        .weights("w", weights)
        .weights("b", &weights[..1])
        .node(node("Conv", &["x", "w", "b"], &["y"], attributes))
}

fn mean() -> Model {
    let keep = vec![attribute::int("keepdims", 0)];
    floats(&[1, 6, 8])
        .ints("axes", &[1])
        .node(node("ReduceMean", &["x", "axes"], &["y"], keep))
        .output("y")
}

fn transpose() -> Model {
    let turned = vec![attribute::ints("perm", &[2, 0, 1])];
    floats(&[2, 3, 4])
        .node(node("Transpose", &["x"], &["y"], turned))
        .output("y")
}

fn embedding() -> Model {
    Model::default()
        .input("ids", DataType::Int64, &[2, 3])
        .weights("table", &[9, 4])
        .weights("position", &[3, 4])
        .op("Gather", &["table", "ids"], "e")
        .op("Add", &["e", "position"], "y")
        .output("y")
}

/// Every operator of the README's table.
const OPERATORS: &[(&str, Make)] = &[
    ("Gemm", || {
        let factors = vec![attribute::float("alpha", 0.5), attribute::int("transB", 1)];
        floats(&[3, 8])
            .weights("w", &[5, 8])
            .weights("b", &[5])
            .node(node("Gemm", &["x", "w", "b"], &["y"], factors))
            .output("y")
    }),
    ("MatMul, Add, Relu, MatMul", || {
        floats(&[1, 3, 8])
            .weights("w", &[8, 16])
            .weights("b", &[16])
            .weights("v", &[16, 4])
            .op("MatMul", &["x", "w"], "p")
            .op("Add", &["p", "b"], "s")
            .op("Relu", &["s"], "r")
            .op("MatMul", &["r", "v"], "y")
            .output("y")
    }),
    ("Conv of a line", || {
        let attributes = vec![
            attribute::ints("pads", &[2, 1]),
            attribute::ints("dilations", &[2]),
        ];
        conv(&[1, 4, 9], &[6, 4, 3], attributes).output("y")
    }),
    (
        "Conv of an image behind an activation with a zero point",
        || {
            let attributes = vec![
                attribute::ints("pads", &[1, 1, 1, 1]),
                attribute::ints("strides", &[2, 1]),
            ];
            floats(&[1, 3, 6, 5])
                .op("Exp", &["x"], "e")
                .weights("w", &[4, 3, 3, 3])
                .node(node("Conv", &["e", "w"], &["y"], attributes))
                .output("y")
        },
    ),
    ("Conv of two images in two groups", || {
        let attributes = vec![attribute::int("group", 2)];
        conv(&[2, 4, 9], &[6, 2, 3], attributes).output("y")
    }),
    ("Conv of every channel alone", || {
        let attributes = vec![
            attribute::int("group", 4),
            attribute::ints("pads", &[1, 1, 1, 1]),
        ];
        conv(&[1, 4, 6, 5], &[8, 1, 3, 3], attributes).output("y")
    }),
    ("Conv, Clip, Conv", || {
        conv(&[1, 4, 9], &[6, 4, 3], vec![])
            .tensor(tensor::f32("low", &[], &[-0.25]))
            .tensor(tensor::f32("high", &[], &[1.0]))
            .op("Clip", &["y", "low", "high"], "c")
            .weights("v", &[3, 6, 1])
            .op("Conv", &["c", "v"], "out")
            .output("out")
    }),
    ("Gate", || floats(&[1, 4, 9]).gated("x", "y", 4).output("y")),
    ("Gather, Add of a constant", embedding),
    ("Add", || two("Add")),
    ("Sub", || two("Sub")),
    ("Mul", || two("Mul")),
    ("Add of a constant", || with_constant("Add")),
    ("Sub of a constant", || with_constant("Sub")),
    ("Mul by a constant", || with_constant("Mul")),
    ("Div by a constant", || with_constant("Div")),
    ("Neg", || one("Neg")),
    ("Sigmoid", || one("Sigmoid")),
    ("Tanh", || one("Tanh")),
    ("Exp", || one("Exp")),
    ("Relu of an input", || one("Relu")),
    ("Relu of a sum", || {
        two("Add").op("Relu", &["y"], "r").output("r")
    }),
    ("Relu of a sum alone", || {
        floats(&[3, 8])
            .input("z", DataType::Float, &[3, 8])
            .op("Add", &["x", "z"], "s")
            .op("Relu", &["s"], "y")
            .output("y")
    }),
    ("ReduceMean", mean),
    ("Transpose", transpose),
    ("Flatten", || one("Flatten")),
];

pub(super) fn check(name: &str, make: Make, scheme: Scheme, good: impl Fn(f64, f64) -> bool) {
    let built = build(make(), scheme).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (output, deviation) in deviations(&built) {
        let snr = deviation.decibels().unwrap_or(f64::INFINITY);
        println!("{name}, {output}: {snr:.1} dB");
        assert!(
            good(snr, deviation.largest),
            "{name}, {output}: {snr:.1} dB, {deviation:?}"
        );
    }
}

#[test]
fn float_files_compute_what_the_graph_does() {
    for &(name, make) in OPERATORS {
        check(name, make, F32, |_, largest| largest < 1e-5);
        check(name, make, F16, |snr, _| snr > 55.0);
    }
}

#[test]
fn integer_files_compute_it_with_little_noise() {
    for &(name, make) in OPERATORS {
        check(name, make, INT8, |snr, _| snr > 25.0);
        check(name, make, INT16, |snr, _| snr > 25.0);
    }
}

#[test]
fn compiling_again_gives_the_same_bytes() {
    for scheme in [F32, F16, INT8, INT16] {
        for make in OPERATORS
            .iter()
            .map(|(_, make)| *make)
            .chain([(|| poem(true)) as Make])
        {
            let [a, b] = [build(make(), scheme), build(make(), scheme)].map(Result::unwrap);
            assert_eq!(a.file[..], b.file[..]);
        }
    }
}

#[test]
fn poem_models_agree_in_all_functions() {
    for (make, scheme, least) in [
        ((|| poem(true)) as Make, F32, 100.0),
        (|| poem(false), F16, 50.0),
        (|| poem(true), INT8, 20.0),
        (|| poem(false), INT16, 30.0),
    ] {
        check("poem", make, scheme, |snr, _| snr > least);
    }
    let exact = build(poem(true), F32).unwrap();
    assert_eq!(deviations(&exact)["top_ids"].unequal, 0);
}

#[test]
fn the_whole_command_gives_the_same_bytes_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, poem(true).bytes()).unwrap();
    let once = || compile(&Request::new(&path), &mut |_, _, _| {}).unwrap();
    let (a, b) = (once(), once());
    assert_eq!(a.bytes, b.bytes);
    assert!(a.report.noise_calibrated);
    assert_eq!(a.report.witness_refusal, None);
    let names: Vec<_> = a.report.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["generate", "score", "encode"]);
    for function in &a.report.functions {
        for output in &function.outputs {
            let good = output.snr_db.is_none_or(|snr| snr > 15.0);
            assert!(good, "{}: {:?}", function.name, output);
        }
        assert!(
            function
                .outputs
                .iter()
                .any(|output| output.snr_db.is_some())
        );
    }
}

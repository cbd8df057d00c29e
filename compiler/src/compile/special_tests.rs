//! Graphs in which one value plays several parts, and those that are refused.

use super::tests::{Make, check, floats};
use crate::onnx::{DataType, attribute, node, tensor};
use crate::quantise::Scheme;
use crate::testing::{F16, F32, INT8, INT16, Model, build};

/// Graphs in which one value plays several parts.
const SPECIAL: &[(&str, Make)] = &[
    ("a product that leaves and is read through one view", || {
        floats(&[2, 8])
            .weights("w", &[8, 4])
            .ints("flat", &[8])
            .op("MatMul", &["x", "w"], "p")
            .op("Reshape", &["p", "flat"], "v")
            .op("Tanh", &["v"], "y")
            .output("p")
            .output("v")
            .output("y")
    }),
    ("an output that is the input", || {
        floats(&[2, 8])
            .op("Identity", &["x"], "same")
            .op("Exp", &["x"], "y")
            .output("same")
            .output("y")
    }),
    ("one value under two names", || {
        floats(&[2, 8])
            .weights("w", &[8, 4])
            .op("MatMul", &["x", "w"], "p")
            .op("Identity", &["p"], "a")
            .op("Identity", &["p"], "b")
            .output("a")
            .output("b")
    }),
    (
        "a real number that a product reads under another shape",
        || {
            floats(&[2, 8])
                .weights("c", &[2, 8])
                .weights("w", &[4, 3])
                .ints("shape", &[4, 4])
                .op("Sub", &["x", "c"], "d")
                .op("Reshape", &["d", "shape"], "v")
                .op("MatMul", &["v", "w"], "y")
                .output("y")
        },
    ),
    ("an embedding read twice and tied to the output", || {
        let turned = vec![attribute::int("transB", 1)];
        Model::default()
            .input("ids", DataType::Int64, &[4])
            .input("others", DataType::Int64, &[4])
            .weights("table", &[9, 6])
            .op("Gather", &["table", "ids"], "a")
            .op("Gather", &["table", "others"], "b")
            .op("Add", &["a", "b"], "s")
            .node(node("Gemm", &["s", "table"], &["y"], turned))
            .output("y")
    }),
    ("indices under another shape", || {
        Model::default()
            .input("ids", DataType::Int64, &[2, 3])
            .ints("flat", &[6])
            .weights("table", &[9, 4])
            .op("Reshape", &["ids", "flat"], "view")
            .op("Gather", &["table", "view"], "y")
            .output("y")
    }),
    ("an operand that is both", || {
        floats(&[2, 8])
            .op("Mul", &["x", "x"], "m")
            .op("Add", &["m", "m"], "y")
            .output("y")
    }),
    ("a long dot product behind a view", || {
        floats(&[1, 30, 20])
            .ints("flat", &[1, 600])
            .weights("w", &[600, 3])
            .op("Tanh", &["x"], "t")
            .op("Reshape", &["t", "flat"], "f")
            .op("MatMul", &["f", "w"], "y")
            .output("y")
    }),
    ("functions that share a value", || {
        let functions = r#"{"inner": {"inputs": ["x"], "outputs": ["h"]},
            "outer": {"inputs": ["x", "z"], "outputs": ["y", "c"]}}"#;
        floats(&[2, 8])
            .input("z", DataType::Float, &[2, 4])
            .property("qibu.functions", functions)
            .weights("w", &[8, 4])
            .op("MatMul", &["x", "w"], "h")
            .op("Mul", &["h", "z"], "y")
            .op("Exp", &["h"], "c")
            .output("h")
            .output("y")
            .output("c")
    }),
];

#[test]
fn values_that_play_several_parts_are_right_in_each() {
    for &(name, make) in SPECIAL {
        check(name, make, F32, |_, largest| largest < 1e-5);
        check(name, make, F16, |snr, _| snr > 55.0);
        check(name, make, INT8, |snr, _| snr > 25.0);
        check(name, make, INT16, |snr, _| snr > 25.0);
    }
}

fn refusal(model: Model, scheme: Scheme) -> String {
    build(model, scheme).err().expect("refused").to_string()
}

fn best(k: i64) -> Model {
    floats(&[2, 4])
        .weights("w", &[4, 400])
        .ints("k", &[k])
        .op("MatMul", &["x", "w"], "p")
        .node(node("TopK", &["p", "k"], &["s", "i"], vec![]))
        .output("i")
}

#[test]
fn what_a_fused_kernel_lacks_other_steps_do() {
    let scored = || best(3).op("Exp", &["s"], "e").output("e");
    check("scored", scored, F32, |_, _| true);
    check("scored", scored, INT8, |snr, _| snr > 20.0);
    let many = || best(300).output("s");
    check("many", many, F32, |_, _| true);
    let indices = Model::default()
        .input("i", DataType::Int64, &[3])
        .ints("one", &[1])
        .op("Add", &["i", "one"], "y")
        .output("y");
    assert!(build(indices, F32).is_ok());
}

#[test]
fn sums_that_could_overflow_are_refused() {
    let long = || {
        floats(&[1, 50_000])
            .weights("w", &[50_000, 1])
            .op("MatMul", &["x", "w"], "y")
            .output("y")
    };
    assert!(refusal(long(), INT8).contains("dot products of 50000 terms"));
    assert!(build(long(), F32).is_ok());
}

#[test]
fn constants_that_their_type_cannot_hold_are_refused_with_the_node() {
    let masked = |value: f32| {
        floats(&[2, 3])
            .tensor(tensor::f32("c", &[3], &[0.0, value, 0.0]))
            .op("Mul", &["x", "c"], "masked")
            .weights("w", &[3, 2])
            .op("MatMul", &["masked", "w"], "y")
            .output("y")
    };
    let lost = refusal(masked(f32::NAN), INT8);
    assert!(lost.contains("initialiser `c`: holds NaN"), "{lost}");
    let infinite = refusal(masked(f32::NEG_INFINITY), INT8);
    assert!(infinite.contains("`y` becomes infinite"), "{infinite}");
    let strayed = || {
        floats(&[2, 2])
            .tensor(tensor::f32("w", &[2, 1], &[1.0, f32::INFINITY]))
            .op("MatMul", &["x", "w"], "y")
            .output("y")
    };
    assert!(refusal(strayed(), F32).contains("holds inf"));
    let heavy = || {
        floats(&[2, 2])
            .tensor(tensor::f32("w", &[2, 2], &[1e5, 0.0, 1.0, 0.0]))
            .op("MatMul", &["x", "w"], "y")
            .output("y")
    };
    assert!(refusal(heavy(), F16).contains("1e5, which f16 cannot"));
    assert!(build(heavy(), INT8).is_ok());
}

/// Scores, a mask that hides the later ones, a Softmax: as attention has it.
fn masked_scores(hidden: f32) -> Model {
    let mask: Vec<f32> = (0..36)
        .map(|at| if at % 6 > at / 6 { hidden } else { 0.0 })
        .collect();
    floats(&[6, 6])
        .weights("w", &[6, 6])
        .tensor(tensor::f32("mask", &[6, 6], &mask))
        .op("MatMul", &["x", "w"], "s")
        .op("Add", &["s", "mask"], "m")
        .op("Softmax", &["m"], "y")
        .output("y")
}

#[test]
fn masks_take_no_precision_from_scores() {
    let masks: [(&str, Make); 3] = [
        ("large", || masked_scores(-1e4)),
        ("huge", || masked_scores(-1e9)),
        ("infinite", || masked_scores(f32::NEG_INFINITY)),
    ];
    for (name, make) in masks {
        check(name, make, F32, |_, largest| largest < 1e-6);
        check(name, make, INT8, |snr, _| snr > 30.0);
    }
}

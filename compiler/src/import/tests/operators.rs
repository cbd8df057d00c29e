//! What operators become, and by the naive interpreter what that computes.

use super::{import, refused};
use crate::graph::{Dtype, Tensor};
use crate::onnx::{AttributeProto, DataType, attribute, node, tensor};
use crate::testing::{Model, run};

pub(super) fn f32(shape: &[usize], values: &[f32]) -> Tensor {
    Tensor::f32(shape, values.to_vec()).unwrap()
}

pub(super) fn i64(shape: &[usize], values: &[i64]) -> Tensor {
    Tensor::i64(shape, values.to_vec()).unwrap()
}

/// A model of one node whose operands are run-time inputs `x`, `y`, … or the constants given.
pub(super) fn one(
    version: i64,
    kind: &str,
    attributes: Vec<AttributeProto>,
    inputs: &[(&str, &Tensor)],
    constants: &[(&str, &Tensor)],
) -> Model {
    let mut model = Model::default().operator_set(version);
    for (name, tensor) in inputs {
        let dtype = match tensor.dtype() {
            Dtype::F32 => DataType::Float,
            Dtype::I64 => DataType::Int64,
            Dtype::I32 => DataType::Int32,
            _ => DataType::Bool,
        };
        model = model.input(name, dtype, tensor.shape());
    }
    for (name, tensor) in constants {
        model = model.tensor(match tensor.as_f32() {
            Some(items) => tensor::f32(name, tensor.shape(), items),
            None => tensor::i64(name, tensor.shape(), &tensor.to_i64().unwrap()),
        });
    }
    let names = inputs.iter().chain(constants).map(|(name, _)| *name);
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable(); // operands are named in order
    model
        .node(node(kind, &names, &["out"], attributes))
        .output("out")
}

/// Imports such a model, runs it, and gives its nodes' operators and its result.
pub(super) fn outcome(
    version: i64,
    kind: &str,
    attributes: Vec<AttributeProto>,
    inputs: &[(&str, &Tensor)],
    constants: &[(&str, &Tensor)],
) -> (Vec<String>, Tensor) {
    let graph = import(one(version, kind, attributes, inputs, constants)).unwrap();
    let operators = graph.nodes.iter().map(|node| node.op.to_string()).collect();
    let owned: Vec<(&str, Tensor)> = inputs.iter().map(|&(n, t)| (n, t.clone())).collect();
    (operators, run(&graph, &owned).remove("out").unwrap())
}

fn list(name: &str, values: &[i64]) -> AttributeProto {
    attribute::ints(name, values)
}

#[test]
fn old_broadcasting_aligns_by_an_axis() {
    let x = f32(&[2, 3, 2], &[0.0; 12]);
    let attributes = || vec![attribute::int("broadcast", 1), attribute::int("axis", 1)];
    let y = f32(&[3], &[1.0, 2.0, 3.0]);
    let (_, sum) = outcome(6, "Add", attributes(), &[("x", &x), ("y", &y)], &[]);
    assert_eq!(sum.as_f32().unwrap()[..6], [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    let long = f32(&[3, 2, 2], &[0.0; 12]);
    refused(one(6, "Add", attributes(), &[("x", &x), ("y", &long)], &[]));
}

#[test]
fn powers_take_the_type_of_the_base() {
    let (base, exponent) = (i64(&[3], &[4, 9, 2]), f32(&[], &[0.5]));
    let (ops, y) = outcome(15, "Pow", vec![], &[("x", &base), ("y", &exponent)], &[]);
    assert_eq!((ops.len(), y), (3, i64(&[3], &[2, 3, 1])));
    let (base, exponent) = (f32(&[2], &[2.0, -3.0]), i64(&[2], &[3, 2]));
    let (_, y) = outcome(15, "Pow", vec![], &[("x", &base), ("y", &exponent)], &[]);
    assert_eq!(y, f32(&[2], &[8.0, 9.0]));
}

#[test]
fn remainders_follow_their_sign_rule() {
    let (x, y) = (i64(&[4], &[-4, 7, 5, -7]), i64(&[4], &[3, -3, 3, -3]));
    let with = |fmod| vec![attribute::int("fmod", fmod)];
    let inputs = [("x", &x), ("y", &y)];
    assert_eq!(
        outcome(13, "Mod", with(0), &inputs, &[]).1,
        i64(&[4], &[2, -2, 2, -1])
    );
    assert_eq!(
        outcome(13, "Mod", with(1), &inputs, &[]).1,
        i64(&[4], &[-1, 1, 2, -1])
    );
    let x = f32(&[1], &[1.0]);
    refused(one(13, "Mod", vec![], &[("x", &x), ("y", &x)], &[]));
}

#[test]
fn means_divide_sums_by_their_count() {
    let [x, y, z] = [1.0, 3.0, 5.0].map(|v| f32(&[1], &[v]));
    let inputs = [("x", &x), ("y", &y), ("z", &z)];
    let (ops, mean) = outcome(13, "Mean", vec![], &inputs, &[]);
    assert_eq!(
        (ops, mean),
        (vec!["Add".into(), "Add".into(), "Div".into()], y.clone())
    );
    assert_eq!(outcome(13, "Max", vec![], &inputs, &[]).1, z);
}

#[test]
fn limits_come_from_attributes_constants_or_run_time() {
    let x = f32(&[3], &[-5.0, 0.5, 5.0]);
    let attributes = vec![attribute::float("min", -1.0)];
    let (ops, y) = outcome(6, "Clip", attributes, &[("x", &x)], &[]);
    assert_eq!(
        (&ops[..], y),
        (&["Clip[-1..inf]".into()][..], f32(&[3], &[-1.0, 0.5, 5.0]))
    );
    let (low, high) = (f32(&[], &[2.0]), f32(&[1], &[1.0]));
    let (ops, y) = outcome(
        13,
        "Clip",
        vec![],
        &[("x", &x)],
        &[("y", &low), ("z", &high)],
    );
    assert_eq!(
        (&ops[..], y),
        (&["Clip[1..1]".into()][..], f32(&[3], &[1.0; 3]))
    );
    let (_, y) = outcome(
        13,
        "Clip",
        vec![],
        &[("x", &x), ("y", &low), ("z", &high)],
        &[],
    );
    assert_eq!(y, f32(&[3], &[1.0; 3]));
    let (x, low) = (i64(&[2], &[-7, 7]), i64(&[], &[-3]));
    assert_eq!(
        outcome(13, "Clip", vec![], &[("x", &x)], &[("y", &low)]).1,
        i64(&[2], &[-3, 7])
    );
}

#[test]
fn narrow_integers_wrap() {
    let x = i64(&[4], &[70_000, -70_000, 32_768, -1]);
    let to = |kind: DataType| vec![attribute::int("to", kind as i64)];
    let (_, y) = outcome(13, "Cast", to(DataType::Int16), &[("x", &x)], &[]);
    assert_eq!(y.to_i64().unwrap(), [4464, -4464, -32_768, -1]);
    let (_, y) = outcome(13, "Cast", to(DataType::Uint16), &[("x", &x)], &[]);
    assert_eq!(y.to_i64().unwrap(), [4464, 61_072, 32_768, 65_535]);
    let error = refused(one(13, "Cast", to(DataType::Bfloat16), &[("x", &x)], &[]));
    assert!(error.to_string().contains("bfloat16"), "{error}");
}

#[test]
fn old_softmax_flattens() {
    let x = f32(&[1, 2, 2], &[0.0; 4]);
    let (ops, y) = outcome(11, "Softmax", vec![], &[("x", &x)], &[]);
    assert_eq!(ops, ["Reshape", "Softmax[1]", "Reshape"]);
    assert_eq!(y, f32(&[1, 2, 2], &[0.25; 4]));
    let (ops, y) = outcome(13, "Softmax", vec![], &[("x", &x)], &[]);
    assert_eq!(
        (&ops[..], y),
        (&["Softmax[2]".into()][..], f32(&[1, 2, 2], &[0.5; 4]))
    );
}

#[test]
fn dropout_passes_on_and_masks_nothing() {
    let x = f32(&[2], &[1.0, 2.0]);
    let model = one(
        6,
        "Dropout",
        vec![attribute::int("is_test", 0)],
        &[("x", &x)],
        &[],
    );
    assert!(refused(model).to_string().contains("training"));
    let two = node("Dropout", &["x"], &["y", "mask"], vec![]);
    let model = Model::default().input("x", DataType::Float, &[2]).node(two);
    let graph = import(model.output("y").output("mask")).unwrap();
    let mask = run(&graph, &[("x", x)]).remove("mask").unwrap();
    assert_eq!(mask.as_bool().unwrap(), [true, true]);
}

#[test]
fn reductions_compose() {
    let x = f32(&[1, 2], &[3.0, -4.0]);
    let axes = || vec![list("axes", &[1]), attribute::int("keepdims", 0)];
    for (kind, expected) in [
        ("ReduceL1", 7.0),
        ("ReduceL2", 5.0),
        ("ReduceSumSquare", 25.0),
        ("ReduceProd", -12.0),
    ] {
        assert_eq!(
            outcome(11, kind, axes(), &[("x", &x)], &[]).1,
            f32(&[1], &[expected])
        );
    }
    // Without axes the square remains.
    let nothing = vec![attribute::int("noop_with_empty_axes", 1)];
    let (_, y) = outcome(18, "ReduceSumSquare", nothing, &[("x", &x)], &[]);
    assert_eq!(y, f32(&[1, 2], &[9.0, 16.0]));
    let large = f32(&[1, 2], &[1000.0, 1000.0]);
    let (_, y) = outcome(11, "ReduceLogSumExp", axes(), &[("x", &large)], &[]);
    assert_eq!(y, f32(&[1], &[1000.0 + std::f32::consts::LN_2]));
    let none = f32(&[1, 2], &[f32::NEG_INFINITY; 2]);
    let (_, y) = outcome(11, "ReduceLogSumExp", axes(), &[("x", &none)], &[]);
    assert_eq!(y, f32(&[1], &[f32::NEG_INFINITY]));
    let (_, y) = outcome(
        11,
        "ReduceMean",
        axes(),
        &[("x", &i64(&[1, 2], &[-2, -5]))],
        &[],
    );
    assert_eq!(y, i64(&[1], &[-3]));
}

//! Parts, padding, repetition, blocks and resizing.

use super::operators::{f32, i64, one, outcome};
use super::{import, refused};
use crate::graph::Tensor;
use crate::onnx::{AttributeProto, DataType, attribute, node};
use crate::testing::{Model, run};

fn text(name: &str, value: &str) -> AttributeProto {
    attribute::string(name, value)
}

fn ramp(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    f32(shape, &(0..count).map(|i| i as f32).collect::<Vec<_>>())
}

#[test]
fn parts_are_attributes_in_old_sets() {
    let x = ramp(&[4]);
    let (starts, ends) = (
        attribute::ints("starts", &[-3]),
        attribute::ints("ends", &[9]),
    );
    let (_, found) = outcome(9, "Slice", vec![starts, ends], &[("x", &x)], &[]);
    assert_eq!(found, f32(&[3], &[1.0, 2.0, 3.0]));
    let [begin, end, at, step] = [-1, -9, 0, -2].map(|v| i64(&[1], &[v]));
    let constants = [("xa", &begin), ("xb", &end), ("xc", &at), ("xd", &step)];
    let (_, found) = outcome(13, "Slice", vec![], &[("x", &x)], &constants);
    assert_eq!(found, f32(&[2], &[3.0, 1.0]));
    let axes = || vec![attribute::ints("axes", &[1])];
    let (_, found) = outcome(11, "Unsqueeze", axes(), &[("x", &x)], &[]);
    assert_eq!(found.shape(), [4, 1]);
    let split = node(
        "Split",
        &["x"],
        &["a", "b"],
        vec![attribute::ints("split", &[1, 3])],
    );
    let model = Model::default()
        .operator_set(11)
        .input("x", DataType::Float, &[4]);
    let graph = import(model.node(split).output("b")).unwrap();
    assert_eq!(run(&graph, &[("x", x)])["b"], f32(&[3], &[1.0, 2.0, 3.0]));
}

#[test]
fn padding_reads_again_by_its_mode() {
    let x = ramp(&[3]);
    let pads = i64(&[2], &[4, 1]);
    for (mode, expected) in [
        ("edge", [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0]),
        ("wrap", [2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0]),
        ("reflect", [0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 1.0]),
    ] {
        let mode = vec![text("mode", mode)];
        let (ops, found) = outcome(19, "Pad", mode, &[("x", &x)], &[("y", &pads)]);
        assert_eq!(
            (&ops[..], found),
            (&["Gather[0]".into()][..], f32(&[8], &expected))
        );
    }
    let old = vec![
        attribute::ints("pads", &[-1, 1]),
        attribute::float("value", 7.0),
    ];
    let (ops, found) = outcome(2, "Pad", old, &[("x", &x)], &[]);
    assert_eq!(
        (&ops[..], found),
        (
            &["Slice".into(), "Pad".into()][..],
            f32(&[3], &[1.0, 2.0, 7.0])
        )
    );
    let away = i64(&[2], &[-2, -1]);
    refused(one(13, "Pad", vec![], &[("x", &x)], &[("y", &away)]));
}

#[test]
fn tiles_repeat_whole_axes() {
    let x = ramp(&[2, 1, 2]);
    let repeats = i64(&[3], &[2, 3, 1]);
    let (ops, found) = outcome(13, "Tile", vec![], &[("x", &x)], &[("y", &repeats)]);
    assert_eq!(ops, ["Expand", "Reshape", "Expand", "Reshape"]);
    let row = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 2.0, 3.0];
    assert_eq!(found, f32(&[4, 3, 2], &[row, row].concat()));
    let target = i64(&[2], &[3, 1]);
    let (_, found) = outcome(
        13,
        "Expand",
        vec![],
        &[("x", &ramp(&[2]))],
        &[("y", &target)],
    );
    assert_eq!(found, f32(&[3, 2], &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0]));
}

#[test]
fn blocks_move_between_channels_and_space() {
    let x = ramp(&[1, 8, 1, 1]);
    let with = |mode| vec![attribute::int("blocksize", 2), text("mode", mode)];
    let (_, dcr) = outcome(13, "DepthToSpace", with("DCR"), &[("x", &x)], &[]);
    assert_eq!(
        dcr,
        f32(&[1, 2, 2, 2], &[0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0])
    );
    let (_, crd) = outcome(13, "DepthToSpace", with("CRD"), &[("x", &x)], &[]);
    assert_eq!(crd, ramp(&[1, 2, 2, 2]));
    let block = vec![attribute::int("blocksize", 2)];
    let (_, back) = outcome(13, "SpaceToDepth", block, &[("x", &dcr)], &[]);
    assert_eq!(back, x);
}

#[test]
fn resizing_to_the_nearest_gathers() {
    let x = ramp(&[1, 1, 2, 2]);
    let scales = f32(&[4], &[1.0, 1.0, 1.0, 2.0]);
    let none = f32(&[0], &[]);
    let constants = [("xr", &none), ("xs", &scales)];
    let (ops, found) = outcome(13, "Resize", vec![], &[("x", &x)], &constants);
    assert_eq!(ops, ["Gather[3]"]);
    assert_eq!(
        found,
        f32(&[1, 1, 2, 4], &[0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    );
    let (_, old) = outcome(9, "Upsample", vec![], &[("x", &x)], &[("y", &scales)]);
    assert_eq!(old, found);
}

#[test]
fn resizing_linearly_multiplies() {
    let x = f32(&[2, 1], &[0.0, 3.0]);
    let sizes = i64(&[2], &[4, 1]);
    let none = f32(&[0], &[]);
    let constants = [("xr", &none), ("xs", &none), ("xt", &sizes)];
    let with = |mode| {
        vec![
            text("mode", "linear"),
            text("coordinate_transformation_mode", mode),
        ]
    };
    let inputs = [("x", &x)];
    let (ops, found) = outcome(13, "Resize", with("align_corners"), &inputs, &constants);
    assert_eq!(ops, ["Transpose[1, 0]", "MatMul", "Transpose[1, 0]"]);
    assert_eq!(found, f32(&[4, 1], &[0.0, 1.0, 2.0, 3.0]));
    let (_, found) = outcome(13, "Resize", with("half_pixel"), &inputs, &constants);
    assert_eq!(found, f32(&[4, 1], &[0.0, 0.75, 2.25, 3.0]));
}

#[test]
fn crops_leave_a_value_outside() {
    let x = f32(&[3], &[1.0, 2.0, 3.0]);
    let (crop, sizes, none) = (f32(&[2], &[0.5, 1.5]), i64(&[1], &[3]), f32(&[0], &[]));
    let constants = [("xr", &crop), ("xs", &none), ("xt", &sizes)];
    let attributes = vec![
        text("mode", "linear"),
        text("coordinate_transformation_mode", "tf_crop_and_resize"),
        attribute::float("extrapolation_value", 9.0),
    ];
    let (ops, found) = outcome(13, "Resize", attributes, &[("x", &x)], &constants);
    assert_eq!(ops.last().unwrap(), "Where");
    assert_eq!(found, f32(&[3], &[2.0, 3.0, 9.0]));
}

#[test]
fn sizes_and_ranges_are_constants() {
    let model = Model::default()
        .input("x", DataType::Float, &[2, 6])
        .op("Size", &["x"], "size")
        .tensor(crate::onnx::tensor::i64("zero", &[], &[0]))
        .tensor(crate::onnx::tensor::i64("three", &[], &[3]))
        .op("Range", &["zero", "size", "three"], "range")
        .op("Shape", &["range"], "four")
        .op("ConstantOfShape", &["four"], "zeros")
        .node(node(
            "Cast",
            &["range"],
            &["floats"],
            vec![attribute::int("to", 1)],
        ))
        .op("Add", &["zeros", "floats"], "out")
        .output("out");
    let graph = import(model).unwrap();
    assert!(graph.nodes.is_empty(), "{graph}");
    let out = graph.find("out").unwrap();
    assert_eq!(graph.constant(out), Some(&f32(&[4], &[0.0, 3.0, 6.0, 9.0])));
}

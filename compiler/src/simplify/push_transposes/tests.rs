//! Each kind of operator, passed by a transpose.

use crate::onnx::{DataType, attribute, node};
use crate::testing::{Model, after};

/// `x:[2,3,4]` turned to `t:[4,2,3]`.
fn turned() -> Model {
    let turn = vec![attribute::ints("perm", &[2, 0, 1])];
    Model::default()
        .input("x", DataType::Float, &[2, 3, 4])
        .node(node("Transpose", &["x"], &["t"], turn))
}

#[track_caller]
fn passed(model: Model, line: &str) {
    let text = after(super::run, model);
    assert!(text.contains(line), "{text}");
}

#[test]
fn elementwise_operators_are_passed() {
    passed(
        turned().op("Exp", &["t"], "y").output("y"),
        "y.2:[2,3,4] = Exp(x)",
    );
    let model = turned().weights("c", &[2, 1]).op("Add", &["t", "c"], "y");
    passed(model.output("y"), "= Add(x, #y.3:[2,1,1])");
    let model = turned().op("Mul", &["t", "t"], "y");
    passed(model.output("y"), "= Mul(x, x)");
}

#[test]
fn one_turned_operand_of_two_stays() {
    let model = turned()
        .input("z", DataType::Float, &[4, 2, 3])
        .op("Add", &["t", "z"], "y");
    let mut graph = crate::testing::import(model.output("y"));
    assert!(!super::run(&mut graph).unwrap());
}

#[test]
fn axes_follow() {
    for keep in [0, 1] {
        let attributes = vec![attribute::int("keepdims", keep)];
        let model = turned().ints("axes", &[0]);
        let reduce = node("ReduceSum", &["t", "axes"], &["y"], attributes);
        passed(model.node(reduce).output("y"), "= ReduceSum[2](x)");
        let attributes = vec![attribute::int("keepdims", keep), attribute::int("axis", 2)];
        let arg_max = node("ArgMax", &["t"], &["y"], attributes);
        passed(turned().node(arg_max).output("y"), "= ArgMax(x)");
    }
    let axis = |axis| vec![attribute::int("axis", axis)];
    let softmax = node("Softmax", &["t"], &["y"], axis(1));
    passed(turned().node(softmax).output("y"), "= Softmax[0](x)");
    let concat = node("Concat", &["t", "t"], &["y"], axis(0));
    passed(turned().node(concat).output("y"), "= Concat[2](x, x)");
}

#[test]
fn parts_and_selections_follow() {
    let split = node(
        "Split",
        &["t"],
        &["y", "z"],
        vec![attribute::int("num_outputs", 2)],
    );
    passed(
        turned().node(split).output("y").output("z"),
        "= Split[2](x)",
    );
    let model = turned()
        .ints("from", &[3, 1])
        .ints("to", &[0, 3])
        .ints("axes", &[0, 2]);
    let model = model.ints("steps", &[-2, 1]);
    let slice = ["t", "from", "to", "axes", "steps"];
    passed(
        model.op("Slice", &slice, "y").output("y"),
        "y.2:[2,2,2] = Slice(x)",
    );
    let top = node(
        "TopK",
        &["t", "k"],
        &["y", "z"],
        vec![attribute::int("axis", 0)],
    );
    passed(
        turned().ints("k", &[2]).node(top).output("y").output("z"),
        "= TopK[2](x)",
    );
}

#[test]
fn inverses_meet() {
    let back = vec![attribute::ints("perm", &[1, 2, 0])];
    let model = turned()
        .node(node("Transpose", &["t"], &["y"], back))
        .output("y");
    passed(model, "y:[2,3,4] = Transpose[0, 1, 2](x)");
}

#[test]
fn unit_axes_come_and_go() {
    let model = turned()
        .ints("shape", &[4, 1, 2, 3])
        .op("Reshape", &["t", "shape"], "y");
    passed(
        model.output("y"),
        "y:[4,1,2,3] = Transpose[3, 1, 0, 2](y.2)",
    );
}

/// Every part keeps its own elements, also for a reader later in the same sweep.
#[test]
fn parts_are_not_confused() {
    let axis = vec![attribute::int("axis", 2)];
    let model = turned()
        .ints("sizes", &[1, 2])
        .node(node("Split", &["t", "sizes"], &["a", "b"], axis))
        .op("Exp", &["a"], "y")
        .op("Exp", &["b"], "z")
        .output("y")
        .output("z");
    let text = after(super::run, model);
    assert!(text.contains("Split[1](x)"), "{text}");
}

/// Parts of one shape: mistaking one for the other would go unseen by shapes.
#[test]
fn halves_are_not_confused() {
    let axis = vec![attribute::int("axis", 1)];
    let model = turned()
        .node(node("Split", &["t"], &["a", "b"], axis))
        .op("Neg", &["a"], "m")
        .op("Exp", &["b"], "n")
        .op("Mul", &["m", "n"], "y")
        .output("y");
    after(super::run, model);
}

//! Which functions are measured.

use super::{Range, Samples, calibrate};
use crate::onnx::DataType;
use crate::simplify::simplify;
use crate::testing::{Model, import};

/// Functions over one input: `hidden` = Tanh(x) feeds all of them.
fn model(second: &str) -> Model {
    let functions = format!(
        r#"{{"first": {{"inputs": ["x"], "outputs": ["y"]}},
            "second": {{"inputs": ["x"], "outputs": ["{second}"]}}}}"#
    );
    Model::default()
        .input("x", DataType::Float, &[2, 3])
        .property("qibu.functions", &functions)
        .weights("w", &[3, 4])
        .op("Tanh", &["x"], "hidden")
        .op("MatMul", &["hidden", "w"], "y")
        .op("Exp", &["hidden"], "curved")
        .op("Mul", &["hidden", "hidden"], "squared")
        .op("Exp", &["squared"], "z")
        .output("y")
        .output(second)
}

fn measured(second: &str) -> bool {
    let simplified = simplify(import(model(second))).unwrap();
    let calibrated = calibrate(
        &simplified,
        &Samples::noise(),
        Default::default(),
        |_, _| {},
    )
    .unwrap();
    let id = simplified.graph().find(second).unwrap();
    calibrated.ranges.get(id) != Range::default()
}

#[test]
fn a_result_that_a_table_computes_is_measured() {
    assert!(measured("curved") && measured("z"));
}

//! The harness judged: cases made here, each with the verdict that it must get.

use super::case::{Case, DataSet};
use super::values::{Array, Tolerance};
use super::verdict::{Outcome, judge};
use prost::Message;
use qibu_compiler::onnx::{self, DataType, GraphProto, ModelProto, NodeProto, TensorProto};
use qibu_compiler::onnx::{OperatorSetIdProto, ValueInfoProto, node, tensor, value_info};

/// A case with one node, its inputs by the node's names, and what `y` must be.
fn case(node: NodeProto, inputs: &[TensorProto], expected: TensorProto) -> Case {
    let declared = |t: &TensorProto| -> ValueInfoProto {
        let shape: Vec<usize> = t.dims.iter().map(|&d| d as usize).collect();
        let kind = DataType::try_from(t.data_type).expect("a known type");
        value_info(&t.name, kind, &shape)
    };
    let model = ModelProto {
        ir_version: onnx::IR_VERSION,
        graph: Some(GraphProto {
            node: vec![node],
            input: inputs.iter().map(declared).collect(),
            output: vec![declared(&expected)],
            ..GraphProto::default()
        }),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: onnx::OPSET,
        }],
        ..ModelProto::default()
    };
    let read = |t: &TensorProto| Array::read(t).expect("a number type");
    Case {
        name: "node/made_here".into(),
        bytes: model.encode_to_vec(),
        model,
        sets: vec![DataSet {
            inputs: inputs.iter().map(|t| Ok((t.clone(), read(t)))).collect(),
            outputs: vec![Ok(read(&expected))],
        }],
        tolerance: Tolerance {
            relative: 1e-3,
            absolute: 1e-7,
        },
    }
}

fn verdict(case: &Case) -> (Outcome, String) {
    let judged = judge(case, &|_| {});
    (judged.outcome, judged.reason)
}

fn f32s(name: &str, values: &[f32]) -> TensorProto {
    tensor::f32(name, &[values.len()], values)
}

#[test]
fn right_numbers_pass_and_wrong_ones_fail() {
    let relu = || node("Relu", &["x"], &["y"], vec![]);
    let x = [f32s("x", &[-1.0, 2.0])];
    let right = case(relu(), &x, f32s("y", &[0.0, 2.0]));
    assert_eq!(verdict(&right), (Outcome::Passed, String::new()));
    for wrong in [&[0.0, 2.01][..], &[0.0, f32::NAN], &[0.0, 2.0, 0.0]] {
        let wrong = case(relu(), &x, f32s("y", wrong));
        let (outcome, why) = verdict(&wrong);
        // A shape that the model itself declares wrongly is refused before it runs.
        let expected = match wrong.sets[0].outputs[0].as_ref().unwrap().shape[..] {
            [2] => Outcome::Failed,
            _ => Outcome::Refused,
        };
        assert_eq!(outcome, expected, "{why}");
    }
}

#[test]
fn operands_are_bound_only_where_the_table_says() {
    let reshape = node("Reshape", &["x", "shape"], &["y"], vec![]);
    let inputs = [f32s("x", &[1.0, 2.0]), tensor::i64("shape", &[2], &[2, 1])];
    let y = tensor::f32("y", &[2, 1], &[1.0, 2.0]);
    // The shape is known, the elements are copied at run time: results have bytes of their own.
    assert_eq!(verdict(&case(reshape, &inputs, y)).0, Outcome::Passed);

    let add = node("Add", &["x", "z"], &["y"], vec![]);
    let inputs = [f32s("x", &[1.0, 2.0]), f32s("z", &[3.0, 4.0])];
    let sum = case(add, &inputs, f32s("y", &[4.0, 6.0]));
    assert!(super::bind::positions(sum.graph()).is_empty());
    assert_eq!(verdict(&sum).0, Outcome::Passed);

    // The shape is computed from an input, so that input is bound as well.
    let mut computed = case(
        node("Reshape", &["x", "shape"], &["y"], vec![]),
        &[f32s("x", &[1.0, 2.0]), tensor::i64("raw", &[2], &[2, 1])],
        tensor::f32("y", &[2, 1], &[1.0, 2.0]),
    );
    let graph = computed.model.graph.as_mut().unwrap();
    graph
        .node
        .insert(0, node("Identity", &["raw"], &["shape"], vec![]));
    assert_eq!(super::bind::positions(computed.graph()), [1].into());
}

#[test]
fn out_of_scope_must_be_refused_or_right() {
    let x = [f32s("x", &[-1.0, 2.0])];
    let y = || f32s("y", &[0.0, 2.0]);
    let outside = case(node("Det", &["x"], &["y"], vec![]), &x, y());
    let class = (Outcome::OutOfScope, "operator Det".to_owned());
    assert_eq!(verdict(&outside), class);

    let beyond = tensor::i64("x", &[1], &[1 << 40]);
    let same = tensor::i64("y", &[1], &[1 << 40]);
    let far = case(node("Neg", &["x"], &["y"], vec![]), &[beyond], same);
    assert_eq!(
        verdict(&far),
        (Outcome::OutOfScope, "beyond int32".to_owned())
    );

    // Listed as out of scope by a shape that the model only declares: it runs, and is wrong.
    let mut wrong = case(
        node("Relu", &["x"], &["y"], vec![]),
        &x,
        f32s("y", &[5.0, 5.0]),
    );
    let graph = wrong.model.graph.as_mut().unwrap();
    let output = graph.output[0].r#type.as_mut().unwrap();
    output.tensor_type.as_mut().unwrap().shape = None;
    wrong.bytes = wrong.model.encode_to_vec();
    assert_eq!(verdict(&wrong).0, Outcome::Failed);
}

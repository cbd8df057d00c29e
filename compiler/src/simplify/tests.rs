//! The passes together: what becomes of whole models, and that their outputs do not change.

use super::{Simplified, simplify};
use crate::onnx::{DataType, attribute, node};
use crate::testing::{Model, assert_same_outputs, import, poem};

/// Simplifies, proves by execution that no output changes, and returns the text form.
fn proven(model: Model) -> (Simplified, String) {
    let before = import(model);
    let after = simplify(before.clone()).unwrap();
    assert_same_outputs(&before, after.graph());
    let text = after.graph().to_string();
    (after, text)
}

/// Lines that compute, without shapes: `op(operands)`.
fn steps(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split_once(" = "));
    lines
        .map(|(_, call)| call.split('(').next().unwrap_or(call).to_owned())
        .collect()
}

fn simplified(model: Model, expected: &str) {
    let (_, text) = proven(model);
    assert_eq!(text.trim(), expected.trim(), "\n{text}");
}

#[test]
fn poem_generate_is_dense_gates_and_top_k() {
    for flatten in [false, true] {
        let (after, text) = proven(poem(flatten));
        assert!(!text.contains("Transpose"), "{text}");
        let graph = after.graph();
        let generate = graph
            .functions
            .iter()
            .find(|f| f.name == "generate")
            .unwrap();
        let nodes = graph.reach(generate);
        let names: Vec<_> = nodes.iter().map(|&i| graph.nodes[i].op.name()).collect();
        let expected =
            "Dense Reshape ConvNhwc ConvNhwc Gate ConvNhwc ConvNhwc Gate Reshape TopKDense";
        assert_eq!(names.join(" "), expected, "\n{text}");
    }
}

#[test]
fn poem_shares_the_vocabulary_between_functions() {
    let (after, text) = proven(poem(false));
    let graph = after.graph();
    let weights = |name: &str| {
        let node = graph.nodes.iter().find(|n| {
            n.op.name() == name
                && n.outputs
                    .iter()
                    .any(|&id| graph.shape(id).contains(&7) || name == "TopKDense")
        });
        node.and_then(|node| node.input(1))
    };
    assert!(
        weights("Dense").is_some() && weights("Dense") == weights("TopKDense"),
        "{text}"
    );
}

#[test]
fn poem_is_deterministic() {
    let once = simplify(import(poem(true))).unwrap();
    let twice = simplify(import(poem(true))).unwrap();
    assert_eq!(once, twice);
}

#[test]
fn activations_and_biases_fuse() {
    simplified(
        Model::default()
            .input("x", DataType::Float, &[2, 3])
            .weights("w", &[3, 4])
            .weights("b", &[4])
            .op("MatMul", &["x", "w"], "p")
            .op("Add", &["b", "p"], "s")
            .op("Relu", &["s"], "y")
            .output("y"),
        "in x:[2,3]\ny:[2,4] = Dense[0..inf](x, #w:[4,3], #b:[4])\nfn main(x) -> y",
    );
}

#[test]
fn image_network_keeps_transposes_only_at_its_input() {
    let conv = |inputs: &[&str], output: &str, extra: Vec<_>| {
        let mut attributes = vec![attribute::string("auto_pad", "SAME_UPPER")];
        attributes.extend(extra);
        node("Conv", inputs, &[output], attributes)
    };
    let depthwise = vec![
        attribute::int("group", 4),
        attribute::ints("strides", &[2, 2]),
    ];
    let pool = vec![
        attribute::ints("kernel_shape", &[2, 2]),
        attribute::ints("strides", &[1, 1]),
    ];
    let (_, text) = proven(
        Model::default()
            .input("x", DataType::Float, &[1, 3, 6, 5])
            .weights("w1", &[4, 3, 3, 3])
            .weights("w2", &[4, 1, 3, 3])
            .weights("b2", &[4])
            .weights("shift", &[1, 4, 1, 1])
            .weights("w3", &[16, 5])
            .node(conv(&["x", "w1"], "c1", vec![]))
            .op("Add", &["c1", "shift"], "c1s")
            .op("Relu", &["c1s"], "r1")
            .node(conv(&["r1", "w2", "b2"], "c2", depthwise))
            .op("Relu", &["c2"], "r2")
            .node(node("MaxPool", &["r2"], &["p"], pool))
            .node(node("Flatten", &["p"], &["f"], vec![]))
            .op("MatMul", &["f", "w3"], "y0")
            .node(node("Softmax", &["y0"], &["y"], vec![]))
            .output("y"),
    );
    assert_eq!(
        steps(&text),
        [
            "Transpose[0, 2, 3, 1]",
            "ConvNhwc[0..inf]",
            "ConvNhwc[0..inf]",
            "PoolNhwc",
            "Reshape",
            "Dense",
            "Softmax[1]"
        ],
        "\n{text}"
    );
}

#[test]
fn top_k_stays_plain_where_logits_are_needed_too() {
    let (_, text) = proven(
        Model::default()
            .input("x", DataType::Float, &[2, 3])
            .weights("w", &[3, 4])
            .ints("k", &[2])
            .op("MatMul", &["x", "w"], "logits")
            .node(node("TopK", &["logits", "k"], &["s", "i"], vec![]))
            .output("logits")
            .output("s")
            .output("i"),
    );
    assert_eq!(steps(&text), ["Dense", "TopK[2]"], "\n{text}");
}

#[test]
fn identities_dead_nodes_and_twins_go() {
    simplified(
        Model::default()
            .input("x", DataType::Float, &[2, 3])
            .op("Identity", &["x"], "i")
            .op("Exp", &["i"], "e")
            .op("Exp", &["x"], "f")
            .op("Mul", &["e", "f"], "m")
            .op("Tanh", &["m"], "dead")
            .op("Identity", &["m"], "y")
            .output("y"),
        "in x:[2,3]\ne:[2,3] = Exp(x)\ny:[2,3] = Mul(e, e)\nfn main(x) -> y",
    );
}

#[test]
fn outputs_without_computation_are_copies_or_errors() {
    let (_, text) = proven(
        Model::default()
            .input("x", DataType::Float, &[2])
            .op("Identity", &["x"], "y")
            .output("y"),
    );
    assert!(text.contains("y:[2] = Reshape(x)"), "{text}");
    let constant = Model::default()
        .input("x", DataType::Float, &[2])
        .op("Shape", &["x"], "y")
        .output("y");
    assert!(
        simplify(import(constant))
            .unwrap_err()
            .to_string()
            .contains("constant")
    );
}

#[test]
fn weights_at_run_time_are_named() {
    let graph = import(
        Model::default()
            .input("x", DataType::Float, &[1, 2, 5])
            .input("w", DataType::Float, &[3, 2, 3])
            .op("Conv", &["x", "w"], "y")
            .output("y"),
    );
    let error = simplify(graph).unwrap_err().to_string();
    assert!(error.contains("y (Conv)"), "{error}");
}

/// A transpose passes any number of operators in one sweep, and time grows with the nodes only.
#[test]
fn long_chains_come_to_rest() {
    let turn = |from: &str, to: &str| {
        let attributes = vec![attribute::ints("perm", &[1, 0])];
        node("Transpose", &[from], &[to], attributes)
    };
    let mut model = Model::default()
        .input("x", DataType::Float, &[2, 3])
        .node(turn("x", "t0"));
    for index in 0..3_000 {
        let (from, to) = (format!("t{index}"), format!("t{}", index + 1));
        let mut step = node("Tanh", &[&from], &[&to], vec![]);
        step.name = "same".into();
        model = model.node(step);
    }
    let (after, _) = proven(model.node(turn("t3000", "y")).output("y"));
    assert_eq!(after.graph().nodes.len(), 3_000);
}

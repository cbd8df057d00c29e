//! Whole files through the first pace, good and bad.

mod layout;
mod operators;
mod selections;

use super::{ImportOptions, from_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Graph;
use crate::onnx::{DataType, Dimension, attribute, node};
use crate::simplify::simplify;
use crate::testing::{Model, poem};
use prost::Message;

fn import(model: Model) -> Result<Graph> {
    from_bytes(&model.bytes(), None, &ImportOptions::default())
}

fn refused(model: Model) -> Error {
    import(model).expect_err("must be refused")
}

fn one_input() -> Model {
    Model::default().input("x", DataType::Float, &[1, 4])
}

#[test]
fn poem_imports_with_its_functions() {
    let graph = import(poem(false)).unwrap();
    let text = graph.to_string();
    assert!(text.starts_with("in ids:i64[1,5]\nin z:[1,6]\n"), "{text}");
    assert!(
        text.contains("e0:[1,4,5] = Transpose[0, 2, 1](embedded)"),
        "{text}"
    );
    assert!(
        text.contains("fn generate(z) -> top_scores, top_ids"),
        "{text}"
    );
    assert_eq!(graph.metadata.vocab.len(), 7);
    assert_eq!(graph.shape(graph.find("top_ids").unwrap()), [1, 5, 3]);
}

#[test]
fn selected_functions_keep_only_what_they_reach() {
    let options = ImportOptions {
        functions: vec!["generate".into()],
        ..ImportOptions::default()
    };
    let graph = from_bytes(&poem(false).bytes(), None, &options).unwrap();
    assert_eq!(graph.inputs.len(), 1);
    assert!(graph.find("table").is_none() && graph.find("mean").is_none());

    let options = ImportOptions {
        functions: vec!["sing".into()],
        ..ImportOptions::default()
    };
    let error = from_bytes(&poem(false).bytes(), None, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        error.to_string().contains("generate, score, encode"),
        "{error}"
    );
}

#[test]
fn all_unsupported_nodes_are_listed_at_once() {
    let error = refused(
        one_input()
            .op("FFT", &["x"], "first")
            .op("Relu", &["first"], "second")
            .op("Loop", &["second"], "third")
            .output("third"),
    );
    let text = error.to_string();
    assert!(
        text.contains("2 nodes") && text.contains("first (FFT)"),
        "{text}"
    );
    assert!(
        text.contains("third (Loop)") && !text.contains("second ("),
        "{text}"
    );
}

#[test]
fn control_flow_and_foreign_domains_are_refused() {
    let mut nested = node("Relu", &["x"], &["y"], vec![attribute::int("body", 0)]);
    nested.attribute[0].g = Some(Default::default());
    assert!(
        refused(one_input().node(nested).output("y"))
            .to_string()
            .contains("control flow")
    );
    let mut foreign = node("Relu", &["x"], &["y"], vec![]);
    foreign.domain = "com.microsoft".into();
    assert!(
        refused(one_input().node(foreign).output("y"))
            .to_string()
            .contains("com.microsoft")
    );
}

#[test]
fn open_dimensions_name_the_remedy() {
    let mut model = one_input().op("Relu", &["x"], "y").output("y");
    let tensor = model.graph.input[0]
        .r#type
        .as_mut()
        .unwrap()
        .tensor_type
        .as_mut()
        .unwrap();
    tensor.shape.as_mut().unwrap().dim[0].value = Some(Dimension::Parameter("batch".into()));
    let text = refused(model).to_string();
    assert!(
        text.contains("dimension 0") && text.contains("`x`"),
        "{text}"
    );
    assert!(text.contains("--dim_param batch --dim_value 1"), "{text}");
}

#[test]
fn names_and_order_are_checked() {
    let early = one_input()
        .op("Relu", &["y"], "z")
        .op("Relu", &["x"], "y")
        .output("z");
    assert!(refused(early).to_string().contains("`y`"));
    let twice = one_input()
        .op("Relu", &["x"], "y")
        .op("Exp", &["x"], "y")
        .output("y");
    assert!(refused(twice).to_string().contains("twice"));
    let absent = one_input().op("Relu", &["x"], "y").output("w");
    assert!(refused(absent).to_string().contains("`w`"));
}

#[test]
fn unknown_attributes_and_wrong_shapes_name_the_node() {
    let odd = node("Relu", &["x"], &["y"], vec![attribute::int("shine", 1)]);
    let error = refused(one_input().node(odd).output("y"));
    assert_eq!(error.node(), Some("y"));
    assert!(error.to_string().contains("shine"));
    let error = refused(
        one_input()
            .weights("w", &[3, 2])
            .op("MatMul", &["x", "w"], "y")
            .output("y"),
    );
    assert_eq!(error.node(), Some("y"));
}

#[test]
fn hostile_sizes_are_refused_before_allocation() {
    let huge = Model::default()
        .input("x", DataType::Float, &[1 << 40, 1 << 40])
        .op("Relu", &["x"], "y")
        .output("y");
    assert!(refused(huge).to_string().contains("limit"));
    let outer = Model::default()
        .input("a", DataType::Float, &[1 << 20, 1])
        .input("b", DataType::Float, &[1, 1 << 20])
        .op("Mul", &["a", "b"], "product")
        .output("product");
    let error = refused(outer);
    assert_eq!(error.node(), Some("product"));
}

#[test]
fn functions_must_declare_what_they_need() {
    for (functions, reason) in [
        (r#"{"f": {"inputs": [], "outputs": ["y"]}}"#, "need `x`"),
        (r#"{"f": {"inputs": ["x"], "outputs": ["q"]}}"#, "`q`"),
        (r#"{"f": {"inputs": ["x"], "outputs": []}}"#, "no outputs"),
        (r#"{"f": {"outputs": ["y"]}}"#, "`inputs`"),
        ("[1]", "object"),
        ("{", "qibu.functions"),
    ] {
        let model = one_input().op("Relu", &["x"], "y").output("y");
        let text = refused(model.property("qibu.functions", functions)).to_string();
        assert!(text.contains(reason), "{functions}: {text}");
    }
}

#[test]
fn shape_arithmetic_folds() {
    let graph = import(
        Model::default()
            .input("x", DataType::Float, &[2, 3, 4])
            .op("Shape", &["x"], "s")
            .ints("first", &[0])
            .op("Gather", &["s", "first"], "n")
            .ints("rest", &[-1])
            .node(node(
                "Concat",
                &["n", "rest"],
                &["t"],
                vec![attribute::int("axis", 0)],
            ))
            .op("Reshape", &["x", "t"], "y")
            .output("y"),
    )
    .unwrap();
    assert_eq!(
        graph.to_string(),
        "in x:[2,3,4]\ny:[2,12] = Reshape(x)\nfn main(x) -> y\n"
    );
}

/// Every truncation and many bit flips give an error or a graph, never a panic.
#[test]
fn damaged_files_never_panic() {
    let bytes = poem(true).bytes();
    for length in (0..bytes.len()).step_by(7) {
        let _ = from_bytes(&bytes[..length], None, &ImportOptions::default());
    }
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 1 << (position % 8);
        let _ = from_bytes(&damaged, None, &ImportOptions::default());
    }
}

/// MLPerf Tiny files, where a checkout has them: each imports or lists what is missing.
#[test]
fn mlperf_tiny_imports_or_lists_everything() {
    let package = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    // Beside the checkout, or beside the folder that holds a work tree.
    let places = ["../../shared", "../../../shared"].map(|place| package.join(place));
    let folders = places.map(|place| std::fs::read_dir(place.join("models/mlperf-tiny")));
    let Some(entries) = folders.into_iter().find_map(|entries| entries.ok()) else {
        crate::testing::skip("no MLPerf Tiny models beside the checkout");
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        match super::read(&entry.path(), &ImportOptions::default()).and_then(simplify) {
            Ok(simplified) => println!("{name:?}\n{}", simplified.graph()),
            Err(error) => {
                let text = error.to_string();
                println!("{text}");
                assert!(text.contains("not supported:"), "{text}");
            }
        }
    }
}

#[test]
fn encoded_model_round_trips_through_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.onnx");
    std::fs::write(&path, poem(false).proto().encode_to_vec()).unwrap();
    assert!(super::read(&path, &ImportOptions::default()).is_ok());
    let error = super::read(&folder.path().join("none.onnx"), &ImportOptions::default());
    assert!(error.unwrap_err().to_string().contains("none.onnx"));
}

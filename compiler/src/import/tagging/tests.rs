//! What the tables of a tag model are refused for.

use crate::graph::Graph;
use crate::import::{ImportOptions, from_bytes};
use crate::onnx::{DataType, attribute, node};
use crate::testing::Model;

const CRF: &str = r#"{"start":[0,null],"transitions":[[1,-2],[0.5,0]],"end":[0,3]}"#;
const FUNCTIONS: &str = r#"{"emit":{"inputs":["ids","pairs"],"outputs":["emissions"]}}"#;

/// W = 4, R = 1, two tags, three characters, two pairs.
const PROPERTIES: [(&str, &str); 6] = [
    ("qibu.task", "tag"),
    ("qibu.functions", FUNCTIONS),
    ("qibu.labels", "B I"),
    ("qibu.vocab", "ab山"),
    ("qibu.pairs", "aa山b"),
    ("qibu.crf", CRF),
];

/// Dimensions that tests break: ids, pairs, rows of the two tables.
#[derive(Clone, Copy)]
struct Dims {
    ids: usize,
    pairs: usize,
    rows: usize,
    pair_rows: usize,
}

const DIMS: Dims = Dims {
    ids: 6,
    pairs: 5,
    rows: 5,
    pair_rows: 3,
};

/// Scores of a pair are those of its character ahead, plus what the convolution finds.
fn model(dims: Dims, properties: &[(&str, &str)]) -> Model {
    let mut model = Model::default()
        .input("ids", DataType::Int32, &[1, dims.ids])
        .input("pairs", DataType::Int32, &[1, dims.pairs])
        .weights("table", &[dims.rows, 2])
        .weights("pair_table", &[dims.pair_rows, 2])
        .weights("kernel", &[2, 2, 3])
        .weights("pair_kernel", &[2, 2, dims.pairs - 3])
        .op("Gather", &["table", "ids"], "x")
        .op("Gather", &["pair_table", "pairs"], "p");
    for (from, to) in [("x", "xt"), ("p", "pt")] {
        let turn = vec![attribute::ints("perm", &[0, 2, 1])];
        model = model.node(node("Transpose", &[from], &[to], turn));
    }
    let turn = vec![attribute::ints("perm", &[0, 2, 1])];
    model = model
        .op("Conv", &["xt", "kernel"], "a")
        .op("Conv", &["pt", "pair_kernel"], "b")
        .op("Add", &["a", "b"], "sum")
        .node(node("Transpose", &["sum"], &["emissions"], turn))
        .output("emissions");
    for (key, value) in properties {
        model = model.property(key, value);
    }
    model
}

fn imported(dims: Dims, properties: &[(&str, &str)]) -> Result<Graph, String> {
    let bytes = model(dims, properties).bytes();
    from_bytes(&bytes, None, &ImportOptions::default()).map_err(|error| error.to_string())
}

/// The refusal of the model with one property changed, or left out.
fn with(key: &str, value: Option<&str>) -> String {
    let mut properties = PROPERTIES.to_vec();
    properties.retain(|(other, _)| *other != key);
    properties.extend(value.map(|value| (key, value)));
    imported(DIMS, &properties).err().unwrap_or_default()
}

#[test]
fn a_tag_model_is_read_whole() {
    let graph = imported(DIMS, &PROPERTIES).unwrap();
    let metadata = graph.metadata;
    assert_eq!(metadata.labels, ["B", "I"]);
    assert_eq!(metadata.pairs, [['a', 'a'], ['山', 'b']]);
    let crf = metadata.crf.unwrap();
    assert_eq!(crf.start, [0.0, f32::NEG_INFINITY]);
    assert_eq!(crf.between, [[1.0, -2.0], [0.5, 0.0]]);
    assert_eq!(crf.end, [0.0, 3.0]);
    // Without transitions it is a network like any other.
    assert_eq!(with("qibu.crf", None), "");
}

#[test]
fn every_wrong_property_is_named_with_a_remedy() {
    let row = r#"{"start":[0,1],"transitions":[[1,2],[3]],"end":[0,1]}"#;
    let huge = r#"{"start":[0,1e300],"transitions":[[1,2],[3,4]],"end":[0,1]}"#;
    let three = r#"{"start":[0,0,0],"transitions":[[0,0,0],[0,0,0],[0,0,0]],"end":[0,0,0]}"#;
    let typo = r#"{"start":[0],"transition":[[0]],"end":[0]}"#;
    for (key, value, expected) in [
        ("qibu.labels", None, "scores of 2 tags, qibu.labels names 0"),
        (
            "qibu.labels",
            Some("B  I"),
            "qibu.labels: label 1 (from 0) is empty",
        ),
        (
            "qibu.labels",
            Some("B B"),
            "qibu.labels: `B` is listed twice",
        ),
        (
            "qibu.labels",
            Some("B I\t"),
            "qibu.labels: \"I\\t\" has white space or a control",
        ),
        (
            "qibu.labels",
            Some("B \u{1b}[1m"),
            "has white space or a control",
        ),
        (
            "qibu.labels",
            Some("B I O"),
            "scores of 2 tags, qibu.labels names 3",
        ),
        ("qibu.vocab", None, "not in qibu.vocab"),
        (
            "qibu.vocab",
            Some("a山b"),
            "qibu.vocab: `b` stands behind `山`",
        ),
        ("qibu.vocab", Some("ab山水"), "has 5 rows, 6 are needed"),
        (
            "qibu.pairs",
            None,
            "qibu.pairs: there where `emit` reads pairs",
        ),
        (
            "qibu.pairs",
            Some("aab"),
            "`b` at the end has no second character",
        ),
        ("qibu.pairs", Some("山baa"), "`aa` is out of order"),
        (
            "qibu.pairs",
            Some("aaaa"),
            "`aa` is out of order, or there twice",
        ),
        (
            "qibu.pairs",
            Some("aaac"),
            "`ac` has a character that is not in qibu.vocab",
        ),
        ("qibu.pairs", Some("aaabba"), "has 3 rows, 4 are needed"),
        ("qibu.crf", Some("[]"), "qibu.crf: invalid"),
        (
            "qibu.crf",
            Some(typo),
            "qibu.crf: unknown field `transition`",
        ),
        (
            "qibu.crf",
            Some(row),
            "transitions from tag 1 (from 0) are 1, expected 2",
        ),
        (
            "qibu.crf",
            Some(huge),
            "qibu.crf: 1e300 is no finite float32",
        ),
        (
            "qibu.crf",
            Some(three),
            "scores of 3 tags, qibu.labels names 2",
        ),
    ] {
        let refusal = with(key, value);
        assert!(refusal.contains(expected), "{key} {value:?}: {refusal}");
        assert!(refusal.contains("help: "), "{refusal}");
    }
}

#[test]
fn other_shapes_and_functions_are_no_tag_models() {
    let refused = |dims: Dims, expected: &str| {
        let refusal = imported(dims, &PROPERTIES).unwrap_err();
        assert!(refusal.contains(expected), "{refusal}");
        assert!(refusal.contains("Tagger models"), "{refusal}");
    };
    refused(
        Dims { pairs: 6, ..DIMS },
        "`pairs` [1, 6], expected integers [1, 5]",
    );
    let emit = |text: &str| {
        let refusal = with("qibu.functions", Some(text));
        assert!(refusal.contains("help: a tag model"), "{refusal}");
        refusal
    };
    let named = emit(r#"{"tag":{"inputs":["ids","pairs"],"outputs":["emissions"]}}"#);
    assert!(named.contains("no function `emit`"), "{named}");
    let turned = emit(r#"{"emit":{"inputs":["pairs","ids"],"outputs":["emissions"]}}"#);
    assert!(
        turned.contains("`pairs` [1, 5], expected integers [1, 4 + 2·R]"),
        "{turned}"
    );
    let inner = emit(r#"{"emit":{"inputs":["ids"],"outputs":["x","a"]}}"#);
    assert!(inner.contains("one output"), "{inner}");
}

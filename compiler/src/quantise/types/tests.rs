//! Which type each value of a graph takes.

use super::*;
use crate::onnx::DataType;
use crate::simplify::simplify;
use crate::testing::{INT8, INT16, Model, import};

fn types(model: Model, scheme: Scheme, names: &[&str]) -> Vec<DType> {
    let simplified = simplify(import(model)).unwrap();
    let graph = simplified.graph();
    let types = assign(graph, &scheme.into());
    let find = |name: &&str| types[&graph.find(name).expect(name)];
    names.iter().map(find).collect()
}

/// Mul → view → a product over `width` terms.
fn viewed(width: usize) -> Model {
    Model::default()
        .input("x", DataType::Float, &[1, 2, width / 2])
        .ints("flat", &[1, width as i64])
        .weights("w", &[width, 3])
        .op("Mul", &["x", "x"], "m")
        .op("Reshape", &["m", "flat"], "v")
        .op("MatMul", &["v", "w"], "p")
        .op("Mul", &["p", "p"], "y")
        .output("y")
}

#[test]
fn a_long_product_narrows_its_operand_through_views() {
    let long = MAX_INT16_PRODUCTS + 2;
    let found = types(viewed(long), INT16, &["x", "p", "y"]);
    assert_eq!(found[1..], [DType::I16, DType::I16]);
    let graph = simplify(import(viewed(long))).unwrap();
    let graph = graph.graph();
    let all = assign(graph, &INT16.into());
    for node in &graph.nodes {
        match node.op {
            Op::Dense { .. } => assert_eq!(all[&node.input(0).unwrap()], DType::I8),
            Op::Reshape { .. } => {
                assert_eq!(all[&node.input(0).unwrap()], all[&node.outputs[0]]);
            }
            _ => {}
        }
    }
    let short = types(viewed(MAX_INT16_PRODUCTS), INT16, &["x", "p", "y"]);
    assert_eq!(short, [DType::I16; 3]);
}

#[test]
fn tables_have_narrow_ends() {
    let model = || {
        Model::default()
            .input("x", DataType::Float, &[4])
            .op("Mul", &["x", "x"], "m")
            .op("Tanh", &["m"], "t")
            .op("Mul", &["t", "x"], "y")
            .output("y")
    };
    let names = ["x", "m", "t", "y"];
    let wide = types(model(), INT16, &names);
    assert_eq!(wide, [DType::I16, DType::I8, DType::I8, DType::I16]);
    assert_eq!(types(model(), INT8, &names), [DType::I8; 4]);
}

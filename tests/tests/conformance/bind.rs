//! Which graph inputs become constants: those whose value a compiled form needs.
//!
//! ```text
//! needed = operands at the positions that `tables::KNOWN` lists
//! while a needed value is the result of a node (of values, not of shapes):
//!     its operands are needed too
//! bound = needed ∩ graph inputs
//! ```

use super::case::{Case, DataSet};
use super::tables::{OF_SHAPES, known};
use qibu_compiler::onnx::{GraphProto, ModelProto};
use std::collections::BTreeSet;

/// Positions of the graph inputs to bind.
pub fn positions(graph: &GraphProto) -> BTreeSet<usize> {
    let mut needed: Vec<&str> = Vec::new();
    for node in &graph.node {
        let operands = known(&node.op_type).iter();
        needed.extend(operands.filter_map(|&at| Some(node.input.get(at)?.as_str())));
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = needed.pop() {
        if name.is_empty() || !seen.insert(name) {
            continue;
        }
        let result = |output: &String| output == name;
        let source = graph.node.iter().find(|n| n.output.iter().any(result));
        if let Some(node) = source.filter(|n| !OF_SHAPES.contains(&n.op_type.as_str())) {
            needed.extend(node.input.iter().map(String::as_str));
        }
    }
    let inputs = graph.input.iter().enumerate();
    let bound = inputs.filter(|(_, input)| seen.contains(input.name.as_str()));
    bound.map(|(position, _)| position).collect()
}

/// The model with the inputs at `positions` as initialisers that hold the data of `set`.
pub fn bind(case: &Case, set: &DataSet, positions: &BTreeSet<usize>) -> ModelProto {
    let mut model = case.model.clone();
    let Some(graph) = model.graph.as_mut() else {
        return model;
    };
    for &position in positions {
        if let Some(Ok((tensor, _))) = set.inputs.get(position) {
            let mut tensor = tensor.clone();
            tensor.name = graph.input[position].name.clone();
            graph.initializer.push(tensor);
        }
    }
    model
}

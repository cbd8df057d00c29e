//! A part of an ONNX graph: what some outputs need.

use prost::Message;
use qibu_compiler::error::{Error, Result};
use qibu_compiler::onnx::{Dimension, ModelProto, ValueInfoProto};
use std::collections::BTreeSet;

/// The model cut down to `outputs`, without what they do not need.
///
/// # Errors
/// It is no ONNX model.
pub fn slice(model: &[u8], outputs: &[String]) -> Result<Vec<u8>> {
    let mut model = decode(model)?;
    let graph = model.graph.get_or_insert_default();
    let mut needed: BTreeSet<String> = outputs.iter().cloned().collect();
    let mut kept = Vec::new();
    for node in graph.node.drain(..).rev() {
        if node.output.iter().any(|name| needed.contains(name)) {
            needed.extend(node.input.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    graph.node = kept;
    graph
        .initializer
        .retain(|tensor| needed.contains(&tensor.name));
    graph.input.retain(|value| needed.contains(&value.name));
    graph.output.retain(|value| outputs.contains(&value.name));
    model.metadata_props.clear();
    Ok(model.encode_to_vec())
}

/// Names and shapes of the inputs; a dimension that is not fixed counts as one.
///
/// # Errors
/// It is no ONNX model.
pub fn inputs(model: &[u8]) -> Result<Vec<(String, Vec<usize>)>> {
    let graph = decode(model)?.graph.unwrap_or_default();
    let constants: BTreeSet<&String> = graph
        .initializer
        .iter()
        .map(|tensor| &tensor.name)
        .collect();
    let inputs = graph
        .input
        .iter()
        .filter(|value| !constants.contains(&value.name));
    Ok(inputs
        .map(|value| (value.name.clone(), shape(value)))
        .collect())
}

fn shape(value: &ValueInfoProto) -> Vec<usize> {
    let tensor = value
        .r#type
        .as_ref()
        .and_then(|kind| kind.tensor_type.as_ref());
    let dims = tensor.and_then(|tensor| tensor.shape.as_ref());
    let dims = dims.map_or(&[][..], |shape| &shape.dim[..]);
    let fixed = |value: &Option<Dimension>| match value {
        Some(Dimension::Value(dim)) => usize::try_from(*dim).unwrap_or(1).max(1),
        _ => 1,
    };
    dims.iter().map(|dim| fixed(&dim.value)).collect()
}

fn decode(model: &[u8]) -> Result<ModelProto> {
    ModelProto::decode(model).map_err(|error| Error::input(format!("no ONNX model: {error}")))
}

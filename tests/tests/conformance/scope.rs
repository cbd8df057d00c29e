//! What is out of scope, and why: one short name for each class.

use super::case::{Case, DataSet, NO_TENSOR};
use super::tables::OPERATORS;
use super::values::{Array, Numbers, kind};
use qibu_compiler::onnx::{AttributeType, Dimension, GraphProto, NodeProto, ValueInfoProto};
use std::collections::BTreeSet;

/// Most axes of a tensor in a file.
const MOST_AXES: usize = qibu::format::MAX_RANK;

/// The class that puts `case` out of scope, if any; inputs at `bound` are constants.
pub fn class(case: &Case, bound: &BTreeSet<usize>) -> Option<String> {
    let graph = case.graph();
    if !case.model.functions.is_empty() {
        return Some("model-local function".into());
    }
    graph
        .node
        .iter()
        .find_map(operator)
        .or_else(|| elements(case))
        .or_else(|| shapes(graph, bound))
        .or_else(|| case.sets.iter().find_map(|set| training(case, set)))
        .or_else(|| case.sets.iter().find_map(|set| range(set, bound)))
}

fn operator(node: &NodeProto) -> Option<String> {
    if !node.domain.is_empty() && node.domain != "ai.onnx" {
        return Some(format!("domain {}", node.domain));
    }
    let listed = OPERATORS.contains(&node.op_type.as_str());
    (!listed).then(|| format!("operator {}", node.op_type))
}

/// Element types of the graph's inputs, outputs and constants, and of casts in between.
fn elements(case: &Case) -> Option<String> {
    let graph = case.graph();
    let declared = graph.input.iter().chain(&graph.output).map(|info| {
        let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
        let tensor = tensor.ok_or_else(|| NO_TENSOR.to_owned())?;
        kind(tensor.elem_type)
    });
    let constants = graph.initializer.iter().map(|t| kind(t.data_type));
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let named = attributes.filter_map(|a| match (a.name.as_str(), &a.t) {
        (_, Some(tensor)) => Some(kind(tensor.data_type)),
        ("to" | "dtype" | "output_dtype", None) if a.i != 0 => Some(kind(a.i as i32)),
        ("value_string" | "value_strings", _) => Some(Err("element type string".into())),
        ("sparse_value", _) => Some(Err("sparse tensor".into())),
        _ if a.r#type == AttributeType::SparseTensor as i32 => Some(Err("sparse tensor".into())),
        _ => None,
    });
    declared.chain(constants).chain(named).find_map(Result::err)
}

/// Shapes of what a device is given and gives; an operand like an empty list of axes may be bound.
fn shapes(graph: &GraphProto, bound: &BTreeSet<usize>) -> Option<String> {
    let inputs = graph.input.iter().enumerate();
    let fed = inputs.filter(|(position, _)| !bound.contains(position));
    let fed = fed.map(|(_, info)| info);
    fed.chain(&graph.output).find_map(shape)
}

fn shape(info: &ValueInfoProto) -> Option<String> {
    let tensor = info.r#type.as_ref()?.tensor_type.as_ref()?;
    let Some(shape) = &tensor.shape else {
        return Some("dynamic shape".into());
    };
    let dims = || shape.dim.iter().map(|dim| &dim.value);
    if dims().any(|dim| !matches!(dim, Some(Dimension::Value(_)))) {
        Some("dynamic shape".into())
    } else if dims().any(|dim| matches!(dim, Some(Dimension::Value(..=0)))) {
        Some("tensor without elements".into())
    } else if shape.dim.len() > MOST_AXES {
        Some(format!("more than {MOST_AXES} axes"))
    } else {
        None
    }
}

/// A batch normalisation or dropout that is asked to train.
fn training(case: &Case, set: &DataSet) -> Option<String> {
    let graph = case.graph();
    let is_true = |name: &String| {
        let position = graph.input.iter().position(|input| input.name == *name);
        let value = position.and_then(|at| set.inputs.get(at));
        matches!(value, Some(Ok((_, array)))
            if matches!(&array.numbers, Numbers::Truth(items) if items.contains(&true)))
    };
    let trains = |node: &NodeProto| {
        let attribute =
            |a: &qibu_compiler::onnx::AttributeProto| a.name == "training_mode" && a.i != 0;
        match node.op_type.as_str() {
            "BatchNormalization" => node.attribute.iter().any(attribute),
            "Dropout" => node.input.get(2).is_some_and(is_true),
            _ => false,
        }
    };
    let found = graph.node.iter().any(trains);
    found.then(|| "training mode".into())
}

/// A number, in or out, that the device cannot hold; constants are the compiler's business.
fn range(set: &DataSet, bound: &BTreeSet<usize>) -> Option<String> {
    let inputs = set.inputs.iter().enumerate();
    let fed = inputs.filter(|(position, _)| !bound.contains(position));
    let fed = fed.flat_map(|(_, input)| input.as_ref().ok().map(|(_, array)| array));
    let mut arrays = fed.chain(set.outputs.iter().flatten());
    arrays.find_map(Array::beyond).map(str::to_owned)
}

//! The node list as a whole: names, order, and every unsupported operator, before any is parsed.

use super::{remedy, table};
use crate::error::{Error, Result};
use crate::graph::Names;
use crate::onnx::{AttributeProto, AttributeType, DataType, GraphProto, NodeProto};
use std::collections::{BTreeMap, BTreeSet};

/// What a node is called in errors: its name, or its first output's.
pub(super) fn label(node: &NodeProto) -> String {
    let output = node.output.iter().find(|name| !name.is_empty());
    match (node.name.as_str(), output) {
        ("", Some(output)) => format!("{} → {output}", node.op_type),
        ("", None) => node.op_type.clone(),
        (name, _) => name.to_owned(),
    }
}

/// Nodes that `outputs` need, in order, once the whole list is sound.
pub(super) fn nodes<'a, 'b>(
    proto: &'a GraphProto,
    outputs: impl Iterator<Item = &'b str>,
) -> Result<Vec<&'a NodeProto>> {
    names_and_order(proto)?;
    Ok(reached(proto, outputs))
}

/// What stands in the way of each of `nodes` by its operator alone, by position.
pub(super) fn refusals(proto: &GraphProto, nodes: &[&NodeProto]) -> BTreeMap<usize, Error> {
    let brief = brief(proto);
    let refused = nodes.iter().enumerate();
    let refused = refused.filter_map(|(index, node)| Some((index, refusal(node, &brief)?)));
    let mut refused: BTreeMap<usize, Error> = refused.collect();
    if refused.is_empty() {
        return refused;
    }
    // One round for the user: what would be refused for having no form at run time is listed too.
    let fed = fed(proto);
    for (index, node) in nodes.iter().enumerate() {
        let fed = node.output.iter().any(|name| fed.contains(name.as_str()));
        if fed && table::is_constant_only(&node.op_type) {
            let error = Error::input("its operands are computed at run time");
            refused.entry(index).or_insert(error.hint(remedy::COMPUTED));
        }
    }
    refused
}

/// Values that depend on those of the graph's inputs.
fn fed(proto: &GraphProto) -> BTreeSet<&str> {
    let constants: BTreeSet<&str> = proto.initializer.iter().map(|t| t.name.as_str()).collect();
    let inputs = proto.input.iter().map(|input| input.name.as_str());
    let mut fed: BTreeSet<&str> = inputs.filter(|name| !constants.contains(name)).collect();
    for node in proto
        .node
        .iter()
        .filter(|node| !matches!(node.op_type.as_str(), "Shape" | "Size"))
    {
        if node.input.iter().any(|name| fed.contains(name.as_str())) {
            fed.extend(node.output.iter().map(String::as_str));
        }
    }
    fed
}

/// Every name is given once, and given before it is read.
fn names_and_order(proto: &GraphProto) -> Result<()> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for initializer in &proto.initializer {
        if initializer.name.is_empty() || !known.insert(&initializer.name) {
            return Err(twice(&initializer.name));
        }
    }
    let mut inputs: BTreeSet<&str> = BTreeSet::new();
    for input in &proto.input {
        if input.name.is_empty() || !inputs.insert(&input.name) {
            return Err(twice(&input.name));
        }
    }
    known.extend(inputs);
    for node in &proto.node {
        let missing = |name: &&String| !name.is_empty() && !known.contains(name.as_str());
        if let Some(name) = node.input.iter().find(missing) {
            return Err(
                Error::input(format!("reads `{name}`, which nothing before it produces"))
                    .at_node(label(node))
                    .hint("sort the nodes topologically; run onnx.checker.check_model to see more"),
            );
        }
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if !known.insert(name) {
                return Err(twice(name).at_node(label(node)));
            }
        }
    }
    match proto
        .output
        .iter()
        .find(|o| !known.contains(o.name.as_str()))
    {
        Some(output) => Err(Error::input(format!(
            "graph output `{}` is produced by no node",
            output.name
        ))),
        None => Ok(()),
    }
}

fn twice(name: &str) -> Error {
    Error::input(format!("the name `{name}` is empty or given twice"))
        .hint("run onnx.checker.check_model on the file")
}

/// Nodes that `outputs` need; others are dropped unseen.
fn reached<'a, 'b>(
    proto: &'a GraphProto,
    outputs: impl Iterator<Item = &'b str>,
) -> Vec<&'a NodeProto> {
    let mut wanted: BTreeSet<String> = outputs.map(str::to_owned).collect();
    let mut kept = Vec::new();
    for node in proto.node.iter().rev() {
        if node.output.iter().any(|name| wanted.contains(name)) {
            let operands = node.input.iter().filter(|name| !name.is_empty());
            wanted.extend(operands.cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    kept
}

/// Values that the file declares as bfloat16.
fn brief(proto: &GraphProto) -> BTreeSet<&str> {
    let code = DataType::Bfloat16 as i32;
    let constants = proto.initializer.iter().filter(|t| t.data_type == code);
    let declared = proto.input.iter().chain(&proto.value_info);
    let declared = declared.filter(|info| {
        let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
        tensor.is_some_and(|tensor| tensor.elem_type == code)
    });
    let names = constants.map(|t| t.name.as_str());
    names
        .chain(declared.map(|info| info.name.as_str()))
        .collect()
}

/// Whether a node rounds to bfloat16. Shorter floats are computed in 32 bits; of their casts this
/// one alone drops more than a rounding error.
fn shortens(node: &NodeProto, brief: &BTreeSet<&str>) -> bool {
    let to = |a: &AttributeProto| a.name == "to" && a.i == DataType::Bfloat16 as i64;
    match node.op_type.as_str() {
        "Cast" => node.attribute.iter().any(to),
        "CastLike" => node
            .input
            .get(1)
            .is_some_and(|name| brief.contains(name.as_str())),
        _ => false,
    }
}

/// Why a node cannot be compiled, whatever its operands are.
fn refusal(node: &NodeProto, brief: &BTreeSet<&str>) -> Option<Error> {
    let graph =
        |kind: i32| kind == AttributeType::Graph as i32 || kind == AttributeType::Graphs as i32;
    let nested = node
        .attribute
        .iter()
        .any(|a| a.g.is_some() || graph(a.r#type));
    let foreign = !node.domain.is_empty() && node.domain != "ai.onnx";
    let (reason, remedy) = if foreign {
        (format!("domain {}", node.domain), remedy::FOREIGN)
    } else if nested {
        ("control flow".into(), remedy::NESTED)
    } else if table::find(&node.op_type).is_none() {
        ("no such operator here".into(), remedy::of(&node.op_type))
    } else if shortens(node, brief) {
        ("rounds to bfloat16".into(), remedy::BRIEF)
    } else {
        return None;
    };
    Some(Error::input(reason).hint(remedy))
}

/// Keeps generated names from taking one that the file uses.
pub(super) fn reserve_names(proto: &GraphProto, names: &mut Names) {
    let results = proto.node.iter().flat_map(|node| &node.output);
    let inputs = proto.input.iter().map(|input| &input.name);
    let constants = proto.initializer.iter().map(|tensor| &tensor.name);
    for name in results.chain(inputs).chain(constants) {
        names.reserve(name);
    }
}

//! `qibu.functions`: a file's named functions are backward slices of its one graph.

use super::Builder;
use super::metadata::FUNCTIONS;
use crate::error::{Error, Result};
use crate::graph::{Function, ValueId};
use crate::onnx::{GraphProto, ModelProto};
use std::collections::BTreeSet;

/// Functions of one file: each is checked against the whole graph.
const MOST: usize = 64;

/// A function as the file declares it.
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    /// Written out in the file, rather than the `main` that every graph has.
    explicit: bool,
}

/// The functions to import: those in `selection`, or all where it is empty.
pub(super) fn choose(
    model: &ModelProto,
    proto: &GraphProto,
    selection: &[String],
) -> Result<Vec<Declared>> {
    let property = model.metadata_props.iter().find(|p| p.key == FUNCTIONS);
    let mut functions = match property {
        Some(property) => parse(&property.value)
            .map_err(|why| Error::input(format!("metadata property {FUNCTIONS}: {why}")))?,
        None => vec![whole_graph(proto)],
    };
    for name in selection {
        if !functions.iter().any(|f| f.name == *name) {
            let known: Vec<_> = functions.iter().map(|f| f.name.as_str()).collect();
            return Err(Error::usage(format!("the model has no function `{name}`"))
                .hint(format!("it has: {}", known.join(", "))));
        }
    }
    if !selection.is_empty() {
        functions.retain(|f| selection.contains(&f.name));
    }
    if functions.iter().any(|f| f.outputs.is_empty()) || functions.is_empty() {
        return Err(Error::input("the model has no outputs"));
    }
    Ok(functions)
}

fn whole_graph(proto: &GraphProto) -> Declared {
    let default = |name: &str| proto.initializer.iter().any(|t| t.name == name);
    let inputs = proto.input.iter().map(|input| input.name.clone());
    Declared {
        name: "main".into(),
        inputs: inputs.filter(|name| !default(name)).collect(),
        outputs: proto
            .output
            .iter()
            .map(|output| output.name.clone())
            .collect(),
        explicit: false,
    }
}

/// `{"name": {"inputs": [names], "outputs": [names]}, …}`, in the order of the text.
fn parse(text: &str) -> std::result::Result<Vec<Declared>, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let object = json.as_object().ok_or("an object is expected")?;
    if object.len() > MOST {
        return Err(format!(
            "{} functions; at most {MOST} are supported",
            object.len()
        ));
    }
    let list = |name: &str, body: &serde_json::Value, key: &str| {
        let items = body.get(key).and_then(serde_json::Value::as_array);
        let names: Option<Vec<String>> = items.and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect()
        });
        names.ok_or_else(|| format!("function `{name}` needs `{key}`, a list of names"))
    };
    object
        .iter()
        .map(|(name, body)| {
            Ok(Declared {
                name: name.clone(),
                inputs: list(name, body, "inputs")?,
                outputs: list(name, body, "outputs")?,
                explicit: true,
            })
        })
        .collect()
}

/// Turns names into values and checks that each function declares exactly what it needs.
pub(super) fn resolve(builder: &mut Builder, declared: &[Declared]) -> Result<()> {
    for function in declared {
        let within = |error: Error| error.within(format!("function `{}`", function.name));
        let resolved = Function {
            name: function.name.clone(),
            inputs: find(builder, &function.inputs).map_err(within)?,
            outputs: find(builder, &function.outputs).map_err(within)?,
        };
        check_inputs(builder, &resolved, function.explicit).map_err(within)?;
        builder.graph.functions.push(resolved);
    }
    keep_reached(builder, declared);
    Ok(())
}

/// Without the functions left out, the graph's own inputs and outputs shrink to what is used.
fn keep_reached(builder: &mut Builder, declared: &[Declared]) {
    if declared.iter().all(|f| !f.explicit) {
        return;
    }
    let functions = &builder.graph.functions;
    let inputs: BTreeSet<ValueId> = functions.iter().flat_map(|f| f.inputs.clone()).collect();
    let outputs: BTreeSet<ValueId> = functions.iter().flat_map(|f| f.outputs.clone()).collect();
    builder.graph.inputs.retain(|id| inputs.contains(id));
    builder.graph.outputs = outputs.into_iter().collect();
}

fn find(builder: &Builder, names: &[String]) -> Result<Vec<ValueId>> {
    let mut ids = Vec::new();
    for name in names {
        let id = builder.names.get(name).copied();
        let id = id.ok_or_else(|| Error::input(format!("the graph has no value `{name}`")))?;
        if ids.contains(&id) {
            return Err(Error::input(format!("`{name}` is listed twice")));
        }
        ids.push(id);
    }
    Ok(ids)
}

fn check_inputs(builder: &Builder, function: &Function, explicit: bool) -> Result<()> {
    let graph = &builder.graph;
    let name = |id: &ValueId| graph.value(*id).name.clone();
    if let Some(id) = function.inputs.iter().find(|id| !graph.inputs.contains(id)) {
        return Err(Error::input(format!("`{}` is not a graph input", name(id))));
    }
    let nodes = graph.reach(function);
    let operands = nodes
        .iter()
        .flat_map(|&index| graph.nodes[index].inputs.iter().flatten());
    let read: BTreeSet<ValueId> = operands.chain(&function.outputs).copied().collect();
    let undeclared = graph
        .inputs
        .iter()
        .find(|id| read.contains(id) && !function.inputs.contains(id));
    if let Some(id) = undeclared {
        return Err(Error::input(format!(
            "its outputs need `{}` as well",
            name(id)
        )));
    }
    match function
        .inputs
        .iter()
        .find(|id| explicit && !read.contains(id))
    {
        Some(id) => Err(
            Error::input(format!("none of its outputs needs `{}`", name(id)))
                .hint(format!("remove it from {FUNCTIONS}")),
        ),
        None => Ok(()),
    }
}

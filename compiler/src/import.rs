//! Pace 1: an ONNX file becomes a [`Graph`], or one error that says everything that stands
//! in the way.
//!
//! In order: decode and check the header; choose the functions; check the whole node list
//! (names, order, every unsupported operator at once); then build values, constants and nodes.
//! Shapes come from the operators' own output rules, not from the file's claims, which are only
//! compared. Operands that a compiled form needs to know (axes, shapes, k) are resolved here.

mod activation;
mod arithmetic;
mod attention;
mod batch_norm;
mod blocks;
mod cast;
mod check;
mod clip;
mod compose;
#[cfg(test)]
mod composition_tests;
mod constant;
mod conv_transpose;
mod dropout;
mod einsum;
mod external;
mod functions;
mod gather;
mod gru;
mod integer;
mod lstm;
mod metadata;
mod model;
mod movement;
mod norms;
mod one_hot;
mod pad;
mod pieces;
mod product;
mod quantised;
mod recurrent;
mod reduce;
mod refusals;
mod remedy;
mod repeat;
mod resize;
mod rnn;
mod row_numbers;
mod scatter;
mod selection;
mod site;
mod softmax;
mod table;
mod tables;
mod tagging;
mod tensor;
#[cfg(test)]
mod tests;
mod trilu;
mod unary;
mod value;
mod variadic;
mod view;
mod volume;
mod window;

use crate::error::{Error, Result};
use crate::graph::{Graph, Limits, Node, Op, ValueId};
use crate::input_file;
use crate::onnx::{GraphProto, NodeProto};
use functions::Declared;
use site::Site;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What to import and how much of it to accept.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Functions to keep, by name; all of them where empty.
    pub functions: Vec<String>,
    /// Bounds on sizes.
    pub limits: Limits,
}

/// Names of the ONNX operators that the device can compute, in some form at least; sorted.
pub fn operators() -> Vec<&'static str> {
    table::names()
}

/// Imports the file at `path`; external data may lie in its folder.
pub fn read(path: &Path, options: &ImportOptions) -> Result<Graph> {
    let bytes = input_file::read(path, "give the path of an existing .onnx file")?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    from_bytes(&bytes, Some(folder), options).map_err(|error| error.within(path.display()))
}

/// Imports a model held in memory; `folder` is where its external data may lie.
pub fn from_bytes(bytes: &[u8], folder: Option<&Path>, options: &ImportOptions) -> Result<Graph> {
    let model = model::decode(bytes)?;
    let proto = model.graph.as_ref().ok_or_else(model::not_onnx)?;
    if proto.node.len() > options.limits.nodes {
        return Err(Error::input(format!(
            "{} nodes, more than the limit of {}",
            proto.node.len(),
            options.limits.nodes
        )));
    }
    let functions = functions::choose(&model, proto, &options.functions)?;
    let outputs = functions.iter().flat_map(|f| &f.outputs);
    let nodes = check::nodes(proto, outputs.map(String::as_str))?;

    let mut builder = Builder::new(options.limits, model::version(&model));
    builder.graph.metadata = metadata::read(&model, bytes)?;
    builder.graph.metadata.tables = tables::read(&model, folder, &options.limits)?;
    tables::check(&builder.graph.metadata)?;
    builder.inputs(proto)?;
    builder.initializers(proto, &nodes, &functions, folder)?;
    refusals::parse(&mut builder, &nodes, check::refusals(proto, &nodes))?;
    builder.outputs(proto)?;
    functions::resolve(&mut builder, &functions)?;
    tagging::check(&builder.graph, options.functions.is_empty())?;
    builder.graph.compact();
    Ok(builder.graph)
}

/// The graph under construction and the ONNX names seen so far.
struct Builder {
    graph: Graph,
    names: BTreeMap<String, ValueId>,
    /// Element types as the file declares them, of inputs and constants: ONNX has more of them
    /// than [`Dtype`](crate::graph::Dtype).
    declared: BTreeMap<String, i32>,
    version: i64,
}

impl Builder {
    fn new(limits: Limits, version: i64) -> Self {
        let graph = Graph {
            limits,
            ..Graph::default()
        };
        Self {
            graph,
            names: BTreeMap::new(),
            declared: BTreeMap::new(),
            version,
        }
    }

    /// Graph inputs that are not initialisers: those are defaults, not inputs.
    fn inputs(&mut self, proto: &GraphProto) -> Result<()> {
        check::reserve_names(proto, &mut self.graph.names);
        for info in &proto.input {
            if proto.initializer.iter().any(|t| t.name == info.name) {
                continue;
            }
            let value = value::fixed(info, &self.graph.limits)?;
            self.graph.values.push(value);
            let id = ValueId(self.graph.values.len() - 1);
            self.names.insert(info.name.clone(), id);
            self.graph.inputs.push(id);
            let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
            let code = tensor.map_or(0, |tensor| tensor.elem_type);
            self.declared.insert(info.name.clone(), code);
        }
        Ok(())
    }

    /// Constants that the chosen nodes read; others are not even decoded.
    fn initializers(
        &mut self,
        proto: &GraphProto,
        nodes: &[&NodeProto],
        functions: &[Declared],
        folder: Option<&Path>,
    ) -> Result<()> {
        let operands = nodes.iter().flat_map(|node| &node.input);
        let results = functions.iter().flat_map(|f| &f.outputs);
        let needed: BTreeSet<&String> = operands.chain(results).collect();
        for initializer in &proto.initializer {
            if !needed.contains(&initializer.name) {
                continue;
            }
            let tensor = tensor::convert(initializer, folder, &self.graph.limits)
                .map_err(|error| error.within(format!("initialiser `{}`", initializer.name)))?;
            let id = self.graph.add_constant(&initializer.name, tensor);
            let name = initializer.name.clone();
            self.declared.insert(name, initializer.data_type);
            self.rename(id, &initializer.name);
        }
        Ok(())
    }

    /// Parses one node and gives its results their ONNX names.
    fn node(&mut self, proto: &NodeProto) -> Result<()> {
        let parse = table::find(&proto.op_type).ok_or_else(|| {
            Error::input(format!("operator {} is not supported", proto.op_type))
                .at_node(check::label(proto))
        })?;
        let inputs = self.operands(proto)?;
        let before = self.graph.values.len();
        let value = proto.attribute.iter().find_map(|a| a.t.as_ref());
        if let (Some(value), Some(name)) = (value, proto.output.first()) {
            self.declared.insert(name.clone(), value.data_type);
        }
        let codes = proto.input.iter().map(|name| self.declared.get(name));
        let codes = codes.map(|code| code.copied()).collect();
        let mut site = Site::new(&mut self.graph, proto, inputs, self.version, codes);
        let outputs = parse(&mut site)
            .and_then(|outputs| site.finish(outputs))
            .map_err(|error| match error.node() {
                Some(_) => error,
                None => error.at_node(check::label(proto)),
            })?;
        for (name, id) in proto.output.iter().zip(outputs) {
            if !name.is_empty() {
                self.name_result(name, id, id.0 < before);
            }
        }
        Ok(())
    }

    fn operands(&self, proto: &NodeProto) -> Result<Vec<Option<ValueId>>> {
        let find = |name: &String| match self.names.get(name) {
            Some(&id) => Ok(Some(id)),
            None if name.is_empty() => Ok(None),
            None => Err(Error::input(format!("operand `{name}` does not exist"))
                .at_node(check::label(proto))),
        };
        proto.input.iter().map(find).collect()
    }

    /// A result that passes an existing value on gets an Identity, so that both names live.
    fn name_result(&mut self, name: &str, id: ValueId, known: bool) {
        let id = match (known, self.graph.constants.get(&id).cloned()) {
            (false, _) => id,
            (true, Some(tensor)) => self.graph.add_constant(name, tensor),
            (true, None) => self.identity(name, id),
        };
        self.rename(id, name);
    }

    fn identity(&mut self, name: &str, id: ValueId) -> ValueId {
        let value = self.graph.value(id).clone();
        let output = self.graph.add_value(name, value.dtype, value.shape);
        self.graph.nodes.push(Node {
            name: name.to_owned(),
            op: Op::Identity,
            inputs: vec![Some(id)],
            outputs: vec![output],
        });
        output
    }

    fn rename(&mut self, id: ValueId, name: &str) {
        self.graph.values[id.0].name = name.to_owned();
        self.names.insert(name.to_owned(), id);
    }

    /// Graph outputs that were reached; a declared shape must be the computed one.
    fn outputs(&mut self, proto: &GraphProto) -> Result<()> {
        for info in &proto.output {
            let Some(&id) = self.names.get(&info.name) else {
                continue;
            };
            value::check_claim(info, self.graph.value(id))?;
            self.graph.outputs.push(id);
        }
        Ok(())
    }
}

/// What every parse function is given and gives back.
type Parse = fn(&mut Site<'_>) -> Result<Vec<ValueId>>;

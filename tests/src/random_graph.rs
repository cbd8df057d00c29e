//! Random ONNX models of the supported operators: valid, small and well conditioned.
//!
//! ```text
//! a float input of rank 1 to 4
//! 1 to 12 times: an operator from the table, with random attributes, over values that exist
//! outputs: what nothing reads, and sometimes a value in the middle
//! ```
//!
//! A model is a list of pieces, each a few nodes that keep their operands safe by themselves: a
//! logarithm comes with what makes its operand positive. So any piece can be cut off, its results
//! becoming inputs, and [`RandomGraph::smaller`] finds the smallest model that still fails.

mod elementwise;
mod growth;
mod movement;
mod norms;
mod products;
mod reductions;
mod selections;
mod windows;

use growth::Growth;
use prost::Message;
use qibu_compiler::onnx::{
    DataType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, ValueInfoProto,
    value_info,
};
use std::collections::BTreeSet;

/// Operator set of the models.
const OPSET: i64 = 21;

/// What a value's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Floats.
    Real,
    /// int64 indices from `-n` to `n - 1`.
    Index(usize),
    /// int64 numbers.
    Whole,
    /// Truth values.
    Truth,
}

/// A value that pieces may read.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// What its elements are.
    pub kind: Kind,
    /// Their likely magnitude.
    pub bound: f32,
    /// Whether a small change above it can be a large one here: comparisons, rounding, indices.
    pub stepped: bool,
}

impl Default for Value {
    fn default() -> Self {
        Self {
            name: String::new(),
            shape: Vec::new(),
            kind: Kind::Real,
            bound: 1.0,
            stepped: false,
        }
    }
}

/// A few nodes that belong together.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// In order.
    pub nodes: Vec<NodeProto>,
    /// Their constants.
    pub constants: Vec<TensorProto>,
    /// What later pieces may read.
    pub results: Vec<Value>,
}

/// A random model.
#[derive(Clone, Debug, Default)]
pub struct RandomGraph {
    /// What it was made from.
    pub seed: u64,
    /// Its inputs.
    pub inputs: Vec<Value>,
    /// Its nodes.
    pub pieces: Vec<Piece>,
    /// Its outputs.
    pub outputs: Vec<Value>,
}

/// Adds a piece over values that exist; `None` where nothing fits.
type Grow = fn(&mut Growth) -> Option<()>;

/// The model of a seed, always the same.
#[must_use]
pub fn random_graph(seed: u64) -> RandomGraph {
    let mut growth = Growth::new(seed);
    let shape = input_shape(&mut growth);
    growth.input(&shape, Kind::Real);
    let wanted = growth.between(1, 12);
    let families: [&[Grow]; 7] = [
        elementwise::TABLE,
        movement::TABLE,
        norms::TABLE,
        products::TABLE,
        reductions::TABLE,
        selections::TABLE,
        windows::TABLE,
    ];
    // Families share evenly, with more of the layers that networks are made of.
    let shares = [0, 0, 1, 1, 2, 3, 3, 3, 4, 5, 6, 6, 6];
    for _ in 0..20 * wanted {
        let family = families[growth.one(&shares)];
        let grow = growth.one(family);
        let made = grow(&mut growth);
        growth.close(made);
        if growth.graph.pieces.len() == wanted {
            break;
        }
    }
    let middle = growth.chance(40);
    let chosen = growth.pick(1 << 16);
    let mut graph = growth.graph;
    graph.choose_outputs(middle.then_some(chosen));
    graph
}

fn input_shape(growth: &mut Growth) -> Vec<usize> {
    let batch = if growth.chance(20) { 2 } else { 1 };
    match growth.pick(10) {
        0 => vec![growth.between(2, 12)],
        1 | 2 => vec![growth.between(1, 4), growth.between(2, 12)],
        3 | 4 => vec![batch, growth.between(1, 8), growth.between(4, 12)],
        5 => vec![
            growth.between(1, 3),
            growth.between(1, 5),
            growth.between(1, 5),
            growth.between(1, 5),
        ],
        _ => {
            let channels = growth.one(&[1, 2, 3, 4, 4, 6, 8]);
            let (height, width) = (growth.between(4, 8), growth.between(4, 8));
            vec![batch, channels, height, width]
        }
    }
}

impl RandomGraph {
    /// What nothing reads, and the value in the middle that `also` points at.
    fn choose_outputs(&mut self, also: Option<usize>) {
        let read: BTreeSet<&str> = self
            .pieces
            .iter()
            .flat_map(|piece| &piece.nodes)
            .flat_map(|node| node.input.iter().map(String::as_str))
            .collect();
        let results = || self.pieces.iter().flat_map(|piece| &piece.results);
        let mut outputs: Vec<Value> = results()
            .filter(|value| !read.contains(value.name.as_str()))
            .cloned()
            .collect();
        let middle: Vec<&Value> = results()
            .filter(|value| read.contains(value.name.as_str()))
            .collect();
        if let (Some(also), false) = (also, middle.is_empty()) {
            outputs.push(middle[also % middle.len()].clone());
        }
        self.outputs = outputs;
    }

    /// Drops pieces and inputs that no output needs.
    fn pruned(mut self) -> Self {
        let mut needed: BTreeSet<String> = self
            .outputs
            .iter()
            .map(|value| value.name.clone())
            .collect();
        let mut kept = Vec::new();
        for piece in self.pieces.into_iter().rev() {
            let wanted = |node: &NodeProto| node.output.iter().any(|name| needed.contains(name));
            if piece.nodes.iter().any(wanted) {
                let inputs = piece.nodes.iter().flat_map(|node| node.input.clone());
                needed.extend(inputs.collect::<Vec<_>>());
                kept.push(piece);
            }
        }
        kept.reverse();
        self.pieces = kept;
        self.inputs.retain(|input| needed.contains(&input.name));
        self
    }

    /// Models that are smaller by one output, or by one piece whose results become inputs.
    fn cuts(&self) -> Vec<Self> {
        let mut cuts = Vec::new();
        if self.outputs.len() > 1 {
            for output in &self.outputs {
                cuts.push(Self {
                    outputs: vec![output.clone()],
                    ..self.clone()
                });
            }
        }
        for (index, piece) in self.pieces.iter().enumerate() {
            let mut cut = self.clone();
            cut.pieces.remove(index);
            let given = |value: &Value| piece.results.iter().any(|r| r.name == value.name);
            cut.outputs.retain(|output| !given(output));
            cut.inputs.extend(piece.results.iter().cloned());
            cuts.push(cut);
        }
        for value in self.pieces.iter().flat_map(|piece| &piece.results) {
            if self.outputs.len() > 1 || self.outputs[0].name != value.name {
                cuts.push(Self {
                    outputs: vec![value.clone()],
                    ..self.clone()
                });
            }
        }
        let sound = |cut: &Self| !cut.outputs.is_empty() && !cut.pieces.is_empty();
        cuts.into_iter().map(Self::pruned).filter(sound).collect()
    }

    /// The smallest model that cutting finds for which `fails` still holds.
    #[must_use]
    pub fn smaller(&self, fails: impl Fn(&Self) -> bool) -> Self {
        let mut smallest = self.clone();
        let size = |graph: &Self| (graph.pieces.len(), graph.outputs.len());
        while let Some(next) = smallest
            .cuts()
            .into_iter()
            .find(|cut| size(cut) < size(&smallest) && fails(cut))
        {
            smallest = next;
        }
        smallest
    }

    /// As an ONNX file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let described = |value: &Value| -> ValueInfoProto {
            let kind = match value.kind {
                Kind::Real => DataType::Float,
                Kind::Index(_) | Kind::Whole => DataType::Int64,
                Kind::Truth => DataType::Bool,
            };
            value_info(&value.name, kind, &value.shape)
        };
        let pieces = || self.pieces.iter();
        let graph = GraphProto {
            name: format!("seed {}", self.seed),
            node: pieces().flat_map(|piece| piece.nodes.clone()).collect(),
            initializer: pieces().flat_map(|piece| piece.constants.clone()).collect(),
            input: self.inputs.iter().map(described).collect(),
            output: self.outputs.iter().map(described).collect(),
            ..GraphProto::default()
        };
        let model = ModelProto {
            ir_version: 10,
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: OPSET,
            }],
            ..ModelProto::default()
        };
        model.encode_to_vec()
    }

    /// As text: inputs, nodes with their attributes and constants, outputs.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("seed {}\n", self.seed);
        for input in &self.inputs {
            text += &format!("in {} {:?} {:?}\n", input.name, input.kind, input.shape);
        }
        for piece in &self.pieces {
            for constant in &piece.constants {
                text += &format!("  {} {:?}{}\n", constant.name, constant.dims, few(constant));
            }
            for node in &piece.nodes {
                let attributes: Vec<String> = node.attribute.iter().map(attribute_text).collect();
                text += &format!(
                    "{} = {}({}) {}\n",
                    node.output.join(", "),
                    node.op_type,
                    node.input.join(", "),
                    attributes.join(" ")
                );
            }
        }
        for output in &self.outputs {
            text += &format!("out {} {:?} {:?}\n", output.name, output.kind, output.shape);
        }
        text
    }

    /// The operators in it.
    #[must_use]
    pub fn operators(&self) -> BTreeSet<String> {
        let nodes = self.pieces.iter().flat_map(|piece| &piece.nodes);
        nodes.map(|node| node.op_type.clone()).collect()
    }
}

/// The elements of a small constant.
fn few(constant: &TensorProto) -> String {
    let bytes = &constant.raw_data;
    if bytes.len() > 64 {
        return String::new();
    }
    if constant.data_type == DataType::Float as i32 {
        let (items, _) = bytes.as_chunks();
        let items: Vec<f32> = items.iter().map(|&b| f32::from_le_bytes(b)).collect();
        return format!(" = {items:?}");
    }
    if constant.data_type == DataType::Int64 as i32 {
        let (items, _) = bytes.as_chunks();
        let items: Vec<i64> = items.iter().map(|&b| i64::from_le_bytes(b)).collect();
        return format!(" = {items:?}");
    }
    format!(" = {bytes:?}")
}

fn attribute_text(attribute: &qibu_compiler::onnx::AttributeProto) -> String {
    let name = &attribute.name;
    if !attribute.ints.is_empty() {
        format!("{name}={:?}", attribute.ints)
    } else if !attribute.s.is_empty() {
        format!("{name}={}", String::from_utf8_lossy(&attribute.s))
    } else if attribute.f != 0.0 {
        format!("{name}={}", attribute.f)
    } else {
        format!("{name}={}", attribute.i)
    }
}

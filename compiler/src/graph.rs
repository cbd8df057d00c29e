//! The compiler's own graph: what `import` makes of ONNX and `simplify` rewrites.
//!
//! Values are single-assignment and fixed-shape; nodes are kept in an order in which every value
//! is produced before it is read. Operators carry typed attributes ([`Op`]), never strings, so
//! that a later pace matches on them and the compiler tells it what it forgot.

mod display;
mod edit;
mod evaluate;
mod limits;
mod metadata;
mod names;
mod op;
mod output;
mod slice;
mod tensor;
mod tidy;

pub use limits::Limits;
pub use metadata::{Metadata, Transitions};
pub(crate) use names::Names;
pub use op::{
    ArgMax, Binary, Clamp, Conv, CumSum, Gemm, Grid, Norm, Normalise, Op, Pad, Pool, PoolKind,
    ReduceKind, ScatterKind, TopK, Unary, Window,
};
pub use output::Fact;
pub(crate) use output::broadcast;
pub use tensor::{Data, Dtype, Tensor};

use std::collections::BTreeMap;

/// Index of a [`Value`] in [`Graph::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueId(pub usize);

/// A tensor that flows through the graph: a graph input, a constant, or a node's output.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Unique name: ONNX's own, or one derived from it by a pass.
    pub name: String,
    /// Element type.
    pub dtype: Dtype,
    /// Fixed shape; empty for a scalar.
    pub shape: Vec<usize>,
}

impl Value {
    /// Number of elements. Import has checked that it fits.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether a dimension is zero.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }
}

/// One operator applied to values.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Name for reports and errors: ONNX's own, or its first output's.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// Operands in the operator's order; `None` where an optional one is absent.
    pub inputs: Vec<Option<ValueId>>,
    /// Results in the operator's order.
    pub outputs: Vec<ValueId>,
}

impl Node {
    /// The operand at `index`, where there is one.
    pub fn input(&self, index: usize) -> Option<ValueId> {
        self.inputs.get(index).copied().flatten()
    }
}

/// A named slice of the graph: what its outputs need, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Name that the runtime calls it by.
    pub name: String,
    /// Arguments, in order; all of them are graph inputs.
    pub inputs: Vec<ValueId>,
    /// Results, in order.
    pub outputs: Vec<ValueId>,
}

/// A whole network: values, nodes in executable order, constants and the functions it offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// All values; [`ValueId`] indexes them.
    pub values: Vec<Value>,
    /// Nodes, each after the nodes whose outputs it reads.
    pub nodes: Vec<Node>,
    /// Values known at compile time.
    pub constants: BTreeMap<ValueId, Tensor>,
    /// Run-time inputs of the whole graph.
    pub inputs: Vec<ValueId>,
    /// Outputs of the whole graph, functions or not.
    pub outputs: Vec<ValueId>,
    /// The functions of the file, at least one.
    pub functions: Vec<Function>,
    /// What the model says about itself.
    pub metadata: Metadata,
    /// Bounds that every new node is held to.
    pub limits: Limits,
    /// Bytes of constants that folding has computed so far.
    pub(crate) folded_bytes: usize,
    /// Names in use.
    pub(crate) names: Names,
}

impl Graph {
    /// The value behind an id.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0]
    }

    /// Shape of a value.
    pub fn shape(&self, id: ValueId) -> &[usize] {
        &self.value(id).shape
    }

    /// The constant behind an id, where its value is known at compile time.
    pub fn constant(&self, id: ValueId) -> Option<&Tensor> {
        self.constants.get(&id)
    }

    /// The value called `name`.
    pub fn find(&self, name: &str) -> Option<ValueId> {
        let index = self.values.iter().position(|value| value.name == name)?;
        Some(ValueId(index))
    }

    /// Whether `id` is an output of the graph or of a function: its bits must be kept.
    pub fn is_output(&self, id: ValueId) -> bool {
        self.outputs.contains(&id) || self.functions.iter().any(|f| f.outputs.contains(&id))
    }
}

//! Compact text form of a graph, for snapshots in tests and for `--verbose`.

use super::{Dtype, Graph, Node, Op, ValueId};
use std::fmt;

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &id in &self.inputs {
            writeln!(f, "in {}", self.described(id))?;
        }
        for node in &self.nodes {
            self.write_node(f, node)?;
        }
        for function in &self.functions {
            let inputs = self.names(&function.inputs);
            let outputs = self.names(&function.outputs);
            writeln!(f, "fn {}({inputs}) -> {outputs}", function.name)?;
        }
        Ok(())
    }
}

impl Graph {
    fn write_node(&self, f: &mut fmt::Formatter<'_>, node: &Node) -> fmt::Result {
        let outputs: Vec<_> = node.outputs.iter().map(|&id| self.described(id)).collect();
        let inputs: Vec<_> = node.inputs.iter().map(|&id| self.operand(id)).collect();
        let (outputs, inputs) = (outputs.join(", "), inputs.join(", "));
        writeln!(f, "{outputs} = {}({inputs})", node.op)
    }

    fn operand(&self, id: Option<ValueId>) -> String {
        match id {
            None => "-".into(),
            Some(id) if self.constants.contains_key(&id) => format!("#{}", self.described(id)),
            Some(id) => self.value(id).name.clone(),
        }
    }

    fn described(&self, id: ValueId) -> String {
        let value = self.value(id);
        let dtype = match value.dtype {
            Dtype::F32 => "",
            other => other.name(),
        };
        format!("{}:{dtype}{:?}", value.name, value.shape).replace(", ", ",")
    }

    fn names(&self, ids: &[ValueId]) -> String {
        let names: Vec<_> = ids.iter().map(|&id| self.value(id).name.as_str()).collect();
        names.join(", ")
    }
}

impl Op {
    /// Name without attributes, for tables and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) => "Conv",
            Self::Gemm(_) => "Gemm",
            Self::MatMul => "MatMul",
            Self::Pool(_) => "Pool",
            Self::Identity => "Identity",
            Self::Gather { .. } => "Gather",
            Self::Binary(_) => "Binary",
            Self::Unary(_) => "Unary",
            Self::Clip(_) => "Clip",
            Self::Reduce { .. } => "Reduce",
            Self::Reshape { .. } => "Reshape",
            Self::Transpose { .. } => "Transpose",
            Self::Softmax { .. } => "Softmax",
            Self::TopK(_) => "TopK",
            Self::ArgMax(_) => "ArgMax",
            Self::Expand { .. } => "Expand",
            Self::Where => "Where",
            Self::Pad(_) => "Pad",
            Self::Scatter(_) => "Scatter",
            Self::CumSum(_) => "CumSum",
            Self::Normalise(_) => "Normalise",
            Self::Products => "Products",
            Self::Snap(_) => "Snap",
            Self::ToGrid(..) => "ToGrid",
            Self::FromGrid(_) => "FromGrid",
            Self::Concat { .. } => "Concat",
            Self::Slice { .. } => "Slice",
            Self::Split { .. } => "Split",
            Self::Cast { .. } => "Cast",
            Self::Dense { .. } => "Dense",
            Self::ConvNhwc { .. } => "ConvNhwc",
            Self::PoolNhwc(_) => "PoolNhwc",
            Self::Gate => "Gate",
            Self::TopKDense { line: None, .. } => "TopKDense",
            Self::TopKDense { .. } => "TopKGroups",
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary(kind) => write!(f, "{kind:?}"),
            Self::Unary(kind) => write!(f, "{kind:?}"),
            Self::Reduce { kind, axes, .. } => write!(f, "Reduce{kind:?}{axes:?}"),
            Self::Transpose { permutation } => write!(f, "Transpose{permutation:?}"),
            Self::Softmax { axis, log: false } => write!(f, "Softmax[{axis}]"),
            Self::Softmax { axis, log: true } => write!(f, "LogSoftmax[{axis}]"),
            Self::TopK(top) => write!(f, "TopK[{}]", top.k),
            Self::TopKDense { k, line: None } => write!(f, "TopKDense[{k}]"),
            Self::TopKDense {
                k,
                line: Some(line),
            } => write!(f, "TopKGroups[{k},{line}]"),
            Self::Dense { clamp: Some(clamp) }
            | Self::ConvNhwc {
                clamp: Some(clamp), ..
            } => {
                write!(f, "{}[{}..{}]", self.name(), clamp.low, clamp.high)
            }
            Self::Clip(clamp) => write!(f, "Clip[{}..{}]", clamp.low, clamp.high),
            Self::Gather { axis } | Self::Concat { axis } | Self::Split { axis, .. } => {
                write!(f, "{}[{axis}]", self.name())
            }
            _ => f.write_str(self.name()),
        }
    }
}

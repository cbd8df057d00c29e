//! Editing a graph without breaking it: passes add, rewire and leave the tidying to this file.

use super::evaluate::evaluate;
use super::output::Fact;
use super::{Dtype, Graph, Node, Op, Tensor, Value, ValueId};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

impl Graph {
    /// A new value named after `base`, made unique.
    pub fn add_value(&mut self, base: &str, dtype: Dtype, shape: Vec<usize>) -> ValueId {
        let name = self.names.unique(base);
        self.values.push(Value { name, dtype, shape });
        ValueId(self.values.len() - 1)
    }

    /// A new constant named after `base`.
    pub fn add_constant(&mut self, base: &str, tensor: Tensor) -> ValueId {
        let id = self.add_value(base, tensor.dtype(), tensor.shape().to_vec());
        self.constants.insert(id, tensor);
        id
    }

    /// Appends a node, its results shaped by [`Op::output`] and named after `base`.
    ///
    /// With constant operands, the result of a cheap operator is a constant instead of a node.
    /// [`Graph::tidy`] restores the order of the nodes afterwards.
    pub fn apply(
        &mut self,
        op: Op,
        inputs: &[Option<ValueId>],
        base: &str,
    ) -> Result<Vec<ValueId>> {
        if self.nodes.len() >= self.limits.nodes {
            let limit = self.limits.nodes;
            return Err(Error::input(format!("more than {limit} nodes")).at_node(base));
        }
        let operands: Vec<_> = inputs
            .iter()
            .map(|id| id.map(|id| self.value(id)))
            .collect();
        let facts = op
            .output(&operands, &self.limits)
            .map_err(|error| error.at_node(base))?;
        if let Some(tensor) = self.fold(&op, inputs, &facts)? {
            self.count_folded(&tensor)
                .map_err(|error| error.at_node(base))?;
            return Ok(vec![self.add_constant(base, tensor)]);
        }
        let mut outputs = Vec::new();
        for (dtype, shape) in facts {
            outputs.push(self.add_value(base, dtype, shape));
        }
        self.nodes.push(Node {
            name: base.to_owned(),
            op,
            inputs: inputs.to_vec(),
            outputs: outputs.clone(),
        });
        Ok(outputs)
    }

    /// Keeps a chain of cheap operators from copying one big constant without end.
    pub(crate) fn count_folded(&mut self, tensor: &Tensor) -> Result<()> {
        let bytes = tensor.len().saturating_mul(tensor.dtype().size());
        self.folded_bytes = self.folded_bytes.saturating_add(bytes);
        if self.folded_bytes <= self.limits.folded_bytes {
            return Ok(());
        }
        Err(Error::input(format!(
            "constants computed at compile time pass the limit of {} bytes",
            self.limits.folded_bytes
        )))
    }

    /// [`Graph::apply`] for operators of one result.
    pub fn apply_one(&mut self, op: Op, inputs: &[Option<ValueId>], base: &str) -> Result<ValueId> {
        let outputs = self.apply(op, inputs, base)?;
        Ok(outputs[0])
    }

    /// The constant that a node amounts to, where its operands are constants and it is cheap.
    pub(crate) fn fold(
        &self,
        op: &Op,
        inputs: &[Option<ValueId>],
        facts: &[Fact],
    ) -> Result<Option<Tensor>> {
        let constant = |id: &Option<ValueId>| id.and_then(|id| self.constant(id));
        let operands: Option<Vec<_>> = inputs.iter().map(constant).collect();
        match (operands, facts) {
            (Some(operands), [(_, shape)]) => evaluate(op, &operands, shape),
            _ => Ok(None),
        }
    }

    /// Index of the node that produces each value.
    pub fn producers(&self) -> BTreeMap<ValueId, usize> {
        let outputs = |(index, node): (usize, &Node)| {
            let pairs: Vec<_> = node.outputs.iter().map(|&id| (id, index)).collect();
            pairs
        };
        self.nodes.iter().enumerate().flat_map(outputs).collect()
    }

    /// The node that produces `id`, where one does.
    pub fn producer(&self, id: ValueId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.outputs.contains(&id))
    }

    /// Indices of the nodes that read `id`.
    pub fn consumers(&self, id: ValueId) -> Vec<usize> {
        let reads = |node: &Node| node.inputs.contains(&Some(id));
        (0..self.nodes.len())
            .filter(|&index| reads(&self.nodes[index]))
            .collect()
    }

    /// How many operands and outputs mention each value. A value mentioned once, by an operand,
    /// may vanish into the node that reads it.
    pub fn use_counts(&self) -> BTreeMap<ValueId, usize> {
        let mut counts = BTreeMap::new();
        let operands = self.nodes.iter().flat_map(|node| &node.inputs).flatten();
        for &id in operands.chain(&self.all_outputs()) {
            *counts.entry(id).or_insert(0) += 1;
        }
        counts
    }
}

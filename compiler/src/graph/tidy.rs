//! After an edit: dead nodes dropped, the rest in executable order, ids without gaps.

use super::{Graph, Node, Value, ValueId};
use std::collections::{BTreeMap, BTreeSet};

impl Graph {
    /// Drops nodes that no function and no output needs, and puts the rest in executable order,
    /// as close to the order they had as that allows.
    pub fn tidy(&mut self) {
        let producers = self.producers();
        let mut done = BTreeSet::new();
        let mut order = Vec::new();
        let wanted: Vec<ValueId> = self.all_outputs().into_iter().collect();
        let needed = self.needed_nodes(&wanted, &producers);
        for root in needed.iter().copied() {
            // Depth first without recursion: a node is emitted once its operands are.
            let mut stack = vec![root];
            while let Some(&index) = stack.last() {
                let operands = self.nodes[index].inputs.iter().flatten();
                let missing = operands
                    .filter_map(|id| producers.get(id))
                    .find(|producer| !done.contains(*producer));
                match missing {
                    Some(&producer) => stack.push(producer),
                    None => {
                        stack.pop();
                        if done.insert(index) {
                            order.push(index);
                        }
                    }
                }
            }
        }
        let mut nodes: Vec<Option<Node>> = self.nodes.drain(..).map(Some).collect();
        self.nodes = order.into_iter().filter_map(|i| nodes[i].take()).collect();
    }

    /// Tidies, then drops constants and values that nothing mentions and renumbers the rest.
    pub fn compact(&mut self) {
        self.tidy();
        let mut used: BTreeSet<ValueId> = self.all_outputs();
        used.extend(&self.inputs);
        used.extend(self.functions.iter().flat_map(|f| &f.inputs));
        for node in &self.nodes {
            used.extend(node.inputs.iter().flatten());
            used.extend(&node.outputs);
        }
        let renumbered: BTreeMap<ValueId, ValueId> = used
            .iter()
            .enumerate()
            .map(|(index, &id)| (id, ValueId(index)))
            .collect();
        let mut values: Vec<Option<Value>> = self.values.drain(..).map(Some).collect();
        self.values = used.iter().filter_map(|id| values[id.0].take()).collect();
        self.constants = std::mem::take(&mut self.constants)
            .into_iter()
            .filter_map(|(id, tensor)| Some((*renumbered.get(&id)?, tensor)))
            .collect();
        let rename = |id: &mut ValueId| *id = renumbered[id];
        self.inputs.iter_mut().for_each(rename);
        self.outputs.iter_mut().for_each(rename);
        for function in &mut self.functions {
            function.inputs.iter_mut().for_each(rename);
            function.outputs.iter_mut().for_each(rename);
        }
        for node in &mut self.nodes {
            node.inputs.iter_mut().flatten().for_each(rename);
            node.outputs.iter_mut().for_each(rename);
        }
    }

    /// Outputs of the graph and of its functions.
    pub fn all_outputs(&self) -> BTreeSet<ValueId> {
        let of_functions = self.functions.iter().flat_map(|f| &f.outputs);
        self.outputs.iter().chain(of_functions).copied().collect()
    }

    /// Nodes that `wanted` needs, by index, whatever order the nodes are in.
    fn needed_nodes(
        &self,
        wanted: &[ValueId],
        producers: &BTreeMap<ValueId, usize>,
    ) -> BTreeSet<usize> {
        let mut needed = BTreeSet::new();
        let mut queue = wanted.to_vec();
        while let Some(id) = queue.pop() {
            if let Some(&index) = producers.get(&id)
                && needed.insert(index)
            {
                queue.extend(self.nodes[index].inputs.iter().flatten());
            }
        }
        needed
    }
}

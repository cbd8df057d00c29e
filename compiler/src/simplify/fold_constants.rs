//! Nodes whose operands are all known become constants, where that is cheap.
//!
//! Before: `y = Transpose(#w)`. After: `#y`.

use crate::error::Result;
use crate::graph::Graph;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let facts: Vec<_> = node
            .outputs
            .iter()
            .map(|&id| (graph.value(id).dtype, graph.shape(id).to_vec()))
            .collect();
        if let Some(tensor) = graph.fold(&node.op, &node.inputs, &facts)? {
            let output = node.outputs[0];
            graph.count_folded(&tensor)?;
            graph.constants.insert(output, tensor);
            graph.nodes[index].outputs.clear();
            changed = true;
        }
    }
    Ok(changed)
}

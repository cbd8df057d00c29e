//! Nodes that no output needs, and constants that no node reads, go.
//!
//! Before: `y = Relu(x)`, `z = Exp(x)`, output `z`. After: `z = Exp(x)`.

use crate::error::Result;
use crate::graph::Graph;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let before = (graph.nodes.len(), graph.constants.len());
    graph.compact();
    Ok((graph.nodes.len(), graph.constants.len()) != before)
}

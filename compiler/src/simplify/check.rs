//! After the passes: what could not be lowered is named here, all at once.

use crate::error::{Error, Result};
use crate::graph::{Graph, Node, Op};

/// Refuses operators that later paces do not know, and outputs that need no computing.
pub(super) fn lowered(graph: &Graph) -> Result<()> {
    let constant = graph
        .outputs
        .iter()
        .find(|id| graph.constants.contains_key(id));
    if let Some(&id) = constant {
        return Err(Error::input(format!(
            "output `{}` is a constant: it depends on no input",
            graph.value(id).name
        ))
        .hint("remove this output from the model"));
    }
    let reason = |node: &Node| match node.op {
        Op::Conv(_) | Op::Gemm(_) => Some("its weights or bias are computed at run time"),
        _ => None,
    };
    let line = |node: &Node| {
        let reason = reason(node)?;
        Some(format!(
            "\n    {} ({}): {reason}",
            node.name,
            node.op.name()
        ))
    };
    let lines: Vec<String> = graph.nodes.iter().filter_map(line).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(Error::input(format!(
        "{} nodes cannot be lowered:{}",
        lines.len(),
        lines.concat()
    ))
    .hint("make the weights initialisers of the model"))
}

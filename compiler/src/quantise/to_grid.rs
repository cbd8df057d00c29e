//! `ToGrid`: integers that the model itself defines, as it hands them out or goes on with them.
//!
//! ```text
//! int8 that only a caller reads leaves as int8 on its grid, which the record shows:
//!     of an operand in integers by nothing at all, or by a table      see [`super::snap`]
//!     of real numbers by `ToGrid`, to the very integer
//! elsewhere they are int32, as all integers that are calculated with
//! ```

use super::builder::{Builder, Quantisation};
use super::snap::{int8, rounded};
use super::unsupported;
use crate::error::Result;
use crate::graph::{Dtype, Graph, Grid, Node, Op, ValueId};
use qibu::format::{DType, Opcode};

/// The quantisation with which the integers of `node` leave in int8, if they do.
pub(super) fn leaving(graph: &Graph, node: &Node) -> Option<Quantisation> {
    let Op::ToGrid(grid, Dtype::I8) = &node.op else {
        return None;
    };
    let output = *node.outputs.first()?;
    is_unread(graph, output).then(|| int8(grid)).flatten()
}

/// Whether only callers read `value`, at once or through views.
fn is_unread(graph: &Graph, value: ValueId) -> bool {
    let readers = graph.consumers(value);
    let mut readers = readers.iter().map(|&index| &graph.nodes[index]);
    readers.all(|node| {
        matches!(node.op, Op::Reshape { .. } | Op::Transpose { .. })
            && node.outputs.iter().all(|&view| is_unread(graph, view))
    })
}

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, grid: &Grid) -> Result<()> {
    let (&[scale], &[zero_point]) = (&grid.scale[..], &grid.zero_point[..]) else {
        return Err(unsupported(node));
    };
    let x = builder.input(node, 0)?;
    let leaving = leaving(builder.graph, node);
    if !builder.is_real(node) {
        return rounded(builder, node, x);
    }
    let (dtype, quantisation) = match leaving {
        Some(quantisation) => (DType::I8, quantisation),
        None => (DType::I32, Quantisation::NONE),
    };
    let out = builder.arena(node.outputs[0], dtype, quantisation)?;
    let integers = [zero_point, grid.low, grid.high].map(|integer| integer as u32);
    let attributes = [&[scale.to_bits()][..], &integers].concat();
    builder.push(Opcode::ToGrid, &node.name, vec![x], vec![out], attributes);
    Ok(())
}

#[cfg(test)]
mod tests;

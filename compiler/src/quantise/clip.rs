//! `Clip`: limits. A matrix operator has them already; `Add` and `Mul` apply those of a Clip behind
//! them; any other Clip of integers is a
//! product with one, limited.

use super::arithmetic::push_integers;
use super::builder::Builder;
use super::unary;
use crate::error::Result;
use crate::graph::{Binary, Clamp, Graph, Node, Op, ValueId};
use qibu::Function1;
use qibu::format::DType;
use std::collections::BTreeMap;

/// Sums and products whose only reader is a Clip: its limits, and the value behind it.
pub(super) fn limits(graph: &Graph) -> BTreeMap<ValueId, (Clamp, ValueId)> {
    let (producers, uses) = (graph.producers(), graph.use_counts());
    let absorbs = |id: &ValueId| {
        let producer = producers.get(id).map(|&index| &graph.nodes[index].op);
        let binary = matches!(producer, Some(Op::Binary(Binary::Add | Binary::Mul)));
        binary && uses.get(id) == Some(&1)
    };
    let limit = |node: &Node| match node.op {
        Op::Clip(clamp) => {
            let x = node.input(0).filter(absorbs)?;
            Some((x, (clamp, node.outputs[0])))
        }
        _ => None,
    };
    graph.nodes.iter().filter_map(limit).collect()
}

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, clamp: Clamp) -> Result<()> {
    let value = node.outputs[0];
    if builder.is_computed(value) {
        // The step before has applied it.
        return Ok(());
    }
    let x = builder.input(node, 0)?;
    if builder.is_real(node) {
        return unary::push_real(builder, node, x, (Function1::Clip, clamp.low, clamp.high));
    }
    let one = builder.weights("one", DType::I8, &[1], 1.0 / 127.0, vec![127])?;
    push_integers(builder, node, Binary::Mul, [x, one], (Some(clamp), value))
}

//! `Where`, `Cast` and `Scatter`: choices between values, conversions, replacements.

use super::builder::{Builder, Quantisation, plain};
use super::weights::quantisation_of;
use crate::error::Result;
use crate::graph::{Node, ScatterKind};
use qibu::format::Opcode;

pub(super) fn choose(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
    let mut inputs = Vec::new();
    for index in 0..3 {
        inputs.push(builder.input(node, index)?);
    }
    let value = node.outputs[0];
    let dtype = plain(builder.graph.value(value).dtype);
    let out = builder.arena(value, dtype, Quantisation::NONE)?;
    builder.push(Opcode::Where, &node.name, inputs, vec![out], vec![]);
    Ok(())
}

/// Integers of different widths are one type at run time: between them a cast is a view.
pub(super) fn cast(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
    let x = builder.input(node, 0)?;
    let value = node.outputs[0];
    let (from, _) = quantisation_of(builder, x);
    let to = plain(builder.graph.value(value).dtype);
    if from == to {
        return builder.view(node);
    }
    let out = builder.arena(value, to, Quantisation::NONE)?;
    builder.push(Opcode::Cast, &node.name, vec![x], vec![out], vec![]);
    Ok(())
}

pub(super) fn scatter(builder: &mut Builder<'_>, node: &Node, kind: ScatterKind) -> Result<()> {
    let mut inputs = Vec::new();
    for index in 0..3 {
        inputs.push(builder.input(node, index)?);
    }
    let value = node.outputs[0];
    let target = builder.graph.value(value);
    let (dtype, width) = (plain(target.dtype), target.shape[1] as u32);
    let kind = match kind {
        ScatterKind::Replace => 0,
        ScatterKind::Add => 1,
        ScatterKind::Mul => 2,
        ScatterKind::Max => 3,
        ScatterKind::Min => 4,
    };
    let out = builder.arena(value, dtype, Quantisation::NONE)?;
    let attributes = vec![kind, width];
    builder.push(Opcode::Scatter, &node.name, inputs, vec![out], attributes);
    Ok(())
}

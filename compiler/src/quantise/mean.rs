//! `Mean` over the second last axis.

use super::builder::{Builder, Quantisation};
use super::weights::{quantisation_of, scale_word};
use crate::error::Result;
use crate::graph::{Graph, Node, Op, ReduceKind};
use qibu::format::{DType, Opcode};

/// Why the runtime has no form for it, if so.
pub(super) fn obstacle(graph: &Graph, node: &Node) -> Option<String> {
    let Op::Reduce { kind, axes, .. } = &node.op else {
        return None;
    };
    let rank = node.input(0).map_or(0, |x| graph.shape(x).len());
    let fits = *kind == ReduceKind::Mean && rank >= 2 && axes[..] == [rank - 2];
    (!fits).then(|| {
        format!("{kind:?} over axes {axes:?} of {rank}, expected the mean over the second last")
    })
}

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
    let x = builder.input(node, 0)?;
    let value = node.outputs[0];
    let shape = &builder.tensor(x).shape;
    let steps = shape[shape.len() - 2] as f64;
    let (out, scale) = if builder.scheme.is_float() {
        (builder.arena(value, DType::F32, Quantisation::NONE)?, 0)
    } else {
        let (_, from) = quantisation_of(builder, x);
        let dtype = builder.type_of(value);
        let to = builder.calibrated(value, dtype, from.scale / steps as f32 * 1.000_001);
        let factor = f64::from(from.scale) / (f64::from(to.scale) * steps);
        (builder.arena(value, dtype, to)?, scale_word(factor))
    };
    builder.push(Opcode::Mean, &node.name, vec![x], vec![out], vec![scale]);
    Ok(())
}

//! `Pool`: the maximum or the mean of sliding windows; quantisation passes through.

use super::builder::Builder;
use super::weights::quantisation_of;
use crate::error::Result;
use crate::graph::{Node, Pool, PoolKind};
use qibu::format::Opcode;

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, pool: &Pool) -> Result<()> {
    let x = builder.input(node, 0)?;
    let (dtype, quantisation) = quantisation_of(builder, x);
    let out = builder.arena(node.outputs[0], dtype, quantisation)?;
    let kind = match pool.kind {
        PoolKind::Max => 0,
        PoolKind::Average => 1,
        PoolKind::AverageWithPadding => 2,
    };
    let window = &pool.window;
    let pairs = [
        window.kernel,
        window.strides,
        window.dilations,
        window.before,
    ];
    let mut attributes = vec![kind];
    attributes.extend(pairs.iter().flatten().map(|&extent| extent as u32));
    builder.push(Opcode::Pool, &node.name, vec![x], vec![out], attributes);
    Ok(())
}

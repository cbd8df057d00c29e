//! `Transpose`: the same elements, axes permuted; quantisation passes through.

use super::builder::Builder;
use super::weights::quantisation_of;
use crate::error::Result;
use crate::graph::Node;
use qibu::format::{MAX_RANK, Opcode};

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, permutation: &[usize]) -> Result<()> {
    let x = builder.input(node, 0)?;
    let (dtype, quantisation) = quantisation_of(builder, x);
    let out = builder.arena(node.outputs[0], dtype, quantisation)?;
    let mut attributes: Vec<u32> = permutation.iter().map(|&axis| axis as u32).collect();
    attributes.resize(MAX_RANK, 0);
    builder.push(
        Opcode::Transpose,
        &node.name,
        vec![x],
        vec![out],
        attributes,
    );
    Ok(())
}

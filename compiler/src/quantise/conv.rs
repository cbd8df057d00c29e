//! `Conv`: channels-last convolution of one group.

use super::builder::Builder;
use super::dense::output;
use super::weights::{self, clamp_words, quantisation_of};
use crate::error::Result;
use crate::graph::{Clamp, Conv, Graph, Node};
use qibu::format::Opcode;

/// Why the runtime has no form for it, if so.
pub(super) fn obstacle(graph: &Graph, node: &Node, conv: &Conv) -> Option<String> {
    let batch = node.input(0).map(|x| graph.shape(x)[0]);
    match (conv.group, batch) {
        (1, Some(1)) => None,
        (1, batch) => Some(format!("batch {}, expected 1", batch.unwrap_or(0))),
        (group, _) => Some(format!("{group} groups, expected 1")),
    }
}

pub(super) fn lower(
    builder: &mut Builder<'_>,
    node: &Node,
    conv: &Conv,
    clamp: Option<Clamp>,
) -> Result<()> {
    let x = builder.input(node, 0)?;
    let matrix = weights::matrix(builder, node, x)?;
    let (out, inputs) = output(builder, node, x, &matrix)?;
    let (dtype, quantisation) = quantisation_of(builder, out);
    let window = &conv.window;
    let pairs = [
        window.kernel,
        window.strides,
        window.dilations,
        window.before,
    ];
    let mut attributes: Vec<u32> = pairs
        .iter()
        .flatten()
        .map(|&extent| extent as u32)
        .collect();
    attributes.extend(clamp_words(clamp, dtype, quantisation));
    builder.push(Opcode::Conv, &node.name, inputs, vec![out], attributes);
    Ok(())
}

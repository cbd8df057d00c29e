//! `Conv`: channels-last convolution in groups.

use super::builder::Builder;
use super::dense::output;
use super::weights::{self, clamp_words, quantisation_of};
use crate::error::Result;
use crate::graph::{Clamp, Conv, Node};
use qibu::format::Opcode;

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
    attributes.push(conv.group as u32);
    builder.push(Opcode::Conv, &node.name, inputs, vec![out], attributes);
    Ok(())
}

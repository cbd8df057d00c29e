//! `MatMul`: rows of one activation against rows of another.

use super::builder::{Builder, Quantisation};
use super::weights::{quantisation_of, scale_word};
use crate::error::Result;
use crate::graph::Node;
use qibu::format::{DType, Opcode};

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
    let inputs = vec![builder.input(node, 0)?, builder.input(node, 1)?];
    let value = node.outputs[0];
    let (dtype, quantisation, scale) = if builder.is_real(node) {
        (DType::F32, Quantisation::NONE, 0)
    } else {
        let (_, a) = quantisation_of(builder, inputs[0]);
        let (_, b) = quantisation_of(builder, inputs[1]);
        let dtype = builder.type_of(value);
        let to = builder.calibrated(value, dtype, a.scale * b.scale * 1.000_001);
        let factor = f64::from(a.scale) * f64::from(b.scale) / f64::from(to.scale);
        (dtype, to, scale_word(factor))
    };
    let out = builder.arena(value, dtype, quantisation)?;
    builder.push(Opcode::MatMul, &node.name, inputs, vec![out], vec![scale]);
    Ok(())
}

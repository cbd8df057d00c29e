//! `Concat` and `Pad`: tensors joined, tensors surrounded.

use super::builder::{Builder, Quantisation, plain};
use super::weights::{quantisation_of, scale_word};
use crate::error::{Error, Result};
use crate::graph::{Dtype, Node, Pad};
use crate::program::TensorId;
use qibu::format::{DType, MAX_RANK, Opcode};

/// Most operands of a step.
const FAN_IN: usize = 4;

/// Four operands a step; more are joined in turn.
pub(super) fn concat(builder: &mut Builder<'_>, node: &Node, axis: usize) -> Result<()> {
    let value = node.outputs[0];
    let target = builder.graph.value(value);
    let (shape, quantised) = (target.shape.clone(), target.dtype == Dtype::F32);
    let mut parts = Vec::new();
    for index in 0..node.inputs.len() {
        parts.push(builder.input(node, index)?);
    }
    let (dtype, to) = if quantised && !builder.is_real(node) {
        let dtype = builder.type_of(value);
        let least = parts.iter().fold(0.0, |most, &part| {
            qibu::math::max(most, builder.tensor(part).scale)
        });
        (dtype, builder.calibrated(value, dtype, least))
    } else {
        (plain(builder.graph.value(value).dtype), Quantisation::NONE)
    };
    let outer: usize = shape[..axis].iter().product();
    loop {
        let last = parts.len() <= FAN_IN;
        let mut joined = Vec::new();
        for group in parts.chunks(FAN_IN) {
            let out = if last {
                builder.arena(value, dtype, to)?
            } else {
                let length = group
                    .iter()
                    .map(|&part| builder.tensor(part).shape[axis])
                    .sum();
                let mut shape = shape.clone();
                shape[axis] = length;
                builder.temporary(None, &node.name, shape, dtype, to)?
            };
            push_concat(builder, node, group, out, outer);
            joined.push(out);
        }
        if last {
            return Ok(());
        }
        parts = joined;
    }
}

fn push_concat(
    builder: &mut Builder<'_>,
    node: &Node,
    parts: &[TensorId],
    out: TensorId,
    outer: usize,
) {
    let (_, to) = quantisation_of(builder, out);
    let mut attributes = vec![outer as u32];
    for &part in parts {
        let (dtype, from) = quantisation_of(builder, part);
        let same = !matches!(dtype, DType::I8 | DType::I16) || from == to;
        let factor = f64::from(from.scale) / f64::from(to.scale);
        attributes.push(if same { 0 } else { scale_word(factor) });
    }
    attributes.resize(1 + FAN_IN, 0);
    builder.push(
        Opcode::Concat,
        &node.name,
        parts.to_vec(),
        vec![out],
        attributes,
    );
}

pub(super) fn pad(builder: &mut Builder<'_>, node: &Node, pad: &Pad) -> Result<()> {
    let x = builder.input(node, 0)?;
    let (dtype, quantisation) = quantisation_of(builder, x);
    let zero = quantisation.zero_point;
    let value = match dtype {
        DType::F32 => pad.value.to_bits(),
        DType::Bool => u32::from(pad.value != 0.0),
        DType::I8 | DType::I16 => zero as u32,
        _ => pad.value as i32 as u32,
    };
    let words = |items: &[usize], rest: u32| {
        let mut words: Vec<u32> = items.iter().map(|&item| item as u32).collect();
        words.resize(MAX_RANK, rest);
        words
    };
    if pad.before.len() > MAX_RANK {
        return Err(Error::input(format!(
            "padding of more than {MAX_RANK} axes"
        )));
    }
    let mut attributes = vec![value];
    attributes.extend(words(&pad.before, 0));
    attributes.extend(words(&pad.step, 0));
    let out = builder.arena(node.outputs[0], dtype, quantisation)?;
    builder.push(Opcode::Pad, &node.name, vec![x], vec![out], attributes);
    Ok(())
}

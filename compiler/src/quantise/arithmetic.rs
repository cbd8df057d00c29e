//! `Add` and `Mul` of integers and floats, `Binary` of the rest: two operands, element by element.

use super::builder::{Builder, Quantisation, missing, plain};
use super::movement::expanded;
use super::weights::{clamp_words, constant_f32, quantisation_of, scale_word, shape_of, symmetric};
use crate::error::Result;
use crate::graph::{Binary, Clamp, Node, ValueId};
use crate::program::TensorId;
use qibu::Function2;
use qibu::format::{DType, Opcode};

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, kind: Binary) -> Result<()> {
    let value = node.outputs[0];
    let sums = matches!(kind, Binary::Add | Binary::Mul);
    let float = builder.graph.value(value).dtype == crate::graph::Dtype::F32;
    let repeats = repeating(builder, node);
    if !(sums && float) || (builder.is_real(node) && repeats.is_none()) {
        return lower_general(builder, node, kind);
    }
    let (first, second) = repeats.unwrap_or((0, 1));
    let target = builder.limited(value);
    if builder.is_real(node) {
        let operands = [builder.input(node, first)?, builder.input(node, second)?];
        return push_reals(builder, node, kind, operands, target);
    }
    let mut operands = [
        operand(builder, node, first)?,
        operand(builder, node, second)?,
    ];
    if repeats.is_none() {
        // The kernel repeats along leading axes only: anything else is written out.
        let shape = builder.graph.shape(value).to_vec();
        for id in &mut operands {
            *id = expanded(builder, node, *id, &shape)?;
        }
    }
    push_integers(builder, node, kind, operands, target)
}

/// Which operand comes first so that the kernel repeats the second one; `None` where neither ends
/// the other.
fn repeating(builder: &Builder<'_>, node: &Node) -> Option<(usize, usize)> {
    let graph = builder.graph;
    let (a, b) = (node.input(0)?, node.input(1)?);
    let out = graph.shape(node.outputs[0]);
    let (a_shape, b_shape) = (graph.shape(a), graph.shape(b));
    let repeats = |short: &[usize], long: &[usize]| long == out && is_suffix(short, long);
    // An activation first, where there is one: constants are the second operand.
    let constant = graph.constant(a).is_some() && graph.constant(b).is_none();
    match (repeats(b_shape, a_shape), repeats(a_shape, b_shape)) {
        (true, _) if !constant => Some((0, 1)),
        (_, true) => Some((1, 0)),
        _ => None,
    }
}

/// Whether `short`, leading ones left out, ends `long`.
fn is_suffix(short: &[usize], long: &[usize]) -> bool {
    let first = short
        .iter()
        .position(|&dim| dim != 1)
        .unwrap_or(short.len());
    long.ends_with(&short[first..])
}

/// An operand of an integer sum or product.
fn operand(builder: &mut Builder<'_>, node: &Node, index: usize) -> Result<TensorId> {
    let value = node.input(index).ok_or_else(|| missing(node, index))?;
    if builder.graph.constant(value).is_none() {
        return builder.input(node, index);
    }
    let values = constant_f32(builder, node, index)?;
    let shape = shape_of(builder, node, index)?.to_vec();
    let (scale, bytes) = symmetric(values);
    let name = format!("{}.constant", node.name);
    builder.weights(&name, DType::I8, &shape, scale, bytes)
}

/// What a step stores: the limits of a Clip that it has absorbed, and the value.
pub(super) type Target = (Option<Clamp>, ValueId);

fn opcode(kind: Binary) -> Opcode {
    match kind {
        Binary::Add => Opcode::Add,
        _ => Opcode::Mul,
    }
}

fn push_reals(
    builder: &mut Builder<'_>,
    node: &Node,
    kind: Binary,
    operands: [TensorId; 2],
    (clamp, value): Target,
) -> Result<()> {
    let out = builder.arena(value, DType::F32, Quantisation::NONE)?;
    let mut attributes = match kind {
        Binary::Add => vec![0, 0],
        _ => vec![0],
    };
    attributes.extend(clamp_words(clamp, DType::F32, Quantisation::NONE));
    let operands = operands.to_vec();
    builder.push(opcode(kind), &node.name, operands, vec![out], attributes);
    Ok(())
}

/// Appends the integer step that computes `target` from a and b.
pub(super) fn push_integers(
    builder: &mut Builder<'_>,
    node: &Node,
    kind: Binary,
    [a_id, b_id]: [TensorId; 2],
    (clamp, value): Target,
) -> Result<()> {
    let ((_, a), (_, b)) = (
        quantisation_of(builder, a_id),
        quantisation_of(builder, b_id),
    );
    let dtype = builder.type_of(value);
    let least = match kind {
        Binary::Add => qibu::math::max(a.scale, b.scale) / 127.0,
        _ => a.scale * b.scale * 1.000_001,
    };
    let quantisation = builder.calibrated(value, dtype, least);
    let step = f64::from(quantisation.scale);
    let mut attributes = match kind {
        Binary::Add => vec![
            scale_word(f64::from(a.scale) / step / 128.0),
            scale_word(f64::from(b.scale) / step / 128.0),
        ],
        _ => vec![scale_word(f64::from(a.scale) * f64::from(b.scale) / step)],
    };
    attributes.extend(clamp_words(clamp, dtype, quantisation));
    let out = builder.arena(value, dtype, quantisation)?;
    let operands = vec![a_id, b_id];
    builder.push(opcode(kind), &node.name, operands, vec![out], attributes);
    Ok(())
}

/// Any function of any broadcast operands, not quantised.
fn lower_general(builder: &mut Builder<'_>, node: &Node, kind: Binary) -> Result<()> {
    let operands = vec![builder.input(node, 0)?, builder.input(node, 1)?];
    let value = node.outputs[0];
    let dtype = plain(builder.graph.value(value).dtype);
    let out = builder.arena(value, dtype, Quantisation::NONE)?;
    let attributes = vec![function(kind) as u32];
    builder.push(Opcode::Binary, &node.name, operands, vec![out], attributes);
    Ok(())
}

/// The runtime's function for `kind`.
pub(super) fn function(kind: Binary) -> Function2 {
    match kind {
        Binary::Add => Function2::Add,
        Binary::Sub => Function2::Sub,
        Binary::Mul => Function2::Mul,
        Binary::Div => Function2::Div,
        Binary::Pow => Function2::Pow,
        Binary::Min => Function2::Min,
        Binary::Max => Function2::Max,
        Binary::Mod => Function2::Mod,
        Binary::Fmod => Function2::Fmod,
        Binary::Equal => Function2::Equal,
        Binary::Greater => Function2::Greater,
        Binary::Less => Function2::Less,
        Binary::GreaterOrEqual => Function2::GreaterOrEqual,
        Binary::LessOrEqual => Function2::LessOrEqual,
        Binary::And => Function2::And,
        Binary::Or => Function2::Or,
        Binary::Xor => Function2::Xor,
        Binary::PRelu => Function2::PRelu,
    }
}

//! `Gate`: `a · σ(b) + x` with the table of σ over the calibrated range of b.

use super::builder::{Builder, Quantisation};
use super::weights::{quantisation_of, scale_word};
use crate::error::Result;
use crate::graph::Node;
use qibu::format::{DType, Opcode};
use qibu::math;

/// Entries of the table: 256 intervals of 256 sixteen-bit steps.
const ENTRIES: i32 = 257;
/// σ = 1 in the table.
const ONE: f32 = 32767.0;

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node) -> Result<()> {
    let operands = [
        builder.input(node, 0)?,
        builder.input(node, 1)?,
        builder.input(node, 2)?,
    ];
    let value = node.outputs[0];
    if builder.is_real(node) {
        let out = builder.arena(value, DType::F32, Quantisation::NONE)?;
        let attributes = vec![0; 2];
        builder.push(
            Opcode::Gate,
            &node.name,
            operands.to_vec(),
            vec![out],
            attributes,
        );
        return Ok(());
    }
    let [(_, a), (b_type, b), (_, x)] = operands.map(|id| quantisation_of(builder, id));
    let dtype = builder.type_of(value);
    // Eight guard bits, Q15 gate: each factor is (input scale / output scale) · 2⁸ / 2¹⁵.
    let least = math::max(a.scale, x.scale) / 127.0;
    let out_quantisation = builder.calibrated(value, dtype, least);
    let factor = |input: Quantisation| {
        scale_word(f64::from(input.scale) / f64::from(out_quantisation.scale) / 128.0)
    };
    let table = builder.weights(
        &format!("{}.sigmoid", node.name),
        DType::I16,
        &[ENTRIES as usize],
        1.0 / ONE,
        table(b_type, b),
    )?;
    let out = builder.arena(value, dtype, out_quantisation)?;
    let [a_id, b_id, x_id] = operands;
    builder.push(
        Opcode::Gate,
        &node.name,
        vec![a_id, b_id, x_id, table],
        vec![out],
        vec![factor(a), factor(x)],
    );
    Ok(())
}

/// σ at the 257 ends of the intervals of b.
fn table(dtype: DType, b: Quantisation) -> Vec<u8> {
    // A step of the table is one step of int8, 256 of int16.
    let step = if dtype == DType::I8 {
        b.scale
    } else {
        b.scale * 256.0
    };
    let entry = |index: i32| {
        let real = (index - ENTRIES / 2 - b.zero_point) as f32 * step;
        qibu::rounding::quantise(math::sigmoid(real), 1.0 / ONE, 0, 0, 32767) as i16
    };
    (0..ENTRIES)
        .flat_map(|index| entry(index).to_le_bytes())
        .collect()
}

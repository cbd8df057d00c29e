//! `Snap`: the grid of a quantisation that the model brings with it.
//!
//! Among integers the grid is the quantisation of the value itself, so that nothing is left to do
//! ([`fixed`]). Among real numbers the rounding is carried out:
//!
//! ```text
//! y = clip(round(x / scale), low − zero point, high − zero point) · scale
//! ```

use super::arithmetic::function;
use super::builder::{Builder, Quantisation};
use super::{to_grid, unary};
use crate::error::Result;
use crate::graph::{Binary, Graph, Grid, Node, Op, ValueId};
use crate::program::TensorId;
use qibu::Function1;
use qibu::format::{DType, Opcode};
use std::collections::BTreeMap;

/// Quantisations that values must have because a [`Op::Snap`] with one scale, or integers that leave
/// ([`to_grid`]), read or make them, or because an input brings them.
///
/// The operand has the quantisation too, where nothing else reads it and no two grids compete.
pub(super) fn fixed(graph: &Graph) -> BTreeMap<ValueId, Quantisation> {
    let uses = graph.use_counts();
    let mut fixed = BTreeMap::new();
    for node in &graph.nodes {
        let quantisation = match &node.op {
            Op::Snap(grid) | Op::FromGrid(grid) => int8(grid),
            _ => to_grid::leaving(graph, node),
        };
        let Some(quantisation) = quantisation else {
            continue;
        };
        fixed.insert(node.outputs[0], quantisation);
        if let Some(x) = node.input(0)
            && uses.get(&x) == Some(&1)
            && !matches!(node.op, Op::FromGrid(_))
        {
            fixed.entry(x).or_insert(quantisation);
        }
    }
    fixed
}

/// The grid as a quantisation of int8, where it is one: unsigned bytes move by 128.
pub(super) fn int8(grid: &Grid) -> Option<Quantisation> {
    let (&[scale], &[zero_point]) = (&grid.scale[..], &grid.zero_point[..]) else {
        return None;
    };
    let shift = match (grid.low, grid.high) {
        (-128 | -127, 127) => 0,
        (0, 255) => 128,
        _ => return None,
    };
    let zero_point = zero_point - shift;
    Some(Quantisation { scale, zero_point })
}

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, grid: &Grid) -> Result<()> {
    let x = builder.input(node, 0)?;
    if builder.is_real(node) {
        return lower_real(builder, node, x, grid);
    }
    rounded(builder, node, x)
}

/// Lowers the rounding of integers `x` to the quantisation that is fixed for the result.
pub(super) fn rounded(builder: &mut Builder<'_>, node: &Node, x: TensorId) -> Result<()> {
    let value = node.outputs[0];
    let quantisation = builder.calibrated(value, DType::I8, 0.0);
    let tensor = builder.tensor(x);
    let held = tensor.dtype == DType::I8
        && tensor.scale == quantisation.scale
        && tensor.zero_point == quantisation.zero_point;
    if held {
        // What is stored is the rounded value: reports compare it with that.
        builder.stands_in(x, value);
        return builder.view(node);
    }
    unary::push_table(builder, node, x, |real| real)
}

fn lower_real(builder: &mut Builder<'_>, node: &Node, x: TensorId, grid: &Grid) -> Result<()> {
    let shape = builder.tensor(x).shape.clone();
    let mut scales = vec![1; shape.len()];
    if grid.scale.len() > 1 {
        scales[grid.axis] = grid.scale.len();
    }
    let bytes = |values: &[f32]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let name = format!("{}.grid", node.name);
    let scale = builder.weights(&name, DType::F32, &scales, 1.0, bytes(&grid.scale))?;
    let bounds = |bound: i32| -> Vec<f32> {
        let ends = grid.zero_point.iter().map(|&zero| (bound - zero) as f32);
        ends.collect()
    };
    let low = builder.weights(&name, DType::F32, &scales, 1.0, bytes(&bounds(grid.low)))?;
    let high = builder.weights(&name, DType::F32, &scales, 1.0, bytes(&bounds(grid.high)))?;
    let mut last = x;
    let mut step = |builder: &mut Builder<'_>, kind: Option<Binary>, with: TensorId| {
        let none = Quantisation::NONE;
        let out = builder.temporary(None, &node.name, shape.clone(), DType::F32, none)?;
        match kind {
            Some(kind) => {
                let attributes = vec![function(kind) as u32];
                let inputs = vec![last, with];
                builder.push(Opcode::Binary, &node.name, inputs, vec![out], attributes);
            }
            None => {
                let attributes = unary::words((Function1::Round, 0.0, 0.0));
                builder.push(Opcode::Unary, &node.name, vec![last], vec![out], attributes);
            }
        }
        last = out;
        Ok(())
    };
    step(builder, Some(Binary::Div), scale)?;
    step(builder, None, scale)?;
    step(builder, Some(Binary::Max), low)?;
    step(builder, Some(Binary::Min), high)?;
    step(builder, Some(Binary::Mul), scale)?;
    builder.becomes(last, node.outputs[0]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, tensor};
    use crate::testing::{INT8, INT16, Model, build, deviations};

    #[test]
    fn a_grid_narrows_what_others_read_as_well() {
        for scheme in [INT8, INT16] {
            let model = Model::default()
                .input("x", DataType::Float, &[2, 8])
                .weights("v", &[8, 6])
                .weights("w", &[6, 4])
                .tensor(tensor::f32("s", &[], &[0.015625]))
                .tensor(tensor::i8("z", &[], &[3]))
                .op("MatMul", &["x", "v"], "a")
                .op("QuantizeLinear", &["a", "s", "z"], "q")
                .op("DequantizeLinear", &["q", "s", "z"], "b")
                .op("MatMul", &["b", "w"], "y")
                .op("Softmax", &["a"], "p");
            let built = build(model.output("y").output("p"), scheme).unwrap();
            for (name, deviation) in deviations(&built) {
                assert!(deviation.decibels() > Some(25.0), "{name}: {deviation:?}");
            }
        }
    }
}

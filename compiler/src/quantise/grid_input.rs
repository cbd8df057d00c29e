//! Inputs that bring int8 with a grid: `FromGrid` of them is only a name.
//!
//! ```text
//! an int8 input whose readers all read it by one grid, in integers, is stored in int8 on that grid
//! elsewhere y = (float(q) − zero point) · scale, in real numbers
//! ```

use super::arithmetic::function;
use super::builder::{Builder, Quantisation};
use super::scheme::Formats;
use super::snap::int8;
use crate::error::Result;
use crate::graph::{Binary, Dtype, Graph, Grid, Node, Op, ValueId};
use qibu::format::{DType, Opcode};

/// The quantisation that `input` is stored in as int8, if it is.
pub(super) fn of(graph: &Graph, formats: &Formats, input: ValueId) -> Option<Quantisation> {
    if graph.value(input).dtype != Dtype::I8 || graph.all_outputs().contains(&input) {
        return None;
    }
    let readers = graph.consumers(input);
    let grids = readers.iter().map(|&index| {
        let node = &graph.nodes[index];
        match &node.op {
            Op::FromGrid(grid) if !formats.of(node).is_float() => int8(grid),
            _ => None,
        }
    });
    let grids: Option<Vec<Quantisation>> = grids.collect();
    let grids = grids?;
    let first = *grids.first()?;
    grids.iter().all(|grid| *grid == first).then_some(first)
}

pub(super) fn lower(builder: &mut Builder<'_>, node: &Node, grid: &Grid) -> Result<()> {
    let x = builder.input(node, 0)?;
    if builder.tensor(x).dtype == DType::I8 {
        return builder.view(node);
    }
    let value = node.outputs[0];
    let shape = builder.tensor(x).shape.clone();
    let none = Quantisation::NONE;
    let one = vec![1; shape.len()];
    let mut last = x;
    let terms = [
        (Opcode::Cast, None),
        (
            Opcode::Binary,
            Some((Binary::Sub, grid.zero_point[0] as f32)),
        ),
        (Opcode::Binary, Some((Binary::Mul, grid.scale[0]))),
    ];
    for (opcode, operand) in terms {
        let (mut inputs, mut attributes) = (vec![last], vec![]);
        if let Some((kind, operand)) = operand {
            let bytes = operand.to_le_bytes().to_vec();
            inputs.push(builder.weights(&node.name, DType::F32, &one, 1.0, bytes)?);
            attributes.push(function(kind) as u32);
        }
        let out = builder.temporary(None, &node.name, shape.clone(), DType::F32, none)?;
        builder.push(opcode, &node.name, inputs, vec![out], attributes);
        last = out;
    }
    builder.becomes(last, value);
    Ok(())
}

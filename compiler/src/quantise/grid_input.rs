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
use super::unsupported;
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
    let (&[scale], &[zero_point]) = (&grid.scale[..], &grid.zero_point[..]) else {
        return Err(unsupported(node));
    };
    let value = node.outputs[0];
    let shape = builder.tensor(x).shape.clone();
    let none = Quantisation::NONE;
    let one = vec![1; shape.len()];
    let mut last = x;
    let terms = [
        (Opcode::Cast, None),
        (Opcode::Binary, Some((Binary::Sub, zero_point as f32))),
        (Opcode::Binary, Some((Binary::Mul, scale))),
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

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, tensor};
    use crate::testing::{F32, INT8, INT16, Model, build, deviations};
    use qibu::format::{DType, Opcode};

    /// An int8 input that `grids` read, each into a product.
    fn model(grids: &[(f32, i8)]) -> Model {
        let model = Model::default()
            .input("q", DataType::Int8, &[2, 8])
            .ints("shape", &[4, 4])
            .weights("w", &[4, 3])
            .op("Reshape", &["q", "shape"], "r");
        let each = grids.iter().enumerate();
        each.fold(model, |model, (index, &(scale, zero))| {
            let [s, z, x, y] = ["s", "z", "x", "y"].map(|name| format!("{name}{index}"));
            model
                .tensor(tensor::f32(&s, &[], &[scale]))
                .tensor(tensor::i8(&z, &[], &[zero]))
                .op("DequantizeLinear", &["r", &s, &z], &x)
                .op("MatMul", &[&x, "w"], &y)
                .output(&y)
        })
    }

    /// The input's type, scale and zero point, and the first step.
    fn first(grids: &[(f32, i8)], scheme: crate::quantise::Scheme) -> (DType, f32, i32, Opcode) {
        let built = build(model(grids), scheme).unwrap();
        for (name, deviation) in deviations(&built) {
            assert!(deviation.decibels() > Some(25.0), "{name}: {deviation:?}");
        }
        let file = qibu::Model::load(&built.file).unwrap();
        let function = file.functions().next().unwrap();
        let input = function.input(0).unwrap();
        let step = function.steps().next().unwrap();
        (
            input.dtype(),
            input.scale(),
            input.zero_point(),
            step.opcode(),
        )
    }

    #[test]
    fn an_input_of_one_grid_stays_in_int8() {
        for scheme in [INT8, INT16] {
            assert_eq!(
                first(&[(0.05, 3)], scheme),
                (DType::I8, 0.05, 3, Opcode::Dense)
            );
        }
    }

    #[test]
    fn in_floats_and_under_two_grids_it_is_computed() {
        let computed = (DType::I32, 1.0, 0, Opcode::Cast);
        assert_eq!(first(&[(0.05, 3)], F32), computed);
        assert_eq!(first(&[(0.05, 3), (0.5, -7)], INT8), computed);
    }
}

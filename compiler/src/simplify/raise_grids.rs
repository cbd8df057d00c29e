//! One grid for all elements may be read before or after they change places.
//!
//! Before: `r = Reshape(q)`, `y = FromGrid(r)`. After: `x = FromGrid(q)`, `y = Reshape(x)`; the same
//! for Transpose. So the meaning of integers meets what made them ([`super::snap_pairs`]), or the
//! input that brings them, which then stays in int8 ([`crate::quantise`]).

use crate::error::Result;
use crate::graph::{Graph, Op};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = graph.nodes[index].clone();
        let Op::FromGrid(grid) = &node.op else {
            continue;
        };
        let source = node.input(0).and_then(|x| producers.get(&x));
        let Some(source) = source.map(|&index| graph.nodes[index].clone()) else {
            continue;
        };
        let moves = matches!(source.op, Op::Reshape { .. } | Op::Transpose { .. });
        if !moves || grid.scale.len() > 1 {
            continue;
        }
        let read = graph.apply_one(node.op.clone(), &source.inputs, &node.name)?;
        graph.nodes[index].op = source.op;
        graph.nodes[index].inputs = vec![Some(read)];
        changed = true;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node, tensor};
    use crate::testing::{Model, after, import};

    fn model(scales: &[f32]) -> Model {
        let dims: &[usize] = if scales.len() > 1 {
            &[scales.len()]
        } else {
            &[]
        };
        let last = vec![attribute::int("axis", 1)];
        Model::default()
            .input("q", DataType::Int8, &[2, 3])
            .ints("shape", &[3, 2])
            .tensor(tensor::f32("s", dims, scales))
            .op("Reshape", &["q", "shape"], "r")
            .node(node("DequantizeLinear", &["r", "s"], &["y"], last))
            .output("y")
    }

    #[test]
    fn integers_are_read_before_they_are_reshaped() {
        let text = after(super::run, model(&[0.5]));
        let (read, view) = (text.find("FromGrid(q)"), text.find("y:[3,2] = Reshape"));
        assert!(read.is_some() && read < view, "{text}");
    }

    #[test]
    fn a_scale_for_each_column_stays_behind_the_reshape() {
        assert!(!super::run(&mut import(model(&[0.5, 0.25]))).unwrap());
    }
}

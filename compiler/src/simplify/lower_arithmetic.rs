//! Differences become sums, quotients by constants products: the runtime adds and multiplies.
//!
//! Before: `y = Sub(a, b)`, `y = Div(a, #c)`, `y = Neg(a)`. After: `n = Mul(b, #-1)` and
//! `y = Add(a, n)`, `y = Mul(a, #1/c)`, `y = Mul(a, #-1)`. What is computed of constants is one.

use crate::error::Result;
use crate::graph::{Binary, Dtype, Graph, Op, Tensor, Unary, ValueId};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = graph.nodes[index].clone();
        if graph.value(node.outputs[0]).dtype != Dtype::F32 {
            continue;
        }
        let (kind, operands) = match (&node.op, &node.inputs[..]) {
            (Op::Unary(Unary::Neg), &[Some(a)]) => {
                (Binary::Mul, [a, scalar(graph, &node.name, -1.0)?])
            }
            (Op::Binary(Binary::Sub), &[Some(a), Some(b)]) => {
                let minus = scalar(graph, &node.name, -1.0)?;
                let operands = [Some(b), Some(minus)];
                let negated = graph.apply_one(Op::Binary(Binary::Mul), &operands, &node.name)?;
                (Binary::Add, [a, negated])
            }
            (Op::Binary(Binary::Div), &[Some(a), Some(b)])
                if has_reciprocal(graph, b) && !is_rounded(graph, node.outputs[0]) =>
            {
                let operands = [Some(scalar(graph, &node.name, 1.0)?), Some(b)];
                let inverse = graph.apply_one(Op::Binary(Binary::Div), &operands, &node.name)?;
                (Binary::Mul, [a, inverse])
            }
            _ => continue,
        };
        graph.nodes[index].op = Op::Binary(kind);
        graph.nodes[index].inputs = operands.map(Some).to_vec();
        changed = true;
    }
    Ok(changed)
}

fn scalar(graph: &mut Graph, base: &str, value: f32) -> Result<ValueId> {
    Ok(graph.add_constant(base, Tensor::f32(&[], vec![value])?))
}

/// Whether multiplying by the reciprocals is as good as dividing, to the last bit or two.
fn has_reciprocal(graph: &Graph, id: ValueId) -> bool {
    let values = graph.constant(id).and_then(Tensor::as_f32);
    values.is_some_and(|values| {
        values
            .iter()
            .all(|c| c.is_normal() && (1.0 / c).is_normal())
    })
}

/// Whether a quotient is rounded next, which makes a whole step of its last bit.
fn is_rounded(graph: &Graph, id: ValueId) -> bool {
    let mut readers = graph.consumers(id).into_iter();
    readers.any(|index| graph.nodes[index].op == Op::Unary(Unary::Round))
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, tensor};
    use crate::testing::{Model, after};

    #[test]
    fn only_sums_and_products_are_left() {
        let model = Model::default()
            .input("a", DataType::Float, &[2, 3])
            .input("b", DataType::Float, &[2, 3])
            .tensor(tensor::f32("c", &[3], &[0.5, -4.0, 3.0]))
            .op("Sub", &["a", "b"], "d")
            .op("Sub", &["c", "d"], "e")
            .op("Sub", &["e", "c"], "f")
            .op("Div", &["f", "c"], "g")
            .op("Neg", &["g"], "y")
            .output("y");
        let text = after(super::run, model);
        for gone in ["Sub(", "Div(", "Neg("] {
            assert!(!text.contains(gone), "{text}");
        }
    }

    #[test]
    fn a_quotient_that_is_rounded_stays_one() {
        let model = Model::default()
            .input("a", DataType::Float, &[2])
            .tensor(tensor::f32("c", &[], &[0.1]))
            .op("Div", &["a", "c"], "d")
            .op("Round", &["d"], "y")
            .output("y");
        assert!(!super::run(&mut crate::testing::import(model)).unwrap());
    }

    #[test]
    fn a_quotient_by_zero_stays_one() {
        let model = Model::default()
            .input("a", DataType::Float, &[2])
            .tensor(tensor::f32("c", &[2], &[1.0, 0.0]))
            .op("Div", &["a", "c"], "y")
            .output("y");
        assert!(!super::run(&mut crate::testing::import(model)).unwrap());
    }
}

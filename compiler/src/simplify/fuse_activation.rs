//! Relu and Clip after a product or convolution become its limits.
//!
//! Before: `c = ConvNhwc(x, #w, #b)`, `y = Relu(c)`. After: `y = ConvNhwc[0..inf](x, #w, #b)`.
//! A Relu that stands alone becomes a Clip: one kernel serves both.

use crate::error::Result;
use crate::graph::{Clamp, Graph, Op, Unary};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let uses = graph.use_counts();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let next = match node.op {
            Op::Unary(Unary::Relu) => Clamp::RELU,
            Op::Clip(clamp) => clamp,
            _ => continue,
        };
        let source = node
            .input(0)
            .filter(|x| uses.get(x) == Some(&1))
            .and_then(|x| producers.get(&x))
            .map(|&producer| graph.nodes[producer].clone());
        let fused = source.and_then(|source| Some((limited(&source.op, next)?, source.inputs)));
        let node = &mut graph.nodes[index];
        match fused {
            Some((op, inputs)) => {
                node.op = op;
                node.inputs = inputs;
                changed = true;
            }
            None if node.op != Op::Clip(next) => {
                node.op = Op::Clip(next);
                changed = true;
            }
            None => {}
        }
    }
    Ok(changed)
}

/// The operator with `next` applied to its result, where it can do that itself.
fn limited(op: &Op, next: Clamp) -> Option<Op> {
    let join = |clamp: Option<Clamp>| match clamp {
        None => Some(next),
        Some(first) => first.then(next),
    };
    match op {
        Op::Dense { clamp } => Some(Op::Dense {
            clamp: Some(join(*clamp)?),
        }),
        Op::ConvNhwc { conv, clamp } => Some(Op::ConvNhwc {
            conv: conv.clone(),
            clamp: Some(join(*clamp)?),
        }),
        Op::Clip(first) => Some(Op::Clip(first.then(next)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::onnx::DataType;
    use crate::testing::{Model, after};

    #[test]
    fn limits_join_the_product_and_each_other() {
        let model = Model::default()
            .input("x", DataType::Float, &[2, 3])
            .weights("w", &[3, 4])
            .tensor(crate::onnx::tensor::f32("high", &[], &[0.25]))
            .op("MatMul", &["x", "w"], "p")
            .op("Relu", &["p"], "r")
            .op("Clip", &["r", "", "high"], "y")
            .output("y");
        let passes = |graph: &mut crate::graph::Graph| {
            Ok(super::super::lower_dense::run(graph)? && super::run(graph)?)
        };
        let text = after(passes, model);
        assert!(
            text.contains("y:[2,4] = Dense[0..0.25](x, #w:[4,3])"),
            "{text}"
        );
    }
}

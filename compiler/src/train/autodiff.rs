//! Reverse-mode differentiation on the graph: the gradient of a scalar appears as more nodes of
//! the same graph, in the same standard operators.
//!
//! Nodes are visited from last to first; each one's rule turns the gradients of its outputs into
//! gradients of its inputs; a value read by several nodes sums what they send. Only values on a
//! path from a wanted parameter to the loss are visited.

mod elementwise;
mod index;
mod linear;
mod reduce;
#[cfg(test)]
mod scatter_tests;
mod structure;
#[cfg(test)]
mod tests;

use super::graph::{Graph, Node, Role, V};
use super::lower;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// A rule: graph, node, the gradients of its outputs (`None` where the loss does not depend on
/// one) and for each input whether its gradient is wanted, to the gradients of its inputs.
type Rule = fn(&mut Graph, &Node, &[Option<V>], &[bool]) -> Vec<Option<V>>;

/// Every operator that can be differentiated.
const RULES: &[(&str, Rule)] = &[
    ("Add", elementwise::add),
    ("Sub", elementwise::sub),
    ("Mul", elementwise::mul),
    ("Div", elementwise::div),
    ("Max", elementwise::max),
    ("Neg", elementwise::neg),
    ("Exp", elementwise::exp),
    ("Log", elementwise::log),
    ("Sqrt", elementwise::sqrt),
    ("Sigmoid", elementwise::sigmoid),
    ("Tanh", elementwise::tanh),
    ("Relu", elementwise::relu),
    ("Gemm", linear::gemm),
    ("MatMul", linear::matmul),
    ("Softmax", linear::softmax),
    ("LogSoftmax", linear::log_softmax),
    ("DetachedMax", reduce::detached),
    ("Reshape", structure::reshape),
    ("Transpose", structure::transpose),
    ("Expand", structure::expand),
    ("Concat", structure::concat),
    ("Slice", structure::slice),
    ("Split", structure::split),
    ("Gather", index::gather),
    ("ReduceSum", reduce::sum),
    ("ReduceMean", reduce::mean),
    ("VocabularyLoss", lower::vocabulary::gradient),
];

/// Names of the operators that can be differentiated.
pub fn operators() -> Vec<&'static str> {
    RULES.iter().map(|(op, _)| *op).collect()
}

/// Appends the gradient of the scalar `loss` with respect to each of `parameters`.
pub fn gradients(graph: &mut Graph, loss: V, parameters: &[V]) -> Result<Vec<V>> {
    assert!(
        graph.shape(loss).iter().all(|&dim| dim == 1),
        "the loss is a scalar"
    );
    let nodes: Vec<Node> = graph.nodes().to_vec();
    let mut wanted = vec![false; graph.len()];
    for parameter in parameters {
        wanted[parameter.0] = true;
    }
    let visible = |node: &&Node| node.role != Role::Inner;
    for node in nodes.iter().filter(visible) {
        if node.inputs.iter().any(|input| wanted[input.0]) {
            for output in &node.outputs {
                wanted[output.0] = graph.is_float(*output);
            }
        }
    }
    let mut gradients: BTreeMap<V, V> = BTreeMap::new();
    let ones = graph.shape(loss).to_vec();
    let one = graph.constant(&ones, &[1.0]);
    gradients.insert(loss, one);
    for node in nodes.iter().filter(visible).rev() {
        let incoming: Vec<Option<V>> = node
            .outputs
            .iter()
            .map(|output| gradients.get(output).copied())
            .collect();
        let asked: Vec<bool> = node.inputs.iter().map(|input| wanted[input.0]).collect();
        if incoming.iter().all(Option::is_none) || !asked.contains(&true) {
            continue;
        }
        let rule = RULES.iter().find(|(op, _)| *op == node.op);
        let Some((_, rule)) = rule else {
            return Err(Error::usage(format!("{} has no gradient rule", node.op)));
        };
        let outgoing = rule(graph, node, &incoming, &asked);
        for ((input, gradient), asked) in node.inputs.iter().zip(outgoing).zip(asked) {
            if let (Some(gradient), true) = (gradient, asked) {
                debug_assert_eq!(graph.shape(gradient), graph.shape(*input), "{}", node.op);
                let total = match gradients.get(input) {
                    Some(earlier) => graph.add(*earlier, gradient),
                    None => gradient,
                };
                gradients.insert(*input, total);
            }
        }
    }
    parameters
        .iter()
        .map(|parameter| match gradients.get(parameter) {
            Some(gradient) => Ok(*gradient),
            None => Err(Error::usage("the loss does not depend on a parameter")),
        })
        .collect()
}

/// The gradient of a node's only output.
fn only(gradients: &[Option<V>]) -> V {
    gradients[0].expect("a node is visited only if its output has a gradient")
}

//! Nodes that hand their operand on unchanged go.
//!
//! Before: `b = Identity(a)`, `y = Relu(b)`. After: `y = Relu(a)`. An identity that gives a
//! graph input or another output a second name stays, as a reshape: a plain copy.

use super::permutation;
use crate::error::Result;
use crate::graph::{Graph, Node, Op, ValueId};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let outputs: BTreeSet<ValueId> = graph.all_outputs();
    let mut renamed: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        rename(&mut graph.nodes[index], &renamed);
        if !passes_on(graph, &graph.nodes[index]) {
            continue;
        }
        let (Some(x), Some(&y)) = (
            graph.nodes[index].input(0),
            graph.nodes[index].outputs.first(),
        ) else {
            continue;
        };
        if !outputs.contains(&y) {
            renamed.insert(y, x);
            changed = true;
            continue;
        }
        match producers.get(&x) {
            Some(&producer) if !outputs.contains(&x) => {
                for output in &mut graph.nodes[producer].outputs {
                    if *output == x {
                        *output = y;
                    }
                }
                graph.nodes[index].outputs.clear();
                renamed.insert(x, y);
                changed = true;
            }
            _ => {
                let copy = Op::Reshape {
                    shape: graph.shape(y).to_vec(),
                };
                changed |= graph.nodes[index].op != copy;
                graph.nodes[index].op = copy;
            }
        }
    }
    for node in &mut graph.nodes {
        rename(node, &renamed);
    }
    Ok(changed)
}

/// Follows renamings to their end: an operand may have been renamed more than once.
fn rename(node: &mut Node, renamed: &BTreeMap<ValueId, ValueId>) {
    for input in node.inputs.iter_mut().flatten() {
        while let Some(&next) = renamed.get(input) {
            *input = next;
        }
    }
}

fn passes_on(graph: &Graph, node: &Node) -> bool {
    let (Some(x), Some(&y)) = (node.input(0), node.outputs.first()) else {
        return false;
    };
    match &node.op {
        Op::Identity => true,
        Op::Reshape { shape } => graph.shape(x) == shape,
        Op::Transpose { permutation } => permutation::is_identity(permutation),
        Op::Cast { to } => graph.value(x).dtype == *to,
        Op::Concat { .. } => node.inputs.len() == 1,
        Op::Slice { lengths, steps, .. } => {
            graph.shape(x) == lengths && steps.iter().all(|&step| step == 1)
        }
        Op::Split { sizes, .. } => sizes.len() == 1 && graph.shape(x) == graph.shape(y),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::onnx::DataType;
    use crate::testing::{Model, after};

    #[test]
    fn identities_go_and_outputs_keep_their_names() {
        let model = Model::default()
            .input("x", DataType::Float, &[2])
            .op("Identity", &["x"], "i")
            .op("Exp", &["i"], "e")
            .op("Identity", &["e"], "y")
            .output("y");
        let text = after(super::run, model);
        assert_eq!(text, "in x:[2]\ny:[2] = Exp(x)\nfn main(x) -> y\n");
    }
}

//! Two nodes that compute the same from the same operands become one.
//!
//! Before: `a = Transpose(x)`, `b = Transpose(x)`. After: `a` alone, read in both places. An
//! output of the graph keeps its own node, since it needs its own name.

use crate::error::Result;
use crate::graph::{Graph, ValueId};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let kept: BTreeSet<ValueId> = graph.all_outputs();
    let mut first: BTreeMap<String, Vec<ValueId>> = BTreeMap::new();
    let mut renamed: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    for node in &mut graph.nodes {
        for input in node.inputs.iter_mut().flatten() {
            if let Some(&other) = renamed.get(input) {
                *input = other;
            }
        }
        let key = format!("{:?} {:?}", node.op, node.inputs);
        match first.get(&key) {
            Some(others) if node.outputs.iter().all(|id| !kept.contains(id)) => {
                renamed.extend(node.outputs.iter().copied().zip(others.iter().copied()));
            }
            Some(_) => {}
            None => {
                first.insert(key, node.outputs.clone());
            }
        }
    }
    Ok(!renamed.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::onnx::DataType;
    use crate::testing::{Model, after};

    #[test]
    fn twins_become_one() {
        let model = Model::default()
            .input("x", DataType::Float, &[2])
            .op("Exp", &["x"], "e")
            .op("Exp", &["x"], "f")
            .op("Mul", &["e", "f"], "y")
            .output("y");
        let text = after(super::run, model);
        assert_eq!(
            text,
            "in x:[2]\ne:[2] = Exp(x)\ny:[2] = Mul(e, e)\nfn main(x) -> y\n"
        );
    }
}

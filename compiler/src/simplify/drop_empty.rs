//! Tensors without elements leave joins and splits: nothing is stored, copied or joined for them.
//!
//! Before: `a:[4], b:[0] = Split(x)`, `y = Concat(a, b)`. After: `a:[4] = Split(x)`,
//! `y = Concat(a)`, which `drop_identity` removes.

use crate::error::Result;
use crate::graph::{Graph, Op};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let uses = graph.use_counts();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let empty = |id| graph.shape(id).contains(&0);
        match &node.op {
            Op::Concat { .. } if !node.outputs.iter().any(|&id| empty(id)) => {
                let kept = node.inputs.iter().filter(|id| !id.is_some_and(empty));
                let kept: Vec<_> = kept.copied().collect();
                changed |= kept.len() < node.inputs.len();
                graph.nodes[index].inputs = kept;
            }
            Op::Split { axis, sizes } => {
                let parts = sizes.iter().copied().zip(node.outputs.iter().copied());
                let unread = |id| uses.get(&id).copied().unwrap_or(0) == 0;
                let kept = parts.filter(|&(size, id)| size > 0 || !unread(id));
                let (sizes, outputs): (Vec<_>, Vec<_>) = kept.unzip();
                let axis = *axis;
                if !sizes.is_empty() && outputs.len() < node.outputs.len() {
                    changed = true;
                    graph.nodes[index].op = Op::Split { axis, sizes };
                    graph.nodes[index].outputs = outputs;
                }
            }
            _ => {}
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node};
    use crate::simplify::simplify;
    use crate::testing::{Model, after, assert_same_outputs, import};

    fn model() -> Model {
        let axis = || vec![attribute::int("axis", 0)];
        Model::default()
            .input("x", DataType::Float, &[4])
            .ints("sizes", &[4, 0])
            .node(node("Split", &["x", "sizes"], &["a", "b"], axis()))
            .op("Exp", &["a"], "e")
            .op("Exp", &["b"], "f")
            .node(node("Concat", &["f", "e", "a"], &["y"], axis()))
            .output("y")
    }

    #[test]
    fn joins_forget_what_is_empty() {
        let text = after(super::run, model());
        assert!(text.contains("y:[8] = Concat[0](e, a)"), "{text}");
    }

    #[test]
    fn nothing_empty_is_left() {
        let before = import(model());
        let simplified = simplify(before.clone()).unwrap().into_graph();
        let text = simplified.to_string();
        assert!(!text.contains("[0]:") && !text.contains("Split"), "{text}");
        assert_same_outputs(&before, &simplified);
    }
}

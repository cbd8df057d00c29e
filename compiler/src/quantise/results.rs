//! Which values a function computes for its caller alone.

use crate::graph::{Function, Graph, Op, ValueId};
use std::collections::BTreeSet;

/// Values that leave `function`, at once or through views, and that none of its nodes calculates
/// with. They may stay at 32 bits, since no step reads them.
pub(crate) fn results(graph: &Graph, function: &Function) -> BTreeSet<ValueId> {
    let mut leaving: BTreeSet<ValueId> = function.outputs.iter().copied().collect();
    let mut read: BTreeSet<ValueId> = BTreeSet::new();
    // Backwards, so that every reader of a view has been seen before the view itself.
    for &index in graph.reach(function).iter().rev() {
        let node = &graph.nodes[index];
        let leaves = |id: &ValueId| leaving.contains(id) && !read.contains(id);
        match node.op {
            Op::Reshape { .. } if node.outputs.iter().all(leaves) => {
                leaving.extend(node.inputs.iter().flatten());
            }
            _ => read.extend(node.inputs.iter().flatten()),
        }
    }
    &leaving - &read
}

#[cfg(test)]
mod tests {
    use super::results;
    use crate::onnx::DataType;
    use crate::testing::{Model, import};

    fn names(model: Model) -> Vec<String> {
        let graph = import(model);
        let found = results(&graph, &graph.functions[0]);
        found
            .iter()
            .map(|&id| graph.value(id).name.clone())
            .collect()
    }

    fn viewed() -> Model {
        Model::default()
            .input("x", DataType::Float, &[2, 3])
            .weights("w", &[3, 4])
            .ints("shape", &[8])
            .op("MatMul", &["x", "w"], "p")
            .op("Reshape", &["p", "shape"], "v")
            .output("v")
    }

    #[test]
    fn what_only_leaves_is_a_result_behind_its_view_too() {
        assert_eq!(names(viewed()), ["p", "v"]);
    }

    #[test]
    fn a_view_that_is_read_as_well_is_none_and_what_it_views_neither() {
        let model = viewed().op("Exp", &["v"], "y").output("y");
        assert_eq!(names(model), ["y"]);
    }
}

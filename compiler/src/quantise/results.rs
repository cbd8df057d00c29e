//! Which values no integer operator calculates with.

use crate::graph::{Function, Graph, Node, Op, ValueId};
use std::collections::BTreeSet;

/// Values that leave `function` or that only nodes computing in real numbers read, at once or
/// through views. They may stay at 32 bits: no step would use them as eight.
pub(super) fn results(
    graph: &Graph,
    function: &Function,
    is_real: &dyn Fn(&Node) -> bool,
) -> BTreeSet<ValueId> {
    let mut free: BTreeSet<ValueId> = function.outputs.iter().copied().collect();
    let mut read: BTreeSet<ValueId> = BTreeSet::new();
    // Backwards, so that every reader of a view has been seen before the view itself.
    for &index in graph.reach(function).iter().rev() {
        let node = &graph.nodes[index];
        let unread = |id: &ValueId| free.contains(id) && !read.contains(id);
        let views = matches!(node.op, Op::Reshape { .. }) && node.outputs.iter().all(unread);
        if views || is_real(node) {
            free.extend(node.inputs.iter().flatten());
        } else {
            read.extend(node.inputs.iter().flatten());
        }
    }
    &free - &read
}

#[cfg(test)]
mod tests {
    use super::{Op, results};
    use crate::onnx::DataType;
    use crate::testing::{Model, import};

    fn names(model: Model) -> Vec<String> {
        let graph = import(model);
        let found = results(&graph, &graph.functions[0], &|node| {
            matches!(node.op, Op::Softmax { .. })
        });
        let found = found.iter().filter(|id| graph.producer(**id).is_some());
        found.map(|&id| graph.value(id).name.clone()).collect()
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

    #[test]
    fn what_only_real_numbers_are_computed_from_is_one() {
        let model = viewed().op("Softmax", &["v"], "y");
        let mut model = names(model.output("y"));
        model.sort();
        assert_eq!(model, ["p", "v", "y"]);
    }
}

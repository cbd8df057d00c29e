//! The best k of a product are found while it is computed, so that its results never exist.
//!
//! Before: `l = Dense(x, #w, #b)`, `r = Reshape(l)`, `(s, i) = TopK(r)`.
//! After: `y = Reshape(x)`, `(s, i) = TopKDense(y, #w, #b)`; `l` stays for the functions that
//! need it, over the same weights. A function that needs both keeps the plain form.

use crate::error::Result;
use crate::graph::{Graph, Node, Op, TopK, ValueId};
use std::collections::{BTreeMap, BTreeSet};

/// Most candidates of a row in the runtime.
const MOST: usize = 256;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let Some((k, dense, logits)) = found(graph, &producers, index) else {
            continue;
        };
        if needed_together(graph, index, &logits) {
            continue;
        }
        let node = graph.nodes[index].clone();
        let Some(x) = dense.input(0) else {
            continue;
        };
        let mut shape = graph.shape(node.outputs[0]).to_vec();
        if let (Some(last), Some(&width)) = (shape.last_mut(), graph.shape(x).last()) {
            *last = width;
        }
        let rows = graph.apply_one(Op::Reshape { shape }, &[Some(x)], &node.name)?;
        let mut inputs = dense.inputs;
        inputs[0] = Some(rows);
        graph.nodes[index].op = Op::TopKDense { k, line: None };
        graph.nodes[index].inputs = inputs;
        changed = true;
    }
    Ok(changed)
}

/// k, the product, and the values between product and selection.
fn found(
    graph: &Graph,
    producers: &BTreeMap<ValueId, usize>,
    index: usize,
) -> Option<(usize, Node, Vec<ValueId>)> {
    let node = &graph.nodes[index];
    let mut value = node.input(0)?;
    let (k, width) = match node.op {
        Op::TopK(TopK {
            k,
            axis,
            largest: true,
        }) if axis + 1 == graph.shape(value).len() && k <= MOST => (k, *graph.shape(value).last()?),
        _ => return None,
    };
    let mut between = vec![value];
    let mut source = &graph.nodes[*producers.get(&value)?];
    if let Op::Reshape { .. } = source.op {
        value = source.input(0)?;
        between.push(value);
        source = &graph.nodes[*producers.get(&value)?];
    }
    let rows_stay = graph.shape(value).last() == Some(&width);
    match source.op {
        Op::Dense { clamp: None } if rows_stay => Some((k, source.clone(), between)),
        _ => None,
    }
}

/// Whether a function that selects also uses the logits in another way: then computing them
/// once, in full, is cheaper.
fn needed_together(graph: &Graph, selection: usize, logits: &[ValueId]) -> bool {
    graph.functions.iter().any(|function| {
        let reached: BTreeSet<usize> = graph.reach(function).into_iter().collect();
        let is_view = |node: &Node| node.outputs.iter().all(|id| logits.contains(id));
        let reads = |&index: &usize| {
            let node = &graph.nodes[index];
            let operands = node.inputs.iter().flatten();
            index != selection
                && !is_view(node)
                && operands.into_iter().any(|id| logits.contains(id))
        };
        let wanted = logits.iter().any(|id| function.outputs.contains(id));
        reached.contains(&selection) && (wanted || reached.iter().any(reads))
    })
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node};
    use crate::testing::{Model, after};

    #[test]
    fn selection_moves_into_the_product() {
        let model = Model::default()
            .input("x", DataType::Float, &[5, 3])
            .weights("w", &[3, 7])
            .op("MatMul", &["x", "w"], "p")
            .ints("cube", &[1, 5, 7])
            .op("Reshape", &["p", "cube"], "logits")
            .ints("k", &[2])
            .node(node(
                "TopK",
                &["logits", "k"],
                &["s", "i"],
                vec![attribute::int("axis", 2)],
            ))
            .output("s")
            .output("i");
        let passes = |graph: &mut crate::graph::Graph| {
            Ok(super::super::lower_dense::run(graph)? && super::run(graph)?)
        };
        assert_eq!(
            after(passes, model),
            "in x:[5,3]\n\
             s.2:[1,5,3] = Reshape(x)\n\
             s:[1,5,2], i:i64[1,5,2] = TopKDense[2](s.2, #w:[7,3])\n\
             fn main(x) -> s, i\n"
        );
    }
}

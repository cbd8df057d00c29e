//! Reshapes move behind elementwise operators, so that these stand beside what they can fuse with.
//!
//! Before: `r = Reshape(c)`, `y = Relu(r)`. After: `s = Relu(c)`, `y = Reshape(s)`. With several
//! operands, the larger part of them must be reshapes from one and the same shape, to that of the
//! result: one that is itself spread over the result has fewer elements than the shape before.

use crate::error::Result;
use crate::graph::{Graph, Node, Op, ValueId};
use std::collections::BTreeMap;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = graph.nodes[index].clone();
        let Some(shape) = common_source(graph, &producers, &node) else {
            continue;
        };
        let Some(moved) = operands(graph, &producers, &node, &shape)? else {
            continue;
        };
        let source = graph.apply_one(node.op.clone(), &moved, &node.name)?;
        let shape = graph.shape(node.outputs[0]).to_vec();
        graph.nodes[index].op = Op::Reshape { shape };
        graph.nodes[index].inputs = vec![Some(source)];
        changed = true;
    }
    Ok(changed)
}

fn is_elementwise(op: &Op) -> bool {
    match op {
        Op::Binary(_) | Op::Unary(_) | Op::Clip(_) | Op::Gate | Op::Cast { .. } => true,
        Op::ToGrid(grid, _) => grid.scale.len() == 1,
        _ => false,
    }
}

/// What a reshape that produces `id` reads.
fn before(graph: &Graph, producers: &BTreeMap<ValueId, usize>, id: ValueId) -> Option<ValueId> {
    let node = &graph.nodes[*producers.get(&id)?];
    match node.op {
        Op::Reshape { .. } => node.input(0),
        _ => None,
    }
}

/// The shape from which more than half of the node's run-time operands are reshaped.
fn common_source(
    graph: &Graph,
    producers: &BTreeMap<ValueId, usize>,
    node: &Node,
) -> Option<Vec<usize>> {
    if !is_elementwise(&node.op) {
        return None;
    }
    let operands = node.inputs.iter().flatten();
    let dynamic: Vec<ValueId> = operands
        .copied()
        .filter(|id| graph.constant(*id).is_none())
        .collect();
    let full = graph.shape(node.outputs[0]);
    let sources: Vec<_> = dynamic
        .iter()
        .filter(|&&id| graph.shape(id) == full)
        .filter_map(|&id| before(graph, producers, id))
        .collect();
    let shape = graph.shape(*sources.first()?);
    let alike = sources
        .iter()
        .filter(|&&id| graph.shape(id) == shape)
        .count();
    (alike * 2 > dynamic.len()).then(|| shape.to_vec())
}

/// The operands under the new shape; `None` where one broadcasts in a way that would change.
fn operands(
    graph: &mut Graph,
    producers: &BTreeMap<ValueId, usize>,
    node: &Node,
    shape: &[usize],
) -> Result<Option<Vec<Option<ValueId>>>> {
    let full = graph.shape(node.outputs[0]).to_vec();
    let mut moved = Vec::new();
    for id in node.inputs.iter().flatten().copied() {
        let own = graph.shape(id).to_vec();
        let target = if own == full {
            shape.to_vec()
        } else if own.iter().all(|&dim| dim == 1) {
            vec![]
        } else if own.last() == full.last()
            && shape.last() == full.last()
            && own.iter().rev().skip(1).all(|&dim| dim == 1)
        {
            vec![full[full.len() - 1]]
        } else {
            return Ok(None);
        };
        let source = before(graph, producers, id).filter(|&source| graph.shape(source) == target);
        moved.push(Some(match source {
            Some(source) => source,
            None if own == target => id,
            None => graph.apply_one(Op::Reshape { shape: target }, &[Some(id)], &node.name)?,
        }));
    }
    Ok(Some(moved))
}

#[cfg(test)]
mod tests {
    use crate::onnx::DataType;
    use crate::testing::{Model, after};

    #[test]
    fn elementwise_operators_come_first() {
        let model = Model::default()
            .input("x", DataType::Float, &[6, 2])
            .ints("shape", &[1, 3, 2, 2])
            .weights("b", &[2])
            .op("Reshape", &["x", "shape"], "r")
            .op("Add", &["r", "b"], "s")
            .op("Exp", &["s"], "y")
            .output("y");
        assert_eq!(
            after(super::run, model),
            "in x:[6,2]\n\
             s:[6,2] = Add(x, #b:[2])\n\
             y.2:[6,2] = Exp(s)\n\
             y:[1,3,2,2] = Reshape(y.2)\n\
             fn main(x) -> y\n"
        );
    }
    #[test]
    fn an_operand_that_is_spread_stays() {
        let model = Model::default()
            .input("x", DataType::Float, &[1, 4])
            .ints("shape", &[1, 4, 1])
            .weights("b", &[3, 1, 2])
            .op("Reshape", &["x", "shape"], "r")
            .op("Add", &["b", "r"], "y")
            .output("y");
        let mut graph = crate::testing::import(model);
        assert!(!super::run(&mut graph).unwrap(), "{graph}");
    }
}

//! A transpose that is flattened into a product moves into the product's weights.
//!
//! Before: `t = Transpose[0,2,1](x:[1,L,C])`, `r:[1,C·L] = Reshape(t)`, `y = Dense(r, #w)`.
//! After: `r:[1,L·C] = Reshape(x)`, `y = Dense(r, #w')`, the columns of w' reordered.

use super::permutation::inverse;
use crate::error::Result;
use crate::graph::{Graph, Op, Tensor, ValueId};
use std::collections::BTreeMap;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let Some((x, weights)) = absorbed(graph, &producers, index)? else {
            continue;
        };
        let node = graph.nodes[index].clone();
        let (Some(rows), Some(old)) = (node.input(0), node.input(1)) else {
            continue;
        };
        let shape = graph.shape(rows).to_vec();
        let rows = graph.apply_one(Op::Reshape { shape }, &[Some(x)], &node.name)?;
        let base = graph.value(old).name.clone();
        let weights = graph.add_constant(&base, weights);
        graph.nodes[index].inputs[0] = Some(rows);
        graph.nodes[index].inputs[1] = Some(weights);
        changed = true;
    }
    Ok(changed)
}

/// The value before the transpose, and the weights with their columns in its order.
fn absorbed(
    graph: &Graph,
    producers: &BTreeMap<ValueId, usize>,
    index: usize,
) -> Result<Option<(ValueId, Tensor)>> {
    let producer = |id: ValueId| producers.get(&id).map(|&index| &graph.nodes[index]);
    let node = &graph.nodes[index];
    let found = || {
        let Op::Dense { .. } = node.op else {
            return None;
        };
        let weights = graph.constant(node.input(1)?)?;
        let reshape = producer(node.input(0)?)?;
        let Op::Reshape { .. } = reshape.op else {
            return None;
        };
        let turned = reshape.input(0)?;
        match &producer(turned)?.op {
            Op::Transpose { permutation } => Some((
                weights,
                graph.shape(turned),
                permutation,
                producer(turned)?.input(0)?,
            )),
            _ => None,
        }
    };
    let Some((weights, shape, permutation, x)) = found() else {
        return Ok(None);
    };
    let &[outputs, width] = weights.shape() else {
        return Ok(None);
    };
    // The axes that make up one row of the product, which alone may be reordered.
    let split = (0..shape.len()).find(|&axis| shape[axis..].iter().product::<usize>() == width);
    let Some(split) = split else {
        return Ok(None);
    };
    if permutation[..split]
        .iter()
        .enumerate()
        .any(|(to, &from)| to != from)
    {
        return Ok(None);
    }
    let inner: Vec<usize> = permutation[split..]
        .iter()
        .map(|axis| axis - split)
        .collect();
    let mut order = vec![0];
    order.extend(inverse(&inner).iter().map(|axis| axis + 1));
    let columns = weights.reshaped(&[&[outputs], &shape[split..]].concat())?;
    let weights = columns.transposed(&order).reshaped(&[outputs, width])?;
    Ok(Some((x, weights)))
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node};
    use crate::testing::{Model, after};

    #[test]
    fn flattened_transposes_reorder_columns() {
        let model = Model::default()
            .input("x", DataType::Float, &[2, 3, 4])
            .node(node(
                "Transpose",
                &["x"],
                &["t"],
                vec![attribute::ints("perm", &[0, 2, 1])],
            ))
            .node(node("Flatten", &["t"], &["f"], vec![]))
            .weights("w", &[12, 5])
            .op("MatMul", &["f", "w"], "y")
            .output("y");
        let passes = |graph: &mut crate::graph::Graph| {
            Ok(super::super::lower_dense::run(graph)? && super::run(graph)?)
        };
        assert_eq!(
            after(passes, model),
            "in x:[2,3,4]\ny.2:[2,12] = Reshape(x)\ny:[2,5] = Dense(y.2, #w:[5,12])\nfn main(x) -> y\n"
        );
    }
}

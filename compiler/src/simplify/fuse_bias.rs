//! A constant per channel, added to a product or convolution, becomes its bias.
//!
//! Before: `p = Dense(x, #w)`, `y = Add(p, #b)`. After: `y = Dense(x, #w, #b)`.

use crate::error::Result;
use crate::graph::{Binary, Graph, Op, Tensor, ValueId};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let uses = graph.use_counts();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let kind = match node.op {
            Op::Binary(kind @ (Binary::Add | Binary::Sub)) => kind,
            _ => continue,
        };
        let [Some(a), Some(b)] = node.inputs[..] else {
            continue;
        };
        // Subtraction fuses only where the constant is what is subtracted.
        let orders: &[(ValueId, ValueId)] = if kind == Binary::Add {
            &[(a, b), (b, a)]
        } else {
            &[(a, b)]
        };
        let found = orders.iter().find_map(|&(product, addend)| {
            let producer = *producers.get(&product)?;
            let bias = fused(graph, producer, product, addend, kind)?;
            (uses.get(&product) == Some(&1)).then_some((producer, bias))
        });
        let Some((producer, bias)) = found else {
            continue;
        };
        let target = graph.nodes[producer].clone();
        if graph.shape(target.outputs[0]) != graph.shape(graph.nodes[index].outputs[0]) {
            continue;
        }
        let channels = bias.len();
        let bias = Tensor::f32(&[channels], bias)?;
        let bias = graph.add_constant(&format!("{}.bias", target.name), bias);
        let node = &mut graph.nodes[index];
        node.op = target.op;
        node.inputs = vec![target.inputs[0], target.inputs[1], Some(bias)];
        changed = true;
    }
    Ok(changed)
}

/// The new bias, if `producer` is a product without activation and `addend` fits its channels.
fn fused(
    graph: &Graph,
    producer: usize,
    product: ValueId,
    addend: ValueId,
    kind: Binary,
) -> Option<Vec<f32>> {
    let node = &graph.nodes[producer];
    if !matches!(
        node.op,
        Op::Dense { clamp: None } | Op::ConvNhwc { clamp: None, .. }
    ) {
        return None;
    }
    let channels = *graph.shape(product).last()?;
    let mut bias = per_channel(graph.constant(addend)?, channels)?;
    if kind == Binary::Sub {
        bias.iter_mut().for_each(|value| *value = -*value);
    }
    if let Some(old) = node.input(2) {
        let old = graph.constant(old)?.as_f32()?;
        bias.iter_mut().zip(old).for_each(|(sum, old)| *sum += old);
    }
    Some(bias)
}

/// The values of a tensor that varies along its last axis only, one per channel.
pub(super) fn per_channel(tensor: &Tensor, channels: usize) -> Option<Vec<f32>> {
    match *tensor.as_f32()? {
        [value] => Some(vec![value; channels]),
        ref values if values.len() == channels && tensor.shape().last() == Some(&channels) => {
            Some(values.to_vec())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::onnx::DataType;
    use crate::testing::{Model, after};

    #[test]
    fn added_and_subtracted_constants_become_the_bias() {
        for kind in ["Add", "Sub"] {
            let model = Model::default()
                .input("x", DataType::Float, &[2, 3])
                .weights("w", &[3, 4])
                .weights("b", &[4])
                .op("MatMul", &["x", "w"], "p")
                .op(kind, &["p", "b"], "y")
                .output("y");
            let passes = |graph: &mut crate::graph::Graph| {
                Ok(super::super::lower_dense::run(graph)? && super::run(graph)?)
            };
            assert_eq!(
                after(passes, model),
                "in x:[2,3]\ny:[2,4] = Dense(x, #w:[4,3], #p.bias:[4])\nfn main(x) -> y\n"
            );
        }
    }
}

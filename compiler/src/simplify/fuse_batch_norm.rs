//! A constant factor per channel behind a product or convolution moves into its weights and bias.
//!
//! Before: `p = ConvNhwc(x, #w, #b)`, `y = Mul(p, #m)`. After: `y = ConvNhwc(x, #w·m, #b·m)`. With
//! `fuse_bias`, which takes the addend behind it, nothing is left of a batch normalisation.

use super::fuse_bias::per_channel;
use crate::error::Result;
use crate::graph::{Binary, Graph, Op, Tensor, ValueId};

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let uses = graph.use_counts();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let (Op::Binary(Binary::Mul), &[Some(a), Some(b)]) = (&node.op, &node.inputs[..]) else {
            continue;
        };
        let found = [(a, b), (b, a)].into_iter().find_map(|(product, factor)| {
            let producer = *producers.get(&product)?;
            let scaled = scaled(graph, producer, product, factor)?;
            let alone = uses.get(&product) == Some(&1);
            (alone && graph.shape(product) == graph.shape(node.outputs[0]))
                .then_some((producer, scaled))
        });
        let Some((producer, (weights, bias))) = found else {
            continue;
        };
        let target = graph.nodes[producer].clone();
        let weights = graph.add_constant(&format!("{}.weights", target.name), weights);
        let mut inputs = vec![target.inputs[0], Some(weights)];
        if let Some(bias) = bias {
            let name = format!("{}.bias", target.name);
            inputs.push(Some(graph.add_constant(&name, bias)));
        }
        graph.nodes[index].op = target.op;
        graph.nodes[index].inputs = inputs;
        changed = true;
    }
    Ok(changed)
}

/// Weights and bias times the factor, if `producer` is a product without activation that it fits.
fn scaled(
    graph: &Graph,
    producer: usize,
    product: ValueId,
    factor: ValueId,
) -> Option<(Tensor, Option<Tensor>)> {
    let node = &graph.nodes[producer];
    if !matches!(
        node.op,
        Op::Dense { clamp: None } | Op::ConvNhwc { clamp: None, .. }
    ) {
        return None;
    }
    let channels = *graph.shape(product).last()?;
    let factors = per_channel(graph.constant(factor)?, channels)?;
    let rows = graph.constant(node.input(1)?)?;
    let width = rows.len().checked_div(channels)?;
    let times = |tensor: &Tensor, width: usize| {
        let values = tensor.as_f32()?.chunks(width.max(1)).zip(&factors);
        let values = values.flat_map(|(row, factor)| row.iter().map(move |w| w * factor));
        let values: Vec<f32> = values.collect();
        let finite = values.iter().all(|value| value.is_finite());
        Tensor::f32(tensor.shape(), values).ok().filter(|_| finite)
    };
    let bias = match node.input(2) {
        Some(bias) => Some(times(graph.constant(bias)?, 1)?),
        None => None,
    };
    Some((times(rows, width)?, bias))
}

#[cfg(test)]
mod tests {
    use crate::onnx::DataType;
    use crate::testing::{Model, after, assert_same_outputs, import};

    fn normalised() -> Model {
        Model::default()
            .input("x", DataType::Float, &[1, 3, 5, 4])
            .weights("w", &[4, 3, 3, 3])
            .weights("b", &[4])
            .weights("scale", &[4])
            .weights("shift", &[4])
            .weights("mean", &[4])
            .tensor(crate::onnx::tensor::f32("var", &[4], &[0.5, 1.0, 2.0, 3.0]))
            .op("Conv", &["x", "w", "b"], "c")
            .op(
                "BatchNormalization",
                &["c", "scale", "shift", "mean", "var"],
                "n",
            )
            .op("Relu", &["n"], "y")
            .output("y")
    }

    #[test]
    fn a_factor_per_channel_scales_the_weights() {
        let model = Model::default()
            .input("x", DataType::Float, &[2, 3])
            .weights("w", &[3, 4])
            .weights("b", &[4])
            .weights("m", &[4])
            .op("Gemm", &["x", "w", "b"], "p")
            .op("Mul", &["m", "p"], "y")
            .output("y");
        let passes = |graph: &mut crate::graph::Graph| {
            Ok(super::super::lower_dense::run(graph)? && super::run(graph)?)
        };
        assert_eq!(
            after(passes, model),
            "in x:[2,3]\ny:[2,4] = Dense(x, #p.weights:[4,3], #p.bias:[4])\nfn main(x) -> y\n"
        );
    }

    #[test]
    fn nothing_is_left_of_a_batch_normalisation() {
        let before = import(normalised());
        let after = crate::simplify::simplify(before.clone()).unwrap();
        assert_same_outputs(&before, after.graph());
        let names: Vec<_> = after.graph().nodes.iter().map(|n| n.op.name()).collect();
        assert_eq!(names, ["Transpose", "ConvNhwc", "Transpose"]);
    }
}

//! Equalised graphs compute the same bits, and integers represent them better.

use super::super::{FloatRun, Samples};
use super::equalise;
use crate::graph::Graph;
use crate::onnx::{DataType, attribute, node, tensor};
use crate::simplify::simplify;
use crate::testing::{Model, import};

/// A convolution whose channels differ by orders of magnitude, Relu, a depthwise one with a sum
/// around it, and a pointwise one to which all channels matter alike.
fn uneven() -> Model {
    let scales = [0.01f32, 10.0, 0.3, 1.0];
    let weights: Vec<f32> = (0..4 * 3 * 3)
        .map(|index| scales[index / 9] * ((index * 37 % 19) as f32 / 19.0 - 0.45))
        .collect();
    let bias = scales.map(|scale| 0.3 * scale);
    let alike: Vec<f32> = (0..5 * 4)
        .map(|index| ((index * 7 % 11) as f32 / 11.0 - 0.4) / scales[index % 4])
        .collect();
    let alone = vec![attribute::int("group", 4), attribute::ints("pads", &[1, 1])];
    Model::default()
        .input("x", DataType::Float, &[1, 3, 202])
        .tensor(tensor::f32("w", &[4, 3, 3], &weights))
        .tensor(tensor::f32("b", &[4], &bias))
        .op("Conv", &["x", "w", "b"], "p")
        .op("Relu", &["p"], "r")
        .weights("d", &[4, 1, 3])
        .node(node("Conv", &["r", "d"], &["q"], alone))
        .op("Add", &["q", "r"], "s")
        .op("Relu", &["s"], "t")
        .tensor(tensor::f32("v", &[5, 4, 1], &alike))
        .op("Conv", &["t", "v"], "y")
        .output("y")
}

fn outputs(graph: &Graph) -> Vec<u32> {
    let float = FloatRun::new(graph).unwrap();
    let function = &graph.functions[0];
    let mut bits = Vec::new();
    for sample in 0..8 {
        let inputs = Samples::noise().inputs(graph, function, sample).unwrap();
        let observe = |value, values: &[f32]| {
            if function.outputs.contains(&value) {
                bits.extend(values.iter().map(|x| x.to_bits()));
            }
        };
        float.run(&function.name, &inputs, observe).unwrap();
    }
    bits
}

/// Largest magnitude of each channel of the value called `name`, widest over narrowest.
fn spread(graph: &Graph, name: &str) -> f32 {
    let float = FloatRun::new(graph).unwrap();
    let function = &graph.functions[0];
    let wanted = graph.find(name).unwrap();
    let mut reach = [0.0f32; 4];
    for sample in 0..64 {
        let inputs = Samples::noise().inputs(graph, function, sample).unwrap();
        let observe = |value, values: &[f32]| {
            for (c, x) in values.iter().enumerate().filter(|_| value == wanted) {
                reach[c % 4] = reach[c % 4].max(x.abs());
            }
        };
        float.run(&function.name, &inputs, observe).unwrap();
    }
    let widest = reach.iter().copied().fold(0.0, f32::max);
    widest / reach.iter().copied().fold(widest, f32::min)
}

#[test]
fn outputs_keep_their_bits_and_channels_come_closer() {
    let plain = simplify(import(uneven())).unwrap();
    let equal = equalise(plain.clone(), &Samples::noise()).unwrap();
    assert!(plain != equal, "nothing has been scaled");
    assert_eq!(outputs(plain.graph()), outputs(equal.graph()));
    let (before, after) = (spread(plain.graph(), "r"), spread(equal.graph(), "r"));
    assert!(after < before / 8.0, "{before} to {after}");
}

#[test]
fn what_an_output_or_a_limit_shows_is_left_alone() {
    let shown = uneven().output("r").output("s");
    let plain = simplify(import(shown)).unwrap();
    let equal = equalise(plain.clone(), &Samples::noise()).unwrap();
    assert_eq!(plain, equal);
}

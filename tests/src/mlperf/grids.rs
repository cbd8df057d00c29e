//! The `kws` network as a quantised model brings itself: QuantizeLinear and DequantizeLinear around
//! every tensor, as `kws_ref_model.onnx` has them.
//!
//! ```text
//! fold each normalisation into its convolution; run on the samples
//! activations: int8 per tensor, range from the samples; a pool keeps its operand's grid
//! weights:     int8 symmetric, a scale for each output channel; one for the last layer
//! biases:      int32, scale = operand's scale · weights' scale
//! output:      Softmax in int8, 256 steps from 0 to 1
//! ```

use super::geometries::{KWS, input};
use super::network::{Network, Units, Value, Window, model};
use qibu::math;
use qibu_compiler::onnx::{
    AttributeProto, DataType, GraphProto, NodeProto, TensorProto, attribute, node, tensor,
    value_info,
};

/// What integers of a tensor mean.
#[derive(Clone, Copy)]
struct Grid {
    scale: f32,
    zero: i8,
}

impl Grid {
    /// All of int8 over the range of `value`.
    fn of(value: &Value) -> Self {
        let (low, high) = value.range();
        let scale = (high - low) / 255.0;
        let zero = math::round_even(-128.0 - low / scale) as i8;
        Self { scale, zero }
    }
}

/// A quantised graph under construction.
#[derive(Default)]
struct Quantised {
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
}

impl Quantised {
    /// A node with one output, whose name is returned.
    fn node(
        &mut self,
        kind: &str,
        operands: &[&str],
        constants: Vec<TensorProto>,
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = format!("{kind}_{}", self.nodes.len());
        let constants = constants.into_iter().enumerate().map(|(index, constant)| {
            let name = format!("{name}_{index}");
            TensorProto { name, ..constant }
        });
        let constants: Vec<TensorProto> = constants.collect();
        let names = constants.iter().map(|constant| constant.name.as_str());
        let inputs: Vec<&str> = operands.iter().copied().chain(names).collect();
        self.nodes.push(node(kind, &inputs, &[&name], attributes));
        self.tensors.extend(constants);
        name
    }

    fn grid(grid: Grid) -> Vec<TensorProto> {
        let scale = tensor::f32("", &[], &[grid.scale]);
        vec![scale, tensor::i8("", &[], &[grid.zero])]
    }

    fn quantise(&mut self, x: &str, grid: Grid) -> String {
        self.node("QuantizeLinear", &[x], Self::grid(grid), vec![])
    }

    fn dequantise(&mut self, x: &str, grid: Grid) -> String {
        self.node("DequantizeLinear", &[x], Self::grid(grid), vec![])
    }

    /// QuantizeLinear, then DequantizeLinear.
    fn rounded(&mut self, x: &str, grid: Grid) -> String {
        let integers = self.quantise(x, grid);
        self.dequantise(&integers, grid)
    }

    /// Constants in int8 and in int32, dequantised; `scales` has one element, or one for each row.
    fn constants(
        &mut self,
        x: Grid,
        shape: &[usize],
        weights: &[f32],
        bias: &[f32],
        scales: &[f32],
    ) -> [String; 2] {
        let row = weights.len() / scales.len();
        let round = |value: f32, scale: f32| math::round_even(value / scale);
        let weights: Vec<i8> = weights
            .iter()
            .enumerate()
            .map(|(index, &w)| round(w, scales[index / row]) as i8)
            .collect();
        let products: Vec<f32> = scales.iter().map(|scale| scale * x.scale).collect();
        let bias: Vec<i32> = bias
            .iter()
            .enumerate()
            .map(|(index, &b)| round(b, products[index % products.len()]) as i32)
            .collect();
        let each = scales.len() > 1;
        let dims = if each { vec![scales.len()] } else { vec![] };
        let axis = || Vec::from_iter(each.then(|| attribute::int("axis", 0)));
        let weights = vec![
            tensor::i8("", shape, &weights),
            tensor::f32("", &dims, scales),
            tensor::i8("", &dims, &vec![0; scales.len()]),
        ];
        let bias = vec![
            tensor::i32("", &[bias.len()], &bias),
            tensor::f32("", &dims, &products),
            tensor::i32("", &dims, &vec![0; scales.len()]),
        ];
        [weights, bias].map(|constants| self.node("DequantizeLinear", &[], constants, axis()))
    }
}

/// A layer in floats: normalisation folded into weights and bias.
struct Folded {
    window: Window,
    shape: [usize; 4],
    group: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
    output: Value,
}

fn folded(network: &mut Network, x: &Value, window: Window) -> Folded {
    let (inputs, (channels, group)) = (window.inputs(x), window.channels_of(x));
    let mut weights = network.weights(channels * inputs, inputs);
    let product = network.conv(x, window, &weights, None);
    network.drop_last(1);
    let mut bias = Vec::new();
    for (row, (mean, variance)) in weights.chunks_mut(inputs).zip(product.statistics()) {
        let (gain, shift) = network.gain();
        let factor = gain / math::sqrt(variance + 1e-3);
        row.iter_mut().for_each(|weight| *weight *= factor);
        bias.push(shift - mean * factor);
    }
    let sum = network.conv(x, window, &weights, Some(&bias));
    let [height, width] = window.kernel;
    Folded {
        window,
        shape: [channels, x.shape[1] / group, height, width],
        group,
        weights,
        bias,
        output: network.keep("Relu", &sum),
    }
}

/// The scale that brings the largest of `values` to 127.
fn symmetric(values: &[f32]) -> f32 {
    let largest = values.iter().fold(0.0, |most, x| math::max(most, x.abs()));
    math::max(largest, 1e-9) / 127.0
}

/// Keyword spotting, quantised.
pub fn kws(span: (f32, f32)) -> Vec<u8> {
    let mut network = Network::new(5, 0.0);
    let input = input(&[1, 49, 10, 1], span);
    let mut x = network.reshape(&input, &[-1, 1, 49, 10], &[1, 1, 49, 10]);
    let mut layers = Vec::new();
    for window in KWS {
        let layer = folded(&mut network, &x, window);
        x = layer.output.clone();
        layers.push(layer);
    }
    let row = network.pooled_row(&x);
    let (classes, channels) = (12, row.shape[1]);
    let (weights, bias) = network.dense_weights(&row, classes, Units::Last);
    let product = tensor::f32(&network.name("weights"), &[channels, classes], &weights);
    let product = network.apply("MatMul", &[&row], vec![product], vec![], &[1, classes]);
    let constant = tensor::f32(&network.name("bias"), &[classes], &bias);
    let logits = network.apply("Add", &[&product], vec![constant], vec![], &[1, classes]);

    let mut graph = Quantised::default();
    let shape = |dims: &[i64]| vec![tensor::i64("", &[dims.len()], dims)];
    let mut grid = Grid::of(&input);
    let first = graph.node("Reshape", &["input"], shape(&[-1, 1, 49, 10]), vec![]);
    let mut at = graph.dequantise(&first, grid);
    for layer in &layers {
        let inputs = layer.weights.len() / layer.bias.len();
        let scales: Vec<f32> = layer.weights.chunks(inputs).map(symmetric).collect();
        let [weights, bias] =
            graph.constants(grid, &layer.shape, &layer.weights, &layer.bias, &scales);
        let attributes = layer.window.attributes(layer.group);
        let sum = graph.node("Conv", &[&at, &weights, &bias], vec![], attributes);
        let clipped = graph.node("Relu", &[&sum], vec![], vec![]);
        grid = Grid::of(&layer.output);
        at = graph.rounded(&clipped, grid);
    }
    let plane: Vec<i64> = x.shape[2..].iter().map(|&side| side as i64).collect();
    let whole = ["strides", "kernel_shape"].map(|name| attribute::ints(name, &plane));
    let pooled = graph.node("AveragePool", &[&at], vec![], whole.to_vec());
    let pooled = graph.quantise(&pooled, grid);
    let row = graph.node("Reshape", &[&pooled], shape(&[-1, channels as i64]), vec![]);
    let row = graph.dequantise(&row, grid);
    let scale = [symmetric(&weights)];
    let [weights, bias] = graph.constants(grid, &[channels, classes], &weights, &bias, &scale);
    let product = graph.node("MatMul", &[&row, &weights], vec![], vec![]);
    let sum = graph.node("Add", &[&product, &bias], vec![], vec![]);
    let sum = graph.rounded(&sum, Grid::of(&logits));
    let shares = graph.node("Softmax", &[&sum], vec![], vec![]);
    let steps = Grid {
        scale: 1.0 / 256.0,
        zero: -128,
    };
    let output = graph.quantise(&shares, steps);
    model(GraphProto {
        node: graph.nodes,
        initializer: graph.tensors,
        input: vec![value_info("input", DataType::Int8, &input.shape)],
        output: vec![value_info(&output, DataType::Int8, &[1, classes])],
        ..GraphProto::default()
    })
}

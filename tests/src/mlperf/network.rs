//! A network that is initialised by what flows through it.
//!
//! ```text
//! each layer, in order:
//!     weights = seeded normals, scaled by He et al. (2015): variance 2 / inputs of a unit
//!     run the layer alone on the samples that the layers before it left
//!     statistics of the result (mean and variance of a channel) = what training would have found
//! ```
//!
//! So activations stay in range at any depth and classes share the samples, as in a trained network:
//! with plain random weights a deep network answers everything with one class.

use super::run;
use prost::Message;
use qibu::math;
use qibu::random::Random;
use qibu_compiler::compile::compile_float_bytes;
use qibu_compiler::onnx::{
    AttributeProto, DataType, GraphProto, IR_VERSION, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, attribute, node, tensor, value_info,
};

/// The operator set of the published files.
const OPERATOR_SET: i64 = 17;

/// A value of the graph, with what it is on each sample.
#[derive(Clone)]
pub struct Value {
    /// Its name in the graph.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its elements, sample by sample.
    pub samples: Vec<Vec<f32>>,
}

impl Value {
    /// Least and largest element, zero included.
    pub fn range(&self) -> (f32, f32) {
        let all = self.samples.iter().flatten();
        all.fold((0.0, 0.0), |(low, high), &x| {
            (math::min(low, x), math::max(high, x))
        })
    }

    /// Mean and variance of each channel; channels along axis 1.
    pub fn statistics(&self) -> Vec<(f32, f32)> {
        let (channels, plane) = (self.shape[1], self.shape[2..].iter().product::<usize>());
        let count = (self.samples.len() * plane) as f32;
        let moments = |channel: usize| {
            let of = |sample: &'_ Vec<f32>| sample[channel * plane..][..plane].to_vec();
            let all: Vec<f32> = self.samples.iter().flat_map(of).collect();
            let mean = all.iter().sum::<f32>() / count;
            let squares = all.iter().map(|x| (x - mean) * (x - mean));
            (mean, squares.sum::<f32>() / count)
        };
        (0..channels).map(moments).collect()
    }
}

/// The shape of a convolution.
#[derive(Clone, Copy)]
pub struct Window {
    /// Output channels; `None` is depthwise.
    pub channels: Option<usize>,
    /// Height and width.
    pub kernel: [usize; 2],
    /// Of both axes.
    pub stride: usize,
    /// Top, left, bottom, right.
    pub pads: [usize; 4],
}

/// What a linear layer's results are for.
#[derive(Clone, Copy)]
pub enum Units {
    /// Relu follows.
    Hidden,
    /// They leave: centred, some larger than others, so that they share the samples.
    Last,
}

/// A graph under construction.
pub struct Network {
    random: Random,
    /// Mean of what Relu is given, in standard deviations.
    shift: f32,
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
}

impl Network {
    /// An empty graph. With a mean `shift` of 0 half of the units are off at any time, and each
    /// layer amplifies what differs: 27 of them make a hundredfold of a rounding, which no trained
    /// network does. With 1 most units are on.
    pub fn new(seed: u64, shift: f32) -> Self {
        Self {
            random: Random::new(seed),
            shift,
            nodes: Vec::new(),
            tensors: Vec::new(),
        }
    }

    /// Seeded normals for units of `inputs` inputs.
    pub fn weights(&mut self, count: usize, inputs: usize) -> Vec<f32> {
        let deviation = math::sqrt(2.0 / inputs as f32);
        (0..count)
            .map(|_| self.random.gaussian() * deviation)
            .collect()
    }

    /// Adds a node and runs it alone on the samples.
    pub fn apply(
        &mut self,
        kind: &str,
        operands: &[&Value],
        constants: Vec<TensorProto>,
        attributes: Vec<AttributeProto>,
        shape: &[usize],
    ) -> Value {
        let name = format!("{kind}_{}", self.nodes.len());
        let inputs = operands.iter().map(|value| value.name.as_str());
        let names = constants.iter().map(|tensor| tensor.name.as_str());
        let inputs: Vec<&str> = inputs.chain(names).collect();
        let node = node(kind, &inputs, &[&name], attributes);
        let samples = alone(&node, operands, &constants, shape);
        self.nodes.push(node);
        self.tensors.extend(constants);
        Value {
            name,
            shape: shape.to_vec(),
            samples,
        }
    }

    /// Undoes the last [`Network::apply`]: it was only to be looked at.
    pub fn drop_last(&mut self, constants: usize) {
        self.nodes.pop();
        self.tensors.truncate(self.tensors.len() - constants);
    }

    /// A name for the next node's constant.
    pub fn name(&self, role: &str) -> String {
        format!("{role}_{}", self.nodes.len())
    }

    /// Conv, by weights and perhaps a bias.
    pub fn conv(
        &mut self,
        x: &Value,
        window: Window,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Value {
        let (channels, group) = window.channels_of(x);
        let [height, width] = window.kernel;
        let shape = [channels, x.shape[1] / group, height, width];
        let mut constants = vec![tensor::f32(&self.name("weights"), &shape, weights)];
        if let Some(bias) = bias {
            constants.push(tensor::f32(&self.name("bias"), &[channels], bias));
        }
        self.apply(
            "Conv",
            &[x],
            constants,
            window.attributes(group),
            &window.output(x),
        )
    }

    /// BatchNormalization with the statistics of `x`, a seeded gain and a seeded shift.
    pub fn batch_normalization(&mut self, x: &Value) -> Value {
        let statistics = x.statistics();
        let channels = statistics.len();
        let draw = |network: &mut Self| (0..channels).map(|_| network.gain()).collect();
        let affine: Vec<(f32, f32)> = draw(self);
        let columns: [(&str, Vec<f32>); 4] = [
            ("gamma", affine.iter().map(|&(gain, _)| gain).collect()),
            ("beta", affine.iter().map(|&(_, shift)| shift).collect()),
            ("mean", statistics.iter().map(|&(mean, _)| mean).collect()),
            (
                "variance",
                statistics.iter().map(|&(_, variance)| variance).collect(),
            ),
        ];
        let constants = columns
            .iter()
            .map(|(role, values)| tensor::f32(&self.name(role), &[channels], values));
        let constants = constants.collect();
        let attributes = vec![attribute::float("epsilon", 1e-3)];
        self.apply("BatchNormalization", &[x], constants, attributes, &x.shape)
    }

    /// Gain and shift of one channel.
    pub fn gain(&mut self) -> (f32, f32) {
        let gain = 0.5 + self.random.uniform();
        (gain, self.shift + 0.5 * self.random.gaussian())
    }

    /// A node of one operand that keeps its shape.
    pub fn keep(&mut self, kind: &str, x: &Value) -> Value {
        self.apply(kind, &[x], vec![], vec![], &x.shape)
    }

    /// Add of two activations.
    pub fn add(&mut self, a: &Value, b: &Value) -> Value {
        self.apply("Add", &[a, b], vec![], vec![], &a.shape)
    }

    /// AveragePool of the whole plane, then Reshape to a row.
    pub fn pooled_row(&mut self, x: &Value) -> Value {
        let (channels, plane) = (x.shape[1], [x.shape[2] as i64, x.shape[3] as i64]);
        let attributes = ["strides", "kernel_shape"].map(|name| attribute::ints(name, &plane));
        let shape = [1, channels, 1, 1];
        let pooled = self.apply("AveragePool", &[x], vec![], attributes.to_vec(), &shape);
        self.reshape(&pooled, &[-1, channels as i64], &[1, channels])
    }

    /// Reshape, as the graph says it and as it is.
    pub fn reshape(&mut self, x: &Value, wanted: &[i64], shape: &[usize]) -> Value {
        let constant = tensor::i64(&self.name("shape"), &[wanted.len()], wanted);
        self.apply("Reshape", &[x], vec![constant], vec![], shape)
    }

    /// Transpose from channels last to channels first.
    pub fn channels_first(&mut self, x: &Value) -> Value {
        let shape = [0, 3, 1, 2].map(|axis: usize| x.shape[axis]);
        let order = vec![attribute::ints("perm", &[0, 3, 1, 2])];
        self.apply("Transpose", &[x], vec![], order, &shape)
    }

    /// MatMul, then Add of a bias.
    pub fn dense(&mut self, x: &Value, units: usize, kind: Units) -> Value {
        let (weights, bias) = self.dense_weights(x, units, kind);
        let shape = [1, units];
        let weights = tensor::f32(&self.name("weights"), &[x.shape[1], units], &weights);
        let product = self.apply("MatMul", &[x], vec![weights], vec![], &shape);
        let bias = tensor::f32(&self.name("bias"), &[units], &bias);
        self.apply("Add", &[&product], vec![bias], vec![], &shape)
    }

    /// The constants of [`Network::dense`].
    pub fn dense_weights(&mut self, x: &Value, units: usize, kind: Units) -> (Vec<f32>, Vec<f32>) {
        let inputs = x.shape[1];
        let mut weights = self.weights(inputs * units, inputs);
        let raw = tensor::f32(&self.name("weights"), &[inputs, units], &weights);
        let product = self.apply("MatMul", &[x], vec![raw], vec![], &[1, units]);
        self.drop_last(1);
        let mut bias = Vec::new();
        for (unit, (mean, variance)) in product.statistics().into_iter().enumerate() {
            let (gain, shift) = match kind {
                Units::Hidden => self.gain(),
                Units::Last => (math::exp(0.5 * self.random.gaussian()), 0.0),
            };
            let factor = gain / math::sqrt(variance + 1e-6);
            weights
                .iter_mut()
                .skip(unit)
                .step_by(units)
                .for_each(|weight| *weight *= factor);
            bias.push(shift - mean * factor);
        }
        (weights, bias)
    }

    /// The model from `input` to `output`.
    pub fn finish(self, input: &Value, output: &Value) -> Vec<u8> {
        model(GraphProto {
            node: self.nodes,
            initializer: self.tensors,
            input: vec![value_info(&input.name, DataType::Float, &input.shape)],
            output: vec![value_info(&output.name, DataType::Float, &output.shape)],
            ..GraphProto::default()
        })
    }
}

impl Window {
    /// Output channels and groups on `x`.
    pub fn channels_of(&self, x: &Value) -> (usize, usize) {
        match self.channels {
            Some(channels) => (channels, 1),
            None => (x.shape[1], x.shape[1]),
        }
    }

    /// Multiply-accumulates of one output: inputs of a unit.
    pub fn inputs(&self, x: &Value) -> usize {
        self.kernel[0] * self.kernel[1] * x.shape[1] / self.channels_of(x).1
    }

    /// Shape of the result.
    fn output(&self, x: &Value) -> [usize; 4] {
        let [top, left, bottom, right] = self.pads;
        let side = |axis: usize, padding: usize| {
            (x.shape[2 + axis] + padding - self.kernel[axis]) / self.stride + 1
        };
        let channels = self.channels_of(x).0;
        [1, channels, side(0, top + bottom), side(1, left + right)]
    }

    /// As the published files write them.
    pub fn attributes(&self, group: usize) -> Vec<AttributeProto> {
        let long = |values: &[usize]| values.iter().map(|&v| v as i64).collect::<Vec<_>>();
        vec![
            attribute::ints("strides", &long(&[self.stride; 2])),
            attribute::ints("dilations", &[1, 1]),
            attribute::ints("kernel_shape", &long(&self.kernel)),
            attribute::ints("pads", &long(&self.pads)),
            attribute::int("group", group as i64),
        ]
    }
}

/// What `node` makes of the samples of its operands.
fn alone(
    node: &NodeProto,
    operands: &[&Value],
    constants: &[TensorProto],
    shape: &[usize],
) -> Vec<Vec<f32>> {
    let declare = |value: &&Value| value_info(&value.name, DataType::Float, &value.shape);
    let model = model(GraphProto {
        node: vec![node.clone()],
        initializer: constants.to_vec(),
        input: operands.iter().map(declare).collect(),
        output: vec![value_info(&node.output[0], DataType::Float, shape)],
        ..GraphProto::default()
    });
    let file = compile_float_bytes(&model).expect("a layer compiles");
    let file = run::File::new(&file);
    let outputs = (0..operands[0].samples.len()).map(|sample| {
        let inputs = operands.iter().map(|value| &value.samples[sample][..]);
        file.output(&inputs.collect::<Vec<_>>())
    });
    outputs.collect()
}

/// The bytes of a model with this graph.
pub fn model(graph: GraphProto) -> Vec<u8> {
    let set = OperatorSetIdProto {
        domain: String::new(),
        version: OPERATOR_SET,
    };
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "qibu-tests".into(),
        opset_import: vec![set],
        graph: Some(graph),
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

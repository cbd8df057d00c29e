//! Single layers as ONNX models with seeded weights: the shapes that figures of peers are known for.
//!
//! ```text
//! conv       a window of 1 or 2 axes, padded so that the plane stays, or as it says
//! depthwise  the same, a filter for each channel
//! connected  rows against weights, and a bias
//! chosen     the same, and of each row the best 8
//! ```

use libm::sqrtf;
use prost::Message;
use qibu::random::Random;
use qibu_compiler::onnx::{
    DataType, GraphProto, IR_VERSION, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    attribute, node, tensor, value_info,
};

/// The operator set of the graphs.
const OPERATOR_SET: i64 = 17;
/// Candidates of each row.
const BEST: i64 = 8;

/// A layer.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// Its name in tables.
    pub name: &'static str,
    /// Instructions of the best peer on a Cortex-M4F: CMSIS-NN, tuned (-Ofast, its requantisation in
    /// inline assembly), the layer's function called directly.
    pub peer: u64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Conv(Window),
    /// Rows, inputs, units.
    Connected([usize; 3]),
    /// The same, and the best of each row.
    Chosen([usize; 3]),
}

/// A convolution.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Channels in and out; depthwise where `out` is none.
    channels: (usize, Option<usize>),
    /// Length of each axis.
    plane: &'static [usize],
    kernel: &'static [usize],
    stride: usize,
    /// Before each axis, then behind each.
    pads: &'static [usize],
}

const fn layer(name: &'static str, peer: u64, kind: Kind) -> Layer {
    Layer { name, peer, kind }
}

/// A convolution of stride 1.
const fn conv(
    channels: (usize, Option<usize>),
    plane: &'static [usize],
    kernel: &'static [usize],
    pads: &'static [usize],
) -> Kind {
    Kind::Conv(Window {
        channels,
        plane,
        kernel,
        stride: 1,
        pads,
    })
}

const SAME: &[usize] = &[1, 1, 1, 1];

/// All of them.
pub const LAYERS: [Layer; 12] = [
    layer(
        "conv1d-10-64-128-k3",
        457_310,
        conv((64, Some(128)), &[10], &[3], &[1, 1]),
    ),
    layer(
        "conv1d-32-128-256-k3",
        5_473_200,
        conv((128, Some(256)), &[32], &[3], &[1, 1]),
    ),
    layer("connected-64-640", 108_960, Kind::Connected([1, 64, 640])),
    // The product alone takes the peer 9,060,200, the best of each row 480,080 more.
    layer(
        "10-rows-64-6000-top8",
        9_060_200,
        Kind::Chosen([10, 64, 6000]),
    ),
    layer(
        "conv-3x3-32x32-16-32",
        9_857_040,
        conv((16, Some(32)), &[32, 32], &[3, 3], SAME),
    ),
    layer(
        "depthwise-3x3-25x5x64",
        535_590,
        conv((64, None), &[25, 5], &[3, 3], SAME),
    ),
    layer(
        "conv-1x1-25x5-64-64",
        1_039_200,
        conv((64, Some(64)), &[25, 5], &[1, 1], &[0; 4]),
    ),
    layer(
        "stem-49x10x1-64-10x4-s2",
        1_060_520,
        Kind::Conv(Window {
            channels: (1, Some(64)),
            plane: &[49, 10],
            kernel: &[10, 4],
            stride: 2,
            pads: &[4, 1, 5, 1],
        }),
    ),
    layer(
        "stem-32x32x3-16-3x3",
        2_030_850,
        conv((3, Some(16)), &[32, 32], &[3, 3], SAME),
    ),
    layer(
        "conv-3x3-8x8-64-64",
        4_127_270,
        conv((64, Some(64)), &[8, 8], &[3, 3], SAME),
    ),
    layer(
        "depthwise1d-32-64-k3",
        119_840,
        conv((64, None), &[32], &[3], &[1, 1]),
    ),
    layer("connected-640-128", 159_390, Kind::Connected([1, 640, 128])),
];

impl Layer {
    /// Its ONNX file: floats from `x` to `y`, and the indices `i` of the best.
    #[must_use]
    pub fn onnx(&self) -> Vec<u8> {
        match self.kind {
            Kind::Conv(window) => window.onnx(),
            Kind::Connected(sizes) => connected(sizes, false),
            Kind::Chosen(sizes) => connected(sizes, true),
        }
    }
}

/// Seeded normals; their variance is 1 / `inputs`, so that results are about 1.
fn normals(random: &mut Random, shape: &[usize], name: &str, inputs: usize) -> TensorProto {
    let count = shape.iter().product::<usize>();
    let deviation = sqrtf(1.0 / inputs as f32);
    let values: Vec<f32> = (0..count).map(|_| random.gaussian() * deviation).collect();
    tensor::f32(name, shape, &values)
}

fn long(values: &[usize]) -> Vec<i64> {
    values.iter().map(|&value| value as i64).collect()
}

impl Window {
    fn onnx(&self) -> Vec<u8> {
        let mut random = Random::new(1);
        let (channels, filters) = self.channels;
        let group = if filters.is_none() { channels } else { 1 };
        let filters = filters.unwrap_or(channels);
        let axes = self.plane.len();
        let inputs = self.kernel.iter().product::<usize>() * channels / group;
        let shape = [&[filters, channels / group], self.kernel].concat();
        let weights = normals(&mut random, &shape, "w", inputs);
        let bias = normals(&mut random, &[filters], "b", 4);
        let attributes = vec![
            attribute::ints("kernel_shape", &long(self.kernel)),
            attribute::ints("strides", &vec![self.stride as i64; axes]),
            attribute::ints("pads", &long(self.pads)),
            attribute::int("group", group as i64),
        ];
        let side = |axis: usize| {
            let padded = self.plane[axis] + self.pads[axis] + self.pads[axes + axis];
            (padded - self.kernel[axis]) / self.stride + 1
        };
        let input = [&[1, channels], self.plane].concat();
        let output: Vec<usize> = [1, filters]
            .into_iter()
            .chain((0..axes).map(side))
            .collect();
        model(GraphProto {
            node: vec![node("Conv", &["x", "w", "b"], &["y"], attributes)],
            initializer: vec![weights, bias],
            input: vec![value_info("x", DataType::Float, &input)],
            output: vec![value_info("y", DataType::Float, &output)],
            ..GraphProto::default()
        })
    }
}

fn connected([rows, inputs, units]: [usize; 3], best: bool) -> Vec<u8> {
    let mut random = Random::new(2);
    let mut constants = vec![
        normals(&mut random, &[inputs, units], "w", inputs),
        normals(&mut random, &[units], "b", 4),
    ];
    let (sum, width) = if best {
        ("sum", BEST as usize)
    } else {
        ("y", units)
    };
    let mut nodes: Vec<NodeProto> = vec![
        node("MatMul", &["x", "w"], &["product"], vec![]),
        node("Add", &["product", "b"], &[sum], vec![]),
    ];
    let mut output = vec![value_info("y", DataType::Float, &[rows, width])];
    if best {
        constants.push(tensor::i64("k", &[1], &[BEST]));
        let axis = vec![attribute::int("axis", -1)];
        nodes.push(node("TopK", &["sum", "k"], &["y", "i"], axis));
        output.push(value_info("i", DataType::Int64, &[rows, width]));
    }
    model(GraphProto {
        node: nodes,
        initializer: constants,
        input: vec![value_info("x", DataType::Float, &[rows, inputs])],
        output,
        ..GraphProto::default()
    })
}

fn model(graph: GraphProto) -> Vec<u8> {
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

//! Single layers as models: those of `models/` and of MLPerf Tiny that cost most.

use qibu::random::Random;
use qibu_compiler::onnx::{DataType, GraphProto, attribute, node, tensor, value_info};
use qibu_tests::mlperf::geometries::input;
use qibu_tests::mlperf::network::{Network, Units, Window, model};

/// What a layer does.
#[derive(Clone, Copy, Debug)]
pub enum Layer {
    /// A convolution over [height, width, channels].
    Conv {
        /// Height, width, channels.
        input: [usize; 3],
        /// Output channels; none is depthwise.
        channels: Option<usize>,
        /// Height and width.
        kernel: [usize; 2],
        /// Of both axes.
        stride: usize,
        /// Top, left, bottom, right.
        pads: [usize; 4],
    },
    /// Inputs, outputs.
    Dense(usize, usize),
    /// Rows, inputs, characters: the best eight of each row.
    Vocabulary(usize, usize, usize),
}

/// Name, title and shape of each.
pub const LAYERS: [(&str, &str, Layer); 10] = {
    const fn conv(input: [usize; 3], channels: Option<usize>, kernel: [usize; 2]) -> Layer {
        let pads = [kernel[0] / 2, kernel[1] / 2, kernel[0] / 2, kernel[1] / 2];
        Layer::Conv {
            input,
            channels,
            kernel,
            stride: 1,
            pads,
        }
    }
    let stem = Layer::Conv {
        input: [49, 10, 1],
        channels: Some(64),
        kernel: [10, 4],
        stride: 2,
        pads: [4, 1, 5, 1],
    };
    [
        (
            "conv1d-10",
            "Conv 1-D, length 10, 64 → 128, kernel 3",
            conv([1, 10, 64], Some(128), [1, 3]),
        ),
        (
            "conv1d-32",
            "Conv 1-D, length 32, 128 → 256, kernel 3",
            conv([1, 32, 128], Some(256), [1, 3]),
        ),
        (
            "conv-32x32",
            "Conv 3×3, 32×32, 16 → 32",
            conv([32, 32, 16], Some(32), [3, 3]),
        ),
        (
            "conv-8x8",
            "Conv 3×3, 8×8, 64 → 64",
            conv([8, 8, 64], Some(64), [3, 3]),
        ),
        (
            "pointwise",
            "Conv 1×1, 25×5, 64 → 64",
            conv([25, 5, 64], Some(64), [1, 1]),
        ),
        (
            "depthwise",
            "Depthwise 3×3, 25×5, 64",
            conv([25, 5, 64], None, [3, 3]),
        ),
        ("stem-kws", "Conv 10×4 / 2, 49×10, 1 → 64", stem),
        (
            "stem-rgb",
            "Conv 3×3, 32×32, 3 → 16",
            conv([32, 32, 3], Some(16), [3, 3]),
        ),
        (
            "dense",
            "Fully connected, 640 → 128",
            Layer::Dense(640, 128),
        ),
        (
            "vocabulary",
            "10 rows, 64 → 6,000, best 8",
            Layer::Vocabulary(10, 64, 6000),
        ),
    ]
};

impl Layer {
    /// Shape of the input, channels last, with a leading 1.
    pub fn input(self) -> Vec<usize> {
        match self {
            Self::Conv {
                input: [h, w, c], ..
            } => vec![1, h, w, c],
            Self::Dense(inputs, _) => vec![1, inputs],
            Self::Vocabulary(rows, inputs, _) => vec![rows, inputs],
        }
    }

    /// The layer as ONNX; `channels_first` is the form that needs no Transpose around a convolution.
    pub fn onnx(self, channels_first: bool) -> Vec<u8> {
        match self {
            Self::Conv {
                channels,
                kernel,
                stride,
                pads,
                input: [h, w, c],
            } => {
                let window = Window {
                    channels,
                    kernel,
                    stride,
                    pads,
                };
                let mut network = Network::new(5, 0.0);
                let shape = if channels_first {
                    [1, c, h, w]
                } else {
                    [1, h, w, c]
                };
                let source = input(&shape, SPAN);
                let x = match channels_first {
                    true => source.clone(),
                    false => network.channels_first(&source),
                };
                let (filters, inputs) = (window.channels_of(&x).0, window.inputs(&x));
                let weights = network.weights(filters * inputs, inputs);
                let bias = network.weights(filters, inputs);
                let y = network.conv(&x, window, &weights, Some(&bias));
                let y = match channels_first {
                    true => y,
                    false => {
                        let shape = [0, 2, 3, 1].map(|axis: usize| y.shape[axis]);
                        let order = vec![attribute::ints("perm", &[0, 2, 3, 1])];
                        network.apply("Transpose", &[&y], vec![], order, &shape)
                    }
                };
                network.finish(&source, &y)
            }
            Self::Dense(_, units) => {
                let mut network = Network::new(6, 0.0);
                let x = input(&self.input(), SPAN);
                let y = network.dense(&x, units, Units::Last);
                network.finish(&x, &y)
            }
            Self::Vocabulary(rows, inputs, characters) => vocabulary(rows, inputs, characters),
        }
    }
}

/// Range of the inputs.
pub const SPAN: (f32, f32) = (-2.0, 2.0);

/// Gemm and TopK, as poem decoders end.
fn vocabulary(rows: usize, inputs: usize, characters: usize) -> Vec<u8> {
    let mut random = Random::new(7);
    let mut draw =
        |count: usize| -> Vec<f32> { (0..count).map(|_| 0.1 * random.gaussian()).collect() };
    let (weights, bias) = (draw(characters * inputs), draw(characters));
    let gemm = ["input", "weights", "bias"];
    model(GraphProto {
        node: vec![
            node(
                "Gemm",
                &gemm,
                &["logits"],
                vec![attribute::int("transB", 1)],
            ),
            node("TopK", &["logits", "best"], &["scores", "ids"], vec![]),
        ],
        initializer: vec![
            tensor::f32("weights", &[characters, inputs], &weights),
            tensor::f32("bias", &[characters], &bias),
            tensor::i64("best", &[1], &[8]),
        ],
        input: vec![value_info("input", DataType::Float, &[rows, inputs])],
        output: vec![
            value_info("scores", DataType::Float, &[rows, 8]),
            value_info("ids", DataType::Int64, &[rows, 8]),
        ],
        ..GraphProto::default()
    })
}

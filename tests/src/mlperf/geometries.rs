//! The project's own networks of the four geometries of MLPerf Tiny: same layers, shapes, strides,
//! padding and channels as the published files, weights by [`super::network`].
//!
//! ```text
//! ad      autoencoder: 640 – 4 × 128 – 8 – 4 × 128 – 640
//! kws     keyword spotting: Conv 10×4 / 2, 4 × (depthwise 3×3, pointwise 64), pool, 12 classes
//! resnet  image classification: 3 stages of 16, 32, 64 channels with a shortcut each, 10 classes
//! vww     person detection: MobileNet, width 0.25, 96×96, 2 classes
//! ```
//!
//! Convolutions have no bias and BatchNormalization behind them, which the published files have
//! folded already; `kws` also comes quantised, in [`super::grids`].

use super::fields::fields;
use super::network::{Network, Units, Value, Window};

/// Samples that statistics are taken on.
const SAMPLES: usize = 24;

/// The input of a network, with samples.
pub fn input(shape: &[usize], span: (f32, f32)) -> Value {
    Value {
        name: "input".into(),
        shape: shape.to_vec(),
        samples: fields(3, SAMPLES, &shape[1..], span),
    }
}

/// A square window of stride 1 that keeps the plane.
const fn square(channels: Option<usize>, side: usize) -> Window {
    Window {
        channels,
        kernel: [side; 2],
        stride: 1,
        pads: [side / 2; 4],
    }
}

/// A 3×3 window of stride 2, padded at the end as TensorFlow does.
const fn halving(channels: Option<usize>) -> Window {
    Window {
        channels,
        kernel: [3; 2],
        stride: 2,
        pads: [0, 0, 1, 1],
    }
}

/// The convolutions of `kws`.
pub const KWS: [Window; 9] = {
    let first = Window {
        channels: Some(64),
        kernel: [10, 4],
        stride: 2,
        pads: [4, 1, 5, 1],
    };
    let mut windows = [first; 9];
    let mut index = 1;
    while index < windows.len() {
        windows[index] = match index % 2 {
            1 => square(None, 3),
            _ => square(Some(64), 1),
        };
        index += 1;
    }
    windows
};

/// Conv and BatchNormalization.
fn normalised(network: &mut Network, x: &Value, window: Window) -> Value {
    let inputs = window.inputs(x);
    let weights = network.weights(window.channels_of(x).0 * inputs, inputs);
    let product = network.conv(x, window, &weights, None);
    network.batch_normalization(&product)
}

/// Conv, BatchNormalization and Relu.
fn layer(network: &mut Network, x: &Value, window: Window) -> Value {
    let sum = normalised(network, x, window);
    network.keep("Relu", &sum)
}

/// Mean over the plane, a linear layer, Softmax.
fn classified(mut network: Network, input: &Value, x: &Value, classes: usize) -> Vec<u8> {
    let row = network.pooled_row(x);
    let logits = network.dense(&row, classes, Units::Last);
    let output = network.keep("Softmax", &logits);
    network.finish(input, &output)
}

/// The autoencoder of anomaly detection.
pub fn ad(span: (f32, f32)) -> Vec<u8> {
    let mut network = Network::new(1, 1.0);
    let input = input(&[1, 640], span);
    let mut x = input.clone();
    for units in [128, 128, 128, 128, 8, 128, 128, 128, 128] {
        let sum = network.dense(&x, units, Units::Hidden);
        x = network.keep("Relu", &sum);
    }
    let output = network.dense(&x, 640, Units::Last);
    network.finish(&input, &output)
}

/// Keyword spotting.
pub fn kws(span: (f32, f32)) -> Vec<u8> {
    let mut network = Network::new(2, 0.0);
    let input = input(&[1, 49, 10, 1], span);
    let mut x = network.reshape(&input, &[-1, 1, 49, 10], &[1, 1, 49, 10]);
    for window in KWS {
        x = layer(&mut network, &x, window);
    }
    classified(network, &input, &x, 12)
}

/// Image classification.
pub fn resnet(span: (f32, f32)) -> Vec<u8> {
    let mut network = Network::new(3, 0.0);
    let input = input(&[1, 32, 32, 3], span);
    let first = network.channels_first(&input);
    let mut x = layer(&mut network, &first, square(Some(16), 3));
    for (channels, stride) in [(16, 1), (32, 2), (64, 2)] {
        let (wide, narrow) = (Some(channels), square(Some(channels), 1));
        let (shortcut, opening) = match stride {
            1 => (x.clone(), square(wide, 3)),
            _ => {
                let window = Window { stride, ..narrow };
                (normalised(&mut network, &x, window), halving(wide))
            }
        };
        let inner = layer(&mut network, &x, opening);
        let inner = normalised(&mut network, &inner, square(wide, 3));
        let sum = network.add(&shortcut, &inner);
        x = network.keep("Relu", &sum);
    }
    classified(network, &input, &x, 10)
}

/// Person detection.
pub fn vww(span: (f32, f32)) -> Vec<u8> {
    let mut network = Network::new(4, 1.0);
    let input = input(&[1, 96, 96, 3], span);
    let first = network.channels_first(&input);
    let mut x = layer(&mut network, &first, halving(Some(8)));
    let blocks = [
        (1, 16),
        (2, 32),
        (1, 32),
        (2, 64),
        (1, 64),
        (2, 128),
        (1, 128),
        (1, 128),
        (1, 128),
        (1, 128),
        (1, 128),
        (2, 256),
        (1, 256),
    ];
    for (stride, channels) in blocks {
        let depthwise = match stride {
            1 => square(None, 3),
            _ => halving(None),
        };
        x = layer(&mut network, &x, depthwise);
        x = layer(&mut network, &x, square(Some(channels), 1));
    }
    classified(network, &input, &x, 2)
}

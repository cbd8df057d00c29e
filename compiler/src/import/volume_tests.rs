//! Volumes against a naive twin: five loops over the definition.

use crate::graph::Tensor;
use crate::onnx::{AttributeProto, DataType, attribute, node};
use crate::testing::models::noise;
use crate::testing::{Model, import, run};
use proptest::prelude::*;

/// A window over a volume, one number per axis.
#[derive(Clone, Debug)]
struct Volume {
    batch: usize,
    channels: usize,
    input: [usize; 3],
    kernel: [usize; 3],
    strides: [usize; 3],
    dilations: [usize; 3],
    before: [usize; 3],
    after: [usize; 3],
}

impl Volume {
    fn output(&self) -> [usize; 3] {
        [0, 1, 2].map(|axis| {
            let reach = (self.kernel[axis] - 1) * self.dilations[axis] + 1;
            let padded = self.input[axis] + self.before[axis] + self.after[axis];
            (padded - reach) / self.strides[axis] + 1
        })
    }

    fn attributes(&self) -> Vec<AttributeProto> {
        let list = |list: &[usize]| list.iter().map(|&n| n as i64).collect::<Vec<_>>();
        let pads = [list(&self.before), list(&self.after)].concat();
        vec![
            attribute::ints("kernel_shape", &list(&self.kernel)),
            attribute::ints("strides", &list(&self.strides)),
            attribute::ints("dilations", &list(&self.dilations)),
            attribute::ints("pads", &pads),
        ]
    }

    /// Calls `f` with every tap (as a flat index) and the flat place of the operand under it.
    fn under(&self, at: [usize; 3], mut f: impl FnMut(usize, usize)) {
        let [depth, height, width] = self.kernel;
        for tap in 0..depth * height * width {
            let taps = [tap / width / height, tap / width % height, tap % width];
            let mut place = Some(0);
            for axis in 0..3 {
                let index = at[axis] * self.strides[axis] + taps[axis] * self.dilations[axis];
                let index = index.checked_sub(self.before[axis]);
                let index = index.filter(|&index| index < self.input[axis]);
                place = place.and_then(|place| Some(place * self.input[axis] + index?));
            }
            if let Some(place) = place {
                f(tap, place);
            }
        }
    }

    /// Every position of the result, in order.
    fn positions(&self) -> Vec<[usize; 3]> {
        let [depth, height, width] = self.output();
        (0..depth * height * width)
            .map(|i| [i / width / height, i / width % height, i % width])
            .collect()
    }

    /// A model of one node over `x`, run by the naive interpreter.
    fn run(&self, model: Model, kind: &str, operands: &[&str], x: &[f32]) -> Vec<f32> {
        let extra = match kind {
            "Conv" => vec![attribute::int("group", self.channels as i64 / 2)],
            _ => vec![],
        };
        let attributes = [self.attributes(), extra].concat();
        let [d, h, w] = self.input;
        let shape = [self.batch, self.channels, d, h, w];
        let graph = import(
            model
                .input("x", DataType::Float, &shape)
                .node(node(kind, operands, &["y"], attributes))
                .output("y"),
        );
        let x = Tensor::f32(&shape, x.to_vec()).unwrap();
        let y = run(&graph, &[("x", x)]).remove("y").unwrap();
        let expected = [&[self.batch], &y.shape()[1..2], &self.output()[..]].concat();
        assert_eq!(y.shape(), expected);
        y.as_f32().unwrap().to_vec()
    }

    fn elements(&self) -> usize {
        self.input.iter().product()
    }
}

fn volume() -> impl Strategy<Value = Volume> {
    let three = |low: usize, high: usize| prop::array::uniform3(low..=high);
    let shape = (1..=2usize, 1..=2usize, three(3, 5));
    let window = (
        three(1, 3),
        three(1, 2),
        three(1, 2),
        three(0, 2),
        three(0, 2),
    );
    (shape, window).prop_map(|((batch, pairs, input), window)| {
        let (kernel, strides, dilations, before, after) = window;
        // Every window sees some of the operand, and fits.
        let fits = |axis: usize| 1 + (input[axis] - 1) / dilations[axis];
        let kernel = [0, 1, 2].map(|axis| kernel[axis].min(fits(axis)));
        let limit = |pads: [usize; 3]| [0, 1, 2].map(|axis| pads[axis].min(kernel[axis] - 1));
        Volume {
            batch,
            channels: 2 * pairs,
            input,
            kernel,
            strides,
            dilations,
            before: limit(before),
            after: limit(after),
        }
    })
}

/// What `combine` makes of the elements under every window.
fn pooled(v: &Volume, x: &[f32], combine: impl Fn(&[f32]) -> f32) -> Vec<f32> {
    let mut results = Vec::new();
    for plane in x.chunks(v.elements()) {
        for at in v.positions() {
            let mut seen = Vec::new();
            v.under(at, |_, place| seen.push(plane[place]));
            results.push(combine(&seen));
        }
    }
    results
}

fn assert_close(ours: &[f32], expected: &[f32], what: &Volume) {
    assert_eq!(ours.len(), expected.len());
    for (ours, expected) in ours.iter().zip(expected) {
        assert!((ours - expected).abs() < 1e-5, "{ours} {expected} {what:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pools_are_separable(v in volume(), seed: u32) {
        let x = noise(&mut { seed }, v.batch * v.channels * v.elements());
        let most = pooled(&v, &x, |seen| seen.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        prop_assert_eq!(v.run(Model::default(), "MaxPool", &["x"], &x), most);
        let mean = pooled(&v, &x, |seen| seen.iter().sum::<f32>() / seen.len() as f32);
        assert_close(&v.run(Model::default(), "AveragePool", &["x"], &x), &mean, &v);
    }

    #[test]
    fn convolutions_are_stacks_of_planes(v in volume(), mut seed: u32) {
        let x = noise(&mut seed, v.batch * v.channels * v.elements());
        let taps: usize = v.kernel.iter().product();
        // Groups of two channels, with two outputs each.
        let weights = noise(&mut seed, v.channels * 2 * taps);
        let bias = noise(&mut seed, v.channels);
        let mut expected = Vec::new();
        for image in x.chunks(v.channels * v.elements()) {
            for (output, bias) in bias.iter().enumerate() {
                for at in v.positions() {
                    let mut sum = *bias;
                    for channel in 0..2 {
                        let plane = (output / 2 * 2 + channel) * v.elements();
                        let w = (output * 2 + channel) * taps;
                        v.under(at, |tap, place| sum += image[plane + place] * weights[w + tap]);
                    }
                    expected.push(sum);
                }
            }
        }
        let shape = [&[v.channels, 2], &v.kernel[..]].concat();
        let model = Model::default()
            .tensor(crate::onnx::tensor::f32("w", &shape, &weights))
            .tensor(crate::onnx::tensor::f32("b", &[v.channels], &bias));
        assert_close(&v.run(model, "Conv", &["x", "w", "b"], &x), &expected, &v);
    }
}

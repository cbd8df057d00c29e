//! Every way to run a depthwise layer against the scalar kernel.

use super::lanes::Lanes;
use super::plane::{Planes, Portable};
use super::*;
use crate::format::{DType, Layout, Place, Tensor, TensorRecord};
use crate::isa::depthwise::Depthwise;
use crate::kernels::conv::{Geometry, integer};
use crate::kernels::window::{Axis, testing::axis};
use crate::random::Random;
use crate::rounding::Scale;
use proptest::prelude::*;
use std::vec::Vec;

/// A random layer and its images.
struct Case {
    window: Window,
    images: usize,
    input: Vec<i8>,
    weights: Vec<i8>,
    bias: Vec<i32>,
    scales: Vec<u32>,
    zero_point: i32,
    clamp: (i32, i32),
    out_zero_point: i32,
}

impl Case {
    fn new(window: Window, images: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut bytes =
            |count: usize| -> Vec<i8> { (0..count).map(|_| random.next_u32() as i8).collect() };
        let input = bytes(images * window.image());
        let weights = bytes(window.channels * window.taps());
        let narrow = random.next_u32().is_multiple_of(3);
        let mut case = Self {
            window,
            images,
            input,
            weights,
            bias: Vec::new(),
            scales: Vec::new(),
            zero_point: random.next_u32() as i8 as i32,
            clamp: if narrow { (-100, 90) } else { (-128, 127) },
            out_zero_point: random.next_u32() as i8 as i32,
        };
        // Half of the layers have no bias beyond what shortcuts for small sums take.
        let least = if random.next_u32().is_multiple_of(2) {
            8
        } else {
            14
        };
        for _ in 0..window.channels {
            let bits = least + random.next_u32() % 14;
            case.bias.push(random.next_u32() as i32 >> bits);
            // Each shift is as likely as any other; half of the multipliers are powers of two.
            let shift = Scale::MIN_SHIFT + random.next_u32() % 14;
            let mantissa = if random.next_u32().is_multiple_of(2) {
                0
            } else {
                random.next_u32() >> 2 & !0xFF
            };
            case.scales.push(1 << 30 | mantissa | shift);
        }
        case
    }

    /// Output bytes of `dtype` as `run` writes them.
    fn output(&self, dtype: DType, run: impl FnOnce(&Layer<'_>, Sink<'_>)) -> Vec<u32> {
        let record = TensorRecord {
            dtype,
            layout: Layout::Plain,
            place: Place::Arena,
            rank: 0,
            offset: 0,
            scale: 1.0,
            zero_point: self.out_zero_point,
            dims: [0; 6],
            name_offset: 0,
            name_length: 0,
        };
        let mut out = std::vec![0xA5A5_A5A5u32; self.images * self.window.output()];
        let bytes = &mut bytemuck::cast_slice_mut(&mut out)
            [..self.images * self.window.output() * dtype.size()];
        let sink = Sink::new(
            Tensor::new(&record.words()),
            bytes,
            self.clamp.0,
            self.clamp.1,
        )
        .unwrap();
        let layer = Layer {
            window: &self.window,
            weights: &self.weights,
            bias: &self.bias,
            scales: &self.scales,
            zero_point: self.zero_point,
        };
        run(&layer, sink);
        out
    }

    fn scalar(&self, dtype: DType) -> Vec<u32> {
        let geometry = Geometry {
            window: &self.window,
            inner: 1,
            outer: 1,
        };
        self.output(dtype, |layer, sink| {
            let rows = (layer.bias, layer.scales);
            integer(
                &geometry,
                &self.input,
                layer.weights,
                rows,
                layer.zero_point,
                sink,
            )
            .unwrap();
        })
    }

    fn by<D: Depthwise>(&self, dtype: DType) -> Vec<u32> {
        // What is in the scratch memory must not matter.
        let mut scratch = std::vec![0x7B7B_7B7B_7B7B_7B7Bu64; bytes(&self.window).div_ceil(8)];
        self.output(dtype, |layer, mut sink| {
            for (image, input) in self.input.chunks(self.window.image()).enumerate() {
                let first = image * self.window.output();
                let scratch = bytemuck::cast_slice_mut(&mut scratch);
                D::image(layer, input, scratch, &mut sink, first).unwrap();
            }
        })
    }
}

/// Bytes of scratch.
fn bytes(window: &Window) -> usize {
    plane::Cut::new(window).bytes().unwrap()
}

/// A window over `channels`.
fn window(y: Axis, x: Axis, channels: usize) -> Window {
    Window {
        y,
        x,
        channels,
        filters: channels,
    }
}

proptest! {
    #[test]
    fn all_ways_equal_the_scalar_kernel(
        y in axis(), x in axis(), images in 1usize..3, channels in 1usize..70, seed: u64,
    ) {
        let case = Case::new(window(y, x, channels), images, seed);
        for dtype in [DType::I8, DType::I16, DType::I32] {
            let expected = case.scalar(dtype);
            prop_assert_eq!(&case.by::<Planes<Portable>>(dtype), &expected);
            prop_assert_eq!(&case.by::<Lanes>(dtype), &expected);
            prop_assert_eq!(&case.by::<Channels>(dtype), &expected);
        }
    }
}

/// An axis of windows up to nine taps long, or of many positions.
fn wide_axis(most: usize) -> impl Strategy<Value = Axis> {
    let extents = (1..most, 1usize..10, 1usize..4, 1usize..3, 0usize..5);
    extents.prop_filter_map(
        "window outside",
        |(input, kernel, stride, dilation, before)| {
            let reach = dilation * (kernel - 1) + 1;
            let output = (input + before + kernel / 2).checked_sub(reach)? / stride + 1;
            Some(Axis {
                input,
                output,
                kernel,
                stride,
                dilation,
                before,
            })
        },
    )
}

proptest! {
    /// Long windows, lines of every length, channels beyond what an instruction set takes at once, and so few
    /// that pixels share a register.
    #[test]
    fn large_layers_equal_the_scalar_kernel(
        (y, x) in prop_oneof![
            (wide_axis(12), wide_axis(12)), (wide_axis(3), wide_axis(300)), (wide_axis(300), wide_axis(3)),
            (axis(), wide_axis(40)),
        ],
        channels in prop_oneof![Just(1usize), Just(2), Just(4), Just(8), 1usize..20, 60usize..200],
        seed: u64,
    ) {
        let case = Case::new(window(y, x, channels), 1, seed);
        for dtype in [DType::I8, DType::I16] {
            prop_assert_eq!(&case.by::<Channels>(dtype), &case.scalar(dtype));
        }
    }
}

/// An image too large for one plane runs in bands.
#[test]
fn bands_join_without_a_seam() {
    for stride in [1, 2, 3] {
        let side = |input: usize| Axis {
            input,
            output: (input + 1) / stride,
            kernel: 3,
            stride,
            dilation: 1,
            before: 1,
        };
        let case = Case::new(window(side(70), side(61), 2), 1, 7);
        assert!(bytes(&case.window) <= 4096);
        assert_eq!(
            case.by::<Planes<Portable>>(DType::I8),
            case.scalar(DType::I8)
        );
    }
}

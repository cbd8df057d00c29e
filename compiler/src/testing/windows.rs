//! Naive convolution and pooling, channels last, for the interpreter.

use super::interpreter::{each, flat, floats, limit};
use crate::graph::{Clamp, PoolKind, Tensor, Window};

pub(super) fn nhwc_shape(shape: &[usize]) -> Vec<usize> {
    match *shape {
        [n, c, l] => vec![n, 1, l, c],
        [n, c, h, w] => vec![n, h, w, c],
        _ => panic!("{shape:?}"),
    }
}

pub(super) fn channels_last(tensor: &Tensor) -> Tensor {
    let [n, h, w, c] = nhwc_shape(tensor.shape())[..] else {
        panic!()
    };
    tensor
        .reshaped(&[n, c, h, w])
        .unwrap()
        .transposed(&[0, 2, 3, 1])
}

/// Input index under tap `tap` of position `at`, if it is not padding.
fn under(window: &Window, axis: usize, at: usize, tap: usize, length: usize) -> Option<usize> {
    let index = at * window.strides[axis] + tap * window.dilations[axis];
    index
        .checked_sub(window.before[axis])
        .filter(|&index| index < length)
}

pub(super) fn convolve(
    x: &Tensor,
    w: &Tensor,
    bias: Option<&[f32]>,
    window: &Window,
    group: usize,
    out: &[usize],
    clamp: Option<Clamp>,
) -> Vec<f32> {
    let per_group = w.shape()[3];
    each(out, |at| {
        let mut sum = bias.map_or(0.0, |bias| bias[at[3]]);
        let first = at[3] / (out[3] / group) * per_group;
        for r in 0..window.kernel[0] {
            for c in 0..window.kernel[1] {
                let row = under(window, 0, at[1], r, x.shape()[1]);
                let column = under(window, 1, at[2], c, x.shape()[2]);
                let (Some(row), Some(column)) = (row, column) else {
                    continue;
                };
                for i in 0..per_group {
                    let value = floats(x)[flat(x.shape(), &[at[0], row, column, first + i])];
                    sum += value * floats(w)[flat(w.shape(), &[at[3], r, c, i])];
                }
            }
        }
        limit(sum, clamp)
    })
}

pub(super) fn slide(x: &Tensor, kind: PoolKind, window: &Window, out: &[usize]) -> Vec<f32> {
    each(out, |at| {
        let mut seen = Vec::new();
        for r in 0..window.kernel[0] {
            for c in 0..window.kernel[1] {
                let row = under(window, 0, at[1], r, x.shape()[1]);
                let column = under(window, 1, at[2], c, x.shape()[2]);
                if let (Some(row), Some(column)) = (row, column) {
                    seen.push(floats(x)[flat(x.shape(), &[at[0], row, column, at[3]])]);
                }
            }
        }
        let taps = (window.kernel[0] * window.kernel[1]) as f32;
        match kind {
            PoolKind::Max => seen.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            PoolKind::Average => seen.iter().sum::<f32>() / seen.len() as f32,
            PoolKind::AverageWithPadding => seen.iter().sum::<f32>() / taps,
        }
    })
}

//! `Pool`: maximum or mean of sliding windows, channels last.
//!
//! ```text
//! for each image, output position (y, x), channel c:
//!     taps = in[source of (i, j) at (y, x), c] for the taps (i, j) inside the input
//!     kind 0:  out = max(taps)
//!     kind 1:  out = Σ taps / number of taps
//!     kind 2:  out = Σ taps / (kh · kw)
//!     0 where there are no taps
//! ```
//!
//! Floats in the order of the taps, sums from +0. Integers, int8 or int16: both tensors have the
//! same quantisation, sums are of `q − z`, and their mean `⌊Σ / count + ½⌋ + z` is exact. A window
//! has fewer than 2¹⁶ taps, so that a sum of 16-bit values stays within 32 bits. Attributes: kind,
//! then those of the window.

use super::elements::{self, Element, check_same};
use super::kernel::{Kernel, Types};
use super::window::Window;
use super::{rows, rows_mut};
use crate::arena::Operands;
use crate::error::Fault;
use crate::format::{DType, Opcode};
use crate::isa::elementwise;
use crate::step::Step;

const MAXIMUM: u32 = 0;
const MEAN: u32 = 1;
const MEAN_OF_ALL: u32 = 2;

/// Floats.
pub const F32: Kernel = Kernel::new(Opcode::Pool, [Types::F32, Types::ANY], check, run_f32);
/// int16.
pub const I16: Kernel = Kernel::new(Opcode::Pool, [Types::I16, Types::ANY], check, run_i16);
/// int8.
pub const I8: Kernel = Kernel::new(Opcode::Pool, [Types::I8, Types::ANY], check, run_i8);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (input, out) = (step.need_input(0)?, step.need_output(0)?);
    let window = Window::check(step, 1, input, out)?;
    if step.attribute(0) > MEAN_OF_ALL || window.taps() >= 1 << 16 {
        return Err(Fault::Attribute);
    }
    if window.channels != window.filters {
        return Err(Fault::Shape);
    }
    if !matches!(input.dtype(), DType::F32 | DType::I8 | DType::I16) {
        return Err(Fault::DType);
    }
    check_same(input, out)?;
    let elements = out.elements().ok_or(Fault::Shape)? as u64;
    elements
        .checked_mul(window.taps() as u64)
        .ok_or(Fault::Work)
}

fn run_f32(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    run::<f32, f32>(
        step,
        operands,
        |sum, x| sum + x,
        |sum, _, count| sum / count as f32,
        0.0,
        |_, _, _, _| false,
    )
}

fn run_i16(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    run::<i16, i32>(
        step,
        operands,
        |sum, x| sum + i32::from(x),
        |sum, _, count| mean(sum, count) as i16,
        0,
        |_, _, _, _| false,
    )
}

fn run_i8(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let zero = step.input(0)?.zero_point();
    run::<i8, i32>(
        step,
        operands,
        |sum, x| sum + i32::from(x),
        |sum, taps, count| mean_i8(sum, taps, count, zero),
        zero as i8,
        |taps, image, count, out| elementwise::means(taps, image, count, zero, out),
    )
}

/// Mean of `count` taps around a zero point, of which the `taps` inside have this sum.
fn mean_i8(sum: i32, taps: usize, count: usize, zero: i32) -> i8 {
    // Between the taps' values, or between one and zero: a mean fits its type.
    (mean(sum - taps as i32 * zero, count) + zero) as i8
}

#[inline(always)]
fn run<T: Element, S: Copy + Default>(
    step: &Step<'_>,
    operands: Operands<'_>,
    add: impl Fn(S, T) -> S,
    divide: impl Fn(S, usize, usize) -> T,
    zero: T,
    means: impl Fn(&Taps, &[T], usize, &mut [T]) -> bool,
) -> Option<()> {
    let window = Window::new(step, 1, step.input(0)?, step.output(0)?)?;
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    pool(
        &window,
        step.attribute(0),
        (x, out),
        add,
        divide,
        zero,
        means,
    )
}

/// `⌊sum / count + ½⌋`.
fn mean(sum: i32, count: usize) -> i32 {
    let count = count as i32;
    // Not `div_euclid`: the check of its division stays in the code. Loading rules zero out.
    let quotient = sum.checked_div(count).unwrap_or(0);
    let rest = 2 * (sum - quotient * count);
    quotient + i32::from(rest >= count) - i32::from(rest < -count)
}

#[inline(always)]
fn pool<T: Element, S: Copy + Default>(
    window: &Window,
    kind: u32,
    (x, out): (&[u8], &mut [u8]),
    add: impl Fn(S, T) -> S,
    divide: impl Fn(S, usize, usize) -> T,
    zero: T,
    means: impl Fn(&Taps, &[T], usize, &mut [T]) -> bool,
) -> Option<()> {
    let (x, out) = (elements::of::<T>(x)?, elements::of_mut::<T>(out)?);
    let mut pixels = rows_mut(out, window.channels);
    for image in rows(x, window.image()) {
        for (y, x) in window.positions() {
            let [(top, mut lines), (left, mut columns)] =
                [(&window.y, y), (&window.x, x)].map(|(axis, position)| {
                    let (first, behind) = axis.inside(position);
                    let source = axis.source(position, first).unwrap_or(0);
                    (source, behind - first)
                });
            let stride = window.x.dilation * window.channels;
            let pitch = window.y.dilation * window.x.input * window.channels;
            let taps = lines * columns;
            if stride * columns == pitch {
                // Lines that go on where the last ends are one.
                (lines, columns) = (lines.min(1), taps);
            }
            let all = if kind == MEAN { taps } else { window.taps() };
            let mut each = Taps {
                first: (top * window.x.input + left) * window.channels,
                lines,
                columns,
                stride,
                pitch,
            };
            // Channels that stand side by side go together through all taps.
            let pixel = pixels.next()?;
            if kind != MAXIMUM && taps > 0 && means(&each, image, all, pixel) {
                continue;
            }
            for out in pixel.chunks_mut(BLOCK) {
                if taps == 0 {
                    out.fill(zero.written());
                } else if kind == MAXIMUM {
                    let first = image.get(each.first..)?;
                    out.iter_mut().zip(first).for_each(|(out, &x)| *out = x);
                    each.fold(image, out, T::greater)?;
                    out.iter_mut().for_each(|out| *out = out.written());
                } else {
                    let mut sums = [S::default(); BLOCK];
                    let sums = sums.get_mut(..out.len())?;
                    each.fold(image, sums, &add)?;
                    for (out, &mut sum) in out.iter_mut().zip(sums) {
                        *out = divide(sum, taps, all).written();
                    }
                }
                each.first = each.first.wrapping_add(BLOCK);
            }
        }
    }
    Some(())
}

/// Channels at once.
const BLOCK: usize = 16;

/// Where the taps of some channels are: lines, and in each of them columns.
pub(crate) struct Taps {
    pub first: usize,
    pub lines: usize,
    pub columns: usize,
    pub stride: usize,
    pub pitch: usize,
}

impl Taps {
    /// Folds each tap into what stands for its channel.
    #[inline(always)]
    fn fold<T: Copy, S: Copy>(
        &self,
        image: &[T],
        folded: &mut [S],
        f: impl Fn(S, T) -> S,
    ) -> Option<()> {
        let mut line = self.first;
        for _ in 0..self.lines {
            let mut at = line;
            for _ in 0..self.columns {
                for (folded, &x) in folded.iter_mut().zip(image.get(at..)?) {
                    *folded = f(*folded, x);
                }
                at = at.wrapping_add(self.stride);
            }
            line = line.wrapping_add(self.pitch);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::testing::axis;
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn means_round_half_up() {
        let cases = [
            (-3, 2, -1),
            (3, 2, 2),
            (-1, 2, 0),
            (7, 3, 2),
            (8, 3, 3),
            (-8, 3, -3),
        ];
        for (sum, count, expected) in cases {
            assert_eq!(mean(sum, count), expected, "{sum} / {count}");
        }
    }

    proptest! {
        #[test]
        fn equals_its_naive_twin(
            y in axis(), x in axis(), channels in prop_oneof![1usize..5, 1usize..150], images in 1usize..3,
            zero in -128i32..=127, kind in 0u32..3, seed: u64,
        ) {
            let window = Window { y, x, channels, filters: channels };
            let mut random = Random::new(seed);
            let input: Vec<i8> = (0..images * window.image()).map(|_| random.next_u32() as i8).collect();
            let reals: Vec<f32> = input.iter().map(|&q| (i32::from(q) - zero) as f32).collect();
            let (mut expected, mut means) = (Vec::new(), Vec::new());
            for n in 0..images { for oy in 0..y.output { for ox in 0..x.output { for c in 0..channels {
                let mut taps = Vec::new();
                for i in 0..y.kernel { for j in 0..x.kernel {
                    let sy = (oy * y.stride + i * y.dilation) as isize - y.before as isize;
                    let sx = (ox * x.stride + j * x.dilation) as isize - x.before as isize;
                    if sy < 0 || sx < 0 || sy >= y.input as isize || sx >= x.input as isize { continue }
                    let at = ((n * y.input + sy as usize) * x.input + sx as usize) * channels + c;
                    taps.push(i64::from(input[at]) - i64::from(zero));
                }}
                let count = if kind == 2 { window.taps() } else { taps.len() } as i64;
                let sum: i64 = taps.iter().sum();
                let (value, real) = match (taps.is_empty(), kind) {
                    (true, _) => (0, 0.0),
                    (false, 0) => { let best = *taps.iter().max().unwrap(); (best, best as f32) }
                    _ => ((2 * sum + count).div_euclid(2 * count), sum as f32 / count as f32),
                };
                expected.push((value + i64::from(zero)) as i8);
                means.push(real.to_bits());
            }}}}
            let mut out = std::vec![0i8; expected.len()];
            pool::<i8, i32>(
                &window, kind, (bytemuck::cast_slice(&input), bytemuck::cast_slice_mut(&mut out)),
                |sum, x| sum + i32::from(x), |sum, taps, count| mean_i8(sum, taps, count, zero), zero as i8,
                |_, _, _, _| false,
            ).unwrap();
            prop_assert_eq!(&out, &expected);
            // By what the instruction set has.
            let mut out = std::vec![0i8; expected.len()];
            pool::<i8, i32>(
                &window, kind, (bytemuck::cast_slice(&input), bytemuck::cast_slice_mut(&mut out)),
                |sum, x| sum + i32::from(x), |sum, taps, count| mean_i8(sum, taps, count, zero), zero as i8,
                |taps, image, count, out| elementwise::means(taps, image, count, zero, out),
            ).unwrap();
            prop_assert_eq!(&out, &expected);
            let mut out = std::vec![0f32; means.len()];
            pool::<f32, f32>(
                &window, kind, (bytemuck::cast_slice(&reals), bytemuck::cast_slice_mut(&mut out)),
                |sum, x| sum + x, |sum, _, count| sum / count as f32, 0.0, |_, _, _, _| false,
            ).unwrap();
            prop_assert_eq!(out.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), means);
        }
    }
}

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
pub const F32: Kernel = Kernel::new(Opcode::Pool, [Types::F32, Types::ANY], check, run::<f32>);
/// int16.
pub const I16: Kernel = Kernel::new(Opcode::Pool, [Types::I16, Types::ANY], check, run::<i16>);
/// int8.
pub const I8: Kernel = Kernel::new(Opcode::Pool, [Types::I8, Types::ANY], check, run::<i8>);

fn check(step: &Step<'_>) -> Result<u64, Fault> {
    let (input, out) = (step.need_input(0)?, step.need_output(0)?);
    let window = Window::new(step, 1, input, out);
    window.check(input, out)?;
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

/// Elements that are pooled.
trait Point: Element {
    /// What stands for several.
    type Fold: Element + Default;

    /// The element by itself.
    fn wide(self) -> Self::Fold;
    /// The sum with an element more.
    fn plus(sum: Self::Fold, x: Self) -> Self::Fold;
    /// The sum or the maximum with an element more.
    #[inline(always)]
    fn folded(kind: u32, fold: Self::Fold, x: Self) -> Self::Fold {
        match kind {
            MAXIMUM => fold.greater(x.wide()),
            _ => Self::plus(fold, x),
        }
    }
    /// The mean of `all` taps around a zero point, of which the `taps` inside have this sum.
    fn mean(sum: Self::Fold, taps: usize, all: usize, zero: i32) -> Self;
    /// What is one element, or the zero point of none.
    fn narrow(x: Self::Fold) -> Self;
    /// The element that stands for zero.
    fn zero(zero: i32) -> Self;
    /// The mean of the taps for each element of `out`, as the instruction set has it; whether it did.
    #[inline(always)]
    fn means(_: &Taps, _: &[Self], _: i32, _: &mut [Self]) -> bool {
        false
    }
}

macro_rules! integer {
    ($integer:ty $(, $means:item)?) => {
        impl Point for $integer {
            type Fold = i32;

            fn wide(self) -> i32 {
                self.into()
            }
            fn plus(sum: i32, x: Self) -> i32 {
                sum + i32::from(x)
            }
            fn mean(sum: i32, taps: usize, all: usize, zero: i32) -> Self {
                // Between the taps' values, or between one and zero: a mean fits its type.
                (mean(sum - taps as i32 * zero, all) + zero) as Self
            }
            fn narrow(x: i32) -> Self {
                x as Self
            }
            fn zero(zero: i32) -> Self {
                zero as Self
            }
            $($means)?
        }
    };
}
integer!(
    i8,
    #[inline(always)]
    fn means(taps: &Taps, image: &[Self], zero: i32, out: &mut [Self]) -> bool {
        elementwise::means(taps, image, zero, out)
    }
);
integer!(i16);

impl Point for f32 {
    type Fold = f32;

    fn wide(self) -> f32 {
        self
    }
    fn plus(sum: f32, x: f32) -> f32 {
        sum + x
    }
    fn mean(sum: f32, _: usize, all: usize, _: i32) -> f32 {
        sum / all as f32
    }
    fn narrow(x: f32) -> f32 {
        x
    }
    fn zero(_: i32) -> f32 {
        0.0
    }
}

fn run<T: Point>(step: &Step<'_>, operands: Operands<'_>) -> Option<()> {
    let input = step.input(0)?;
    let window = Window::new(step, 1, input, step.output(0)?);
    let [x, ..] = operands.inputs;
    let [out, _] = operands.outputs;
    let (x, out) = (elements::of::<T>(x)?, elements::of_mut::<T>(out)?);
    pool::<T, true>(&window, step.attribute(0), x, out, input.zero_point())
}

/// `⌊sum / count + ½⌋`.
fn mean(sum: i32, count: usize) -> i32 {
    let count = count as i32;
    // Not `div_euclid`: the check of its division stays in the code. Loading rules zero out.
    let quotient = sum.checked_div(count).unwrap_or(0);
    let rest = 2 * (sum - quotient * count);
    quotient + i32::from(rest >= count) - i32::from(rest < -count)
}

/// By what the instruction set has where `OWN`.
fn pool<T: Point, const OWN: bool>(
    window: &Window,
    kind: u32,
    x: &[T],
    out: &mut [T],
    zero: i32,
) -> Option<()> {
    let mut pixels = rows_mut(out, window.channels);
    for image in rows(x, window.image()) {
        // Not `Window::positions`: an iterator in an iterator is more code than two loops.
        for y in 0..window.y.output {
            for x in 0..window.x.output {
                position::<T, OWN>(window, kind, (image, y, x), pixels.next()?, zero)?;
            }
        }
    }
    Some(())
}

/// All channels of an output position.
#[inline(always)]
fn position<T: Point, const OWN: bool>(
    window: &Window,
    kind: u32,
    (image, y, x): (&[T], usize, usize),
    out: &mut [T],
    zero: i32,
) -> Option<()> {
    let (top, behind) = window.y.inside(y);
    let mut lines = behind - top;
    let (left, behind) = window.x.inside(x);
    let mut columns = behind - left;
    let [top, left] = [(&window.y, y, top), (&window.x, x, left)]
        .map(|(axis, position, first)| axis.source(position, first).unwrap_or(0));
    let stride = window.x.dilation * window.channels;
    let pitch = window.y.dilation * window.x.input * window.channels;
    let taps = lines * columns;
    if stride * columns == pitch {
        // Lines that go on where the last ends are one.
        (lines, columns) = (lines.min(1), taps);
    }
    let all = if kind == MEAN { taps } else { window.taps() };
    let each = Taps {
        first: (top * window.x.input + left) * window.channels,
        lines,
        columns,
        stride,
        pitch,
        inside: taps,
        all,
    };
    if OWN && kind != MAXIMUM && taps > 0 && T::means(&each, image, zero, out) {
        return Some(());
    }
    #[cfg(not(any(target_arch = "arm", target_arch = "riscv32")))]
    let (blocks, rest) = {
        let (blocks, rest) = out.as_chunks_mut();
        for (out, first) in blocks.iter_mut().zip((0..).step_by(BLOCK)) {
            *out = each.block(image, first, kind, zero)?;
        }
        (blocks.len(), rest)
    };
    #[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
    let (blocks, rest) = (0, out);
    for (out, channel) in rest.iter_mut().zip(blocks * BLOCK..) {
        *out = each.one(image, channel, kind, zero)?;
    }
    Some(())
}

/// Channels at once, which stand side by side, where vectors hold them.
const BLOCK: usize = 16;

/// Where the taps of an output position are: lines, and in each of them columns.
pub(crate) struct Taps {
    pub first: usize,
    pub lines: usize,
    pub columns: usize,
    pub stride: usize,
    pub pitch: usize,
    /// Taps inside, and those that a mean counts.
    pub inside: usize,
    pub all: usize,
}

impl Taps {
    /// One channel.
    #[inline(always)]
    fn one<T: Point>(&self, image: &[T], channel: usize, kind: u32, zero: i32) -> Option<T> {
        if self.inside == 0 {
            return Some(T::zero(zero));
        }
        let mut line = self.first + channel;
        let mut fold = match kind {
            MAXIMUM => image.get(line)?.wide(),
            _ => T::Fold::default(),
        };
        for _ in 0..self.lines {
            let mut at = line;
            for _ in 0..self.columns {
                fold = T::folded(kind, fold, *image.get(at)?);
                at = at.wrapping_add(self.stride);
            }
            line = line.wrapping_add(self.pitch);
        }
        Some(self.value(kind, fold, zero))
    }

    /// [`Taps::one`] of channels from `first` on.
    #[cfg(not(any(target_arch = "arm", target_arch = "riscv32")))]
    #[inline(always)]
    fn block<T: Point>(
        &self,
        image: &[T],
        first: usize,
        kind: u32,
        zero: i32,
    ) -> Option<[T; BLOCK]> {
        if self.inside == 0 {
            return Some([T::zero(zero); BLOCK]);
        }
        let mut line = self.first + first;
        let mut folds = match kind {
            MAXIMUM => image.get(line..)?.first_chunk::<BLOCK>()?.map(T::wide),
            _ => [T::Fold::default(); BLOCK],
        };
        for _ in 0..self.lines {
            let mut at = line;
            for _ in 0..self.columns {
                let taps: &[T; BLOCK] = image.get(at..)?.first_chunk()?;
                for (fold, &x) in folds.iter_mut().zip(taps) {
                    *fold = T::folded(kind, *fold, x);
                }
                at = at.wrapping_add(self.stride);
            }
            line = line.wrapping_add(self.pitch);
        }
        Some(folds.map(|fold| self.value(kind, fold, zero)))
    }

    #[inline(always)]
    fn value<T: Point>(&self, kind: u32, fold: T::Fold, zero: i32) -> T {
        let value = match kind {
            MAXIMUM => T::narrow(fold),
            _ => T::mean(fold, self.inside, self.all, zero),
        };
        value.written()
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
            y in axis(), x in axis(), channels in 1usize..5, images in 1usize..3,
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
            pool::<i8, false>(&window, kind, &input, &mut out, zero).unwrap();
            prop_assert_eq!(&out, &expected);
            let mut out = std::vec![0i8; expected.len()];
            pool::<i8, true>(&window, kind, &input, &mut out, zero).unwrap();
            prop_assert_eq!(&out, &expected);
            let mut out = std::vec![0f32; means.len()];
            pool::<f32, false>(&window, kind, &reals, &mut out, 0).unwrap();
            prop_assert_eq!(out.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), means);
        }
    }
}

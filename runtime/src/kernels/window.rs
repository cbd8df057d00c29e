//! Sliding windows over images: the geometry that `Conv` and `Pool` share.
//!
//! ```text
//! source of tap (i, j) at (y, x) = (y·sy + i·dy − top, x·sx + j·dx − left)
//! ```
//!
//! Images are `[N, H, W, C]`. The first eight of a step's window attributes are kh, kw, sy, sx, dy,
//! dx, top, left; bottom and right padding follow from the output's shape.

use crate::error::Fault;
use crate::format::Tensor;
use crate::step::Step;

/// Extents of one axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    pub input: usize,
    pub output: usize,
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    pub before: usize,
}

impl Axis {
    /// Input positions from the first to the last that the taps of `outputs` side by side ask for, those
    /// outside the input among them; `None` where they overflow, or there is nothing.
    pub fn span(&self, outputs: usize) -> Option<usize> {
        let ahead = outputs.checked_sub(1)?.checked_mul(self.stride)?;
        let reach = self.kernel.checked_sub(1)?.checked_mul(self.dilation)?;
        ahead.checked_add(reach)?.checked_add(1)
    }

    /// Input position under `tap` at output `position`, if inside.
    pub fn source(&self, position: usize, tap: usize) -> Option<usize> {
        let source = (position * self.stride + tap * self.dilation).checked_sub(self.before)?;
        (source < self.input).then_some(source)
    }

    /// Taps from the first inside the input up to the first behind it; none where `first == behind`.
    pub fn inside(&self, position: usize) -> (usize, usize) {
        if self.dilation == 1 {
            let start = position * self.stride;
            let first = self.before.saturating_sub(start).min(self.kernel);
            let behind = (self.input + self.before).saturating_sub(start);
            return (first, behind.min(self.kernel).max(first));
        }
        let is_inside = |&tap: &usize| self.source(position, tap).is_some();
        let first = (0..self.kernel).find(is_inside).unwrap_or(self.kernel);
        let behind = (first..self.kernel).find(|tap| !is_inside(tap));
        (first, behind.unwrap_or(self.kernel))
    }
}

/// Images in and out, and the windows between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub y: Axis,
    pub x: Axis,
    /// Channels of an input pixel.
    pub channels: usize,
    /// Channels of an output pixel.
    pub filters: usize,
}

/// Strides, dilations, paddings and kernels stay below this, so that positions cannot overflow.
/// A power of two.
const MAX_EXTENT: usize = 1 << 12;

/// Both shapes are those of as many images.
fn are_images(input: &[u32], out: &[u32]) -> bool {
    (input.len(), out.len()) == (4, 4) && input.first() == out.first()
}

impl Window {
    /// The window that starts at attribute `first`; of no extent where a shape has not four axes, which
    /// [`Window::check`] refuses.
    pub fn new(step: &Step<'_>, first: usize, input: Tensor<'_>, out: Tensor<'_>) -> Self {
        let attributes = step.attributes().get(first..).unwrap_or(&[]);
        Self::between(attributes, input.shape(), out.shape())
    }

    /// The window with these attributes between images of these shapes, where they have four axes.
    pub fn of(attributes: &[u32], input: &[u32], out: &[u32]) -> Option<Self> {
        let whole = attributes.len() >= 8 && are_images(input, out);
        whole.then(|| Self::between(attributes, input, out))
    }

    /// The window between the last three axes of images. By itself, and without an `Option`, so that it
    /// is written where it goes: what moves a window links a routine for that.
    #[inline(never)]
    fn between(attributes: &[u32], input: &[u32], out: &[u32]) -> Self {
        let &[_, in_y, in_x, channels] = input.first_chunk().unwrap_or(&[0; 4]);
        let &[_, out_y, out_x, filters] = out.first_chunk().unwrap_or(&[0; 4]);
        let &[kh, kw, sy, sx, dy, dx, top, left] = attributes.first_chunk().unwrap_or(&[0; 8]);
        Self {
            y: Axis {
                input: in_y as usize,
                output: out_y as usize,
                kernel: kh as usize,
                stride: sy as usize,
                dilation: dy as usize,
                before: top as usize,
            },
            x: Axis {
                input: in_x as usize,
                output: out_x as usize,
                kernel: kw as usize,
                stride: sx as usize,
                dilation: dx as usize,
                before: left as usize,
            },
            channels: channels as usize,
            filters: filters as usize,
        }
    }

    /// The window whose positions are `pixels` of one row.
    pub fn row(pixels: usize, channels: usize, filters: usize) -> Self {
        let axis = |positions| Axis {
            input: positions,
            output: positions,
            kernel: 1,
            stride: 1,
            dilation: 1,
            before: 0,
        };
        Self {
            y: axis(1),
            x: axis(pixels),
            channels,
            filters,
        }
    }

    /// `input` and `out` are as many images, and everything is in range.
    pub fn check(&self, input: Tensor<'_>, out: Tensor<'_>) -> Result<(), Fault> {
        let (input, out) = (input.shape(), out.shape());
        if !are_images(input, out) {
            return Err(Fault::Shape);
        }
        let axes = [&self.y, &self.x];
        for axis in axes {
            // At least one, but for what is before: it may be zero.
            let most = (axis.kernel | axis.stride | axis.dilation | axis.before) >= MAX_EXTENT;
            if most || axis.kernel == 0 || axis.stride == 0 || axis.dilation == 0 {
                return Err(Fault::Attribute);
            }
        }
        for axis in axes {
            // The farthest position that a tap asks for; both products are below 2⁴⁴.
            let last = axis.output.saturating_sub(1) as u64 * axis.stride as u64
                + (axis.kernel.saturating_sub(1) * axis.dilation) as u64;
            if last >= 1 << 31 {
                return Err(Fault::Shape);
            }
        }
        Ok(())
    }

    /// Elements of an input image.
    pub fn image(&self) -> usize {
        self.y.input * self.x.input * self.channels
    }

    /// Elements of an output image.
    pub fn output(&self) -> usize {
        self.y.output * self.x.output * self.filters
    }

    /// Taps of a window, those outside included.
    pub fn taps(&self) -> usize {
        self.y.kernel * self.x.kernel
    }

    /// Whether the window at each position is the pixel there.
    pub fn is_identity(&self) -> bool {
        let plain = |axis: &Axis| {
            (axis.kernel, axis.stride, axis.before, axis.output) == (1, 1, 0, axis.input)
        };
        plain(&self.y) && plain(&self.x)
    }

    /// Positions of an output image, row by row.
    pub fn positions(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, columns) = (self.y.output, self.x.output);
        (0..rows).flat_map(move |y| (0..columns).map(move |x| (y, x)))
    }

    /// Calls `run(first element, None outside; taps)` for all taps at `(y, x)`, row by row: those side
    /// by side inside the input at once, and those outside one by one.
    #[inline(always)]
    pub fn for_runs(&self, (y, x): (usize, usize), mut run: impl FnMut(Option<usize>, usize)) {
        let kernel = self.x.kernel;
        let (first, behind) = self.x.inside(x);
        let together = if self.x.dilation == 1 {
            behind - first
        } else {
            1
        };
        for i in 0..self.y.kernel {
            let Some(row) = self.y.source(y, i) else {
                (0..kernel).for_each(|_| run(None, 1));
                continue;
            };
            (0..first).for_each(|_| run(None, 1));
            let mut tap = first;
            while tap < behind {
                let start = self.x.source(x, tap).unwrap_or(0);
                run(Some((row * self.x.input + start) * self.channels), together);
                tap += together;
            }
            (behind..kernel).for_each(|_| run(None, 1));
        }
    }

    /// Calls `tap(first element of the pixel, None outside)` for all taps at `(y, x)`, row by row.
    #[inline(always)]
    pub fn for_taps(&self, (y, x): (usize, usize), mut tap: impl FnMut(Option<usize>)) {
        for i in 0..self.y.kernel {
            let row = self.y.source(y, i);
            for j in 0..self.x.kernel {
                let pixel = row.zip(self.x.source(x, j));
                tap(pixel.map(|(y, x)| (y * self.x.input + x) * self.channels));
            }
        }
    }
}

/// Windows for tests, their output as long as ONNX defines it.
#[cfg(test)]
pub(crate) mod testing {
    use super::Axis;
    use proptest::prelude::*;

    fn output(axis: &Axis, after: usize) -> Option<usize> {
        let reach = axis.dilation * (axis.kernel - 1) + 1;
        Some((axis.input + axis.before + after).checked_sub(reach)? / axis.stride + 1)
    }

    pub fn axis() -> impl Strategy<Value = Axis> {
        let extents = (
            1usize..9,
            1usize..4,
            1usize..3,
            1usize..3,
            0usize..3,
            0usize..3,
        );
        extents.prop_filter_map(
            "kernel outside",
            |(input, kernel, stride, dilation, before, after)| {
                let mut axis = Axis {
                    input,
                    output: 0,
                    kernel,
                    stride,
                    dilation,
                    before,
                };
                axis.output = output(&axis, after)?;
                Some(axis)
            },
        )
    }
}

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
pub(super) struct Axis {
    pub input: usize,
    pub output: usize,
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    pub before: usize,
}

impl Axis {
    /// Input position under `tap` at output `position`, if inside.
    pub fn source(&self, position: usize, tap: usize) -> Option<usize> {
        let source = (position * self.stride + tap * self.dilation).checked_sub(self.before)?;
        (source < self.input).then_some(source)
    }

    /// First input position and number of the taps inside at output `position`; they are neighbours.
    pub fn inside(&self, position: usize) -> (usize, usize) {
        let (mut first, mut count) = (0, 0);
        for source in (0..self.kernel).filter_map(|tap| self.source(position, tap)) {
            if count == 0 {
                first = source;
            }
            count += 1;
        }
        (first, count)
    }
}

/// Images in and out, and the windows between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub y: Axis,
    pub x: Axis,
    /// Channels of an input pixel.
    pub channels: usize,
    /// Channels of an output pixel.
    pub filters: usize,
}

/// Strides, dilations, paddings and kernels stay below this, so that positions cannot overflow.
const MAX_EXTENT: u32 = 1 << 12;

/// Shapes of an input and its output.
type Images<'m> = (&'m [u32; 4], &'m [u32; 4]);

/// Both shapes, where they are as many images.
fn images<'m>(input: Tensor<'m>, out: Tensor<'m>) -> Option<Images<'m>> {
    let (input, out) = (input.shape().as_array()?, out.shape().as_array()?);
    (input[0] == out[0]).then_some((input, out))
}

impl Window {
    /// The window that starts at attribute `first`; `None` unless both are as many images.
    pub fn new(step: &Step<'_>, first: usize, input: Tensor<'_>, out: Tensor<'_>) -> Option<Self> {
        Some(Self::between(step, first, images(input, out)?))
    }

    /// The window between the last three axes of images. By itself, so that it is written where it
    /// goes: whatever moves a window, an `Option` above all, links a copy of it.
    #[inline(never)]
    fn between(step: &Step<'_>, first: usize, (input, out): Images<'_>) -> Self {
        let (&[_, in_y, in_x, channels], &[_, out_y, out_x, filters]) = (input, out);
        let word = |index| step.attribute(first + index) as usize;
        Self {
            y: Axis {
                input: in_y as usize,
                output: out_y as usize,
                kernel: word(0),
                stride: word(2),
                dilation: word(4),
                before: word(6),
            },
            x: Axis {
                input: in_x as usize,
                output: out_x as usize,
                kernel: word(1),
                stride: word(3),
                dilation: word(5),
                before: word(7),
            },
            channels: channels as usize,
            filters: filters as usize,
        }
    }

    /// [`Window::new`] with everything in range.
    pub fn check(
        step: &Step<'_>,
        first: usize,
        input: Tensor<'_>,
        out: Tensor<'_>,
    ) -> Result<Self, Fault> {
        let images = images(input, out).ok_or(Fault::Shape)?;
        for index in 0..8 {
            let word = step.attribute(first + index);
            if word >= MAX_EXTENT || (index < 6 && word == 0) {
                return Err(Fault::Attribute);
            }
        }
        let (_, &[_, rows, columns, _]) = images;
        for (index, output) in [rows, columns].into_iter().enumerate() {
            let word = |place| u64::from(step.attribute(first + place + index));
            // The farthest position that a tap asks for; both products are below 2⁴⁴.
            let last =
                u64::from(output.saturating_sub(1)) * word(2) + word(0).saturating_sub(1) * word(4);
            if last >= 1 << 31 {
                return Err(Fault::Shape);
            }
        }
        Ok(Self::between(step, first, images))
    }

    /// Elements of an input image.
    pub fn image(&self) -> usize {
        self.y.input * self.x.input * self.channels
    }

    /// Taps of a window, those outside included.
    pub fn taps(&self) -> usize {
        self.y.kernel * self.x.kernel
    }

    /// Positions of an output image, row by row.
    pub fn positions(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, columns) = (self.y.output, self.x.output);
        (0..rows).flat_map(move |y| (0..columns).map(move |x| (y, x)))
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
pub(super) mod testing {
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

//! One channel at a time, its input copied into a plane: for chips without vectors.
//!
//! ```text
//! for each band of output lines, each channel:
//!     copy the channel's part of the input into the plane, a border of zero points around it
//!     for each line, each output in it: bias + Σ over taps: plane[…] · weight
//! ```
//!
//! Channels stand next to each other in the input, a channel's pixels far apart: copied, they are
//! neighbours, widened, and no tap is outside. The border is written once for all channels. Lines
//! run along the vertical axis where it has three taps and the other has not, or has more outputs; else
//! along the horizontal one: their ends cost most. Bands bound the memory.

use super::Layer;
use crate::format::aligned;
use crate::isa::depthwise::Depthwise;
use crate::kernels::sink::Sink;
use crate::kernels::window::{Axis, Window};
use crate::kernels::{divide, rows};
use core::marker::PhantomData;

#[cfg(not(isa = "dsp"))]
mod threes;

#[cfg(not(isa = "dsp"))]
pub(crate) use threes::Portable;

/// What an instruction set does with planes.
pub(crate) trait Plane {
    /// Convolves all channels of a band; the plane holds its border.
    fn band(band: &Band<'_>, plane: &mut [i16], sink: &mut Sink<'_>) -> Option<()>;
}

/// Lines of the output, and what they are made of.
pub(crate) struct Band<'a> {
    pub layer: &'a Layer<'a>,
    /// One image.
    pub input: &'a [i8],
    pub source: Source,
    pub lines: Lines,
    /// First element of the output.
    pub first: usize,
}

impl<'a> Band<'a> {
    /// Number, weights, bias and scale word of every channel.
    pub fn channels(&self) -> impl Iterator<Item = (usize, Channel<'a>)> + use<'a> {
        let layer = self.layer;
        let rows = rows(layer.weights, layer.window.taps());
        let channels = rows.zip(layer.bias).zip(layer.scales);
        let channels = channels.map(|((weights, &bias), &scale)| Channel {
            weights,
            bias,
            scale,
        });
        channels.enumerate()
    }
}

/// A channel's weights, bias and scale word.
pub(crate) struct Channel<'a> {
    pub weights: &'a [i8],
    pub bias: i32,
    pub scale: u32,
}

/// A part of channel 0 of the input, and where it goes. All in elements.
pub(crate) struct Source {
    /// First element of the input, distance of neighbours in a line and of lines.
    pub first: usize,
    pub step: usize,
    pub line: usize,
    pub lines: usize,
    pub columns: usize,
    /// First element of the plane, distance of its lines.
    pub at: usize,
    pub pitch: usize,
}

/// Where taps and outputs of a channel lie. All distances in elements.
pub(crate) struct Lines {
    /// Rows of taps, and taps in a row.
    pub taps: [usize; 2],
    /// Between outputs and between taps of a line, in the plane.
    pub stride: usize,
    pub dilation: usize,
    /// Between lines of outputs and between rows of taps, in the plane.
    pub line: usize,
    pub row: usize,
    /// Output lines and outputs in each.
    pub lines: usize,
    pub columns: usize,
    /// Between outputs and between lines, in the output.
    pub out_step: usize,
    pub out_line: usize,
    /// Between taps of a row and between rows, in the weights.
    pub weight_step: usize,
    pub weight_row: usize,
}

/// Copies channel `index` into the plane.
#[inline(never)]
pub(crate) fn copy(band: &Band<'_>, index: usize, plane: &mut [i16]) -> Option<()> {
    let source = &band.source;
    let mut rows = plane.get_mut(source.at..)?;
    let mut first = source.first + index;
    for _ in 0..source.lines {
        let from = band.input.get(first..)?.iter().step_by(source.step.max(1));
        let to = rows.get_mut(..source.columns)?;
        for (to, from) in to.iter_mut().zip(from) {
            *to = i16::from(*from);
        }
        rows = rows.get_mut(source.pitch..).unwrap_or_default();
        first += source.line;
    }
    Some(())
}

/// Convolves channel `index`, of any geometry, factor and output.
#[cfg(isa = "dsp")]
pub(crate) fn convolve(
    band: &Band<'_>,
    index: usize,
    channel: &Channel<'_>,
    plane: &[i16],
    sink: &mut Sink<'_>,
) -> Option<()> {
    let lines = &band.lines;
    for line in 0..lines.lines {
        let first = band.first + index + line * lines.out_line;
        singles(lines, channel, plane.get(line * lines.line..)?, sink, first)?;
    }
    Some(())
}

/// A line, each output alone.
#[inline(never)]
fn singles(
    lines: &Lines,
    channel: &Channel<'_>,
    plane: &[i16],
    sink: &mut Sink<'_>,
    first: usize,
) -> Option<()> {
    let [rows, columns] = lines.taps;
    let (mut out, mut rest) = (first, plane);
    for _ in 0..lines.columns {
        let mut sum = channel.bias;
        let (mut taps, mut weights) = (rest, channel.weights);
        for _ in 0..rows {
            if lines.dilation == 1 && lines.weight_step == 1 {
                let row = weights.get(..columns)?;
                for (&x, &w) in taps.iter().zip(row) {
                    sum += i32::from(x) * i32::from(w);
                }
            } else {
                let (mut tap, mut weight) = (0, 0);
                for _ in 0..columns {
                    sum += i32::from(*taps.get(tap)?) * i32::from(*weights.get(weight)?);
                    tap += lines.dilation;
                    weight += lines.weight_step;
                }
            }
            taps = taps.get(lines.row..).unwrap_or_default();
            weights = weights.get(lines.weight_row..).unwrap_or_default();
        }
        sink.put_accumulator(out, sum, channel.scale);
        out += lines.out_step;
        rest = rest.get(lines.stride..).unwrap_or_default();
    }
    Some(())
}

/// An axis with distances of neighbours in the input, the output and the weights.
struct Side<'a> {
    axis: &'a Axis,
    input: usize,
    output: usize,
    weight: usize,
}

impl Side<'_> {
    /// Input positions under outputs, borders included.
    fn span(&self, outputs: usize) -> Option<usize> {
        self.axis.span(outputs)
    }

    /// [`Cut::bytes`] for planes of `band` lines of outputs along this axis.
    fn bytes(&self, pitch: usize, band: usize) -> Option<usize> {
        let elements = pitch.checked_mul(self.span(band)?)?.checked_add(8)?;
        aligned(elements.checked_mul(2)?)
    }
}

/// How a layer is cut into planes.
pub(super) struct Cut<'a> {
    along: Side<'a>,
    across: Side<'a>,
    /// Elements of a line of the plane, even: lines start at whole words.
    pitch: usize,
    /// Output lines of a band.
    band: usize,
}

/// Bytes that a plane takes at most where one output line does not need more.
const LIMIT: usize = 4096;

impl<'a> Cut<'a> {
    /// Not an `Option`: extents of tensors that exist do not overflow, and of others [`Cut::bytes`] is `None`.
    #[inline(never)]
    pub fn new(window: &'a Window) -> Self {
        let Window { y, x, channels, .. } = window;
        let rows = Side {
            axis: y,
            input: x.input.saturating_mul(*channels),
            output: x.output.saturating_mul(*channels),
            weight: x.kernel,
        };
        let columns = Side {
            axis: x,
            input: *channels,
            output: *channels,
            weight: 1,
        };
        let is_transposed = y.kernel == 3 && (x.kernel != 3 || y.output > x.output);
        let (mut along, mut across) = (columns, rows);
        if is_transposed {
            core::mem::swap(&mut along, &mut across);
        }
        let pitch = along.span(along.axis.output).unwrap_or(usize::MAX);
        let pitch = pitch.saturating_add(1) & !1;
        let mut band = across.axis.output;
        // Few lines fit: no division.
        while band > 1 && across.bytes(pitch, band).is_none_or(|bytes| bytes > LIMIT) {
            band = band.div_ceil(2);
        }
        Self {
            along,
            across,
            pitch,
            band,
        }
    }

    /// Elements that are written to the plane for `channels` channels of an image: all bands of it, once
    /// filled, and once for each channel at most.
    pub fn work(&self, channels: usize) -> u64 {
        let lines = self.across.axis.output;
        let bands = match self.band >= lines {
            true => 1,
            false => divide(lines.saturating_add(self.band.max(1) - 1), self.band)
                .map_or(1, |(bands, _)| bands as u64),
        };
        let plane = self.bytes().unwrap_or(usize::MAX) as u64 / 2;
        let each = bands.saturating_mul(plane);
        each.saturating_mul((channels as u64).saturating_add(1))
    }

    /// Bytes of the plane, and of what four outputs at a time read behind it.
    pub fn bytes(&self) -> Option<usize> {
        self.across.bytes(self.pitch, self.band)
    }
}

/// Runs a layer on planes.
pub(crate) struct Planes<P>(PhantomData<P>);

impl<P: Plane> Depthwise for Planes<P> {
    fn image(
        layer: &Layer<'_>,
        input: &[i8],
        scratch: &mut [u8],
        sink: &mut Sink<'_>,
        first: usize,
    ) -> Option<()> {
        let cut = Cut::new(layer.window);
        let plane: &mut [i16] =
            bytemuck::try_cast_slice_mut(scratch.get_mut(..cut.bytes()?)?).ok()?;
        let mut line = 0;
        while line < cut.across.axis.output {
            let band = band(layer, &cut, line, input, first)?;
            plane.fill(layer.zero_point as i16);
            P::band(&band, plane, sink)?;
            line += cut.band;
        }
        sink.clamp_int8(first, layer.window.output());
        Some(())
    }
}

/// A band of the output from line `start` on.
fn band<'a>(
    layer: &'a Layer<'a>,
    cut: &Cut<'_>,
    start: usize,
    input: &'a [i8],
    first: usize,
) -> Option<Band<'a>> {
    let Cut {
        along,
        across,
        pitch,
        band,
    } = cut;
    let pitch = *pitch;
    let lines = (*band).min(across.axis.output - start);
    // Of the input from `top` on, as many lines as there are, below `border` lines of the plane.
    let (top, before) = (start * across.axis.stride, across.axis.before);
    let (border, top) = (before.saturating_sub(top), top.saturating_sub(before));
    let covered = across.span(lines)?.saturating_sub(border);
    let covered = covered.min(across.axis.input.saturating_sub(top));
    let columns = pitch.saturating_sub(along.axis.before);
    let columns = columns.min(along.axis.input);
    let is_empty = covered == 0 || columns == 0;
    Some(Band {
        layer,
        input,
        source: Source {
            first: top * across.input,
            step: along.input,
            line: across.input,
            lines: if is_empty { 0 } else { covered },
            columns,
            at: if is_empty {
                0
            } else {
                border * pitch + along.axis.before
            },
            pitch,
        },
        lines: Lines {
            taps: [across.axis.kernel, along.axis.kernel],
            stride: along.axis.stride,
            dilation: along.axis.dilation,
            line: across.axis.stride * pitch,
            row: across.axis.dilation * pitch,
            lines,
            columns: along.axis.output,
            out_step: along.output,
            out_line: across.output,
            weight_step: along.weight,
            weight_row: across.weight,
        },
        first: first + start * across.output,
    })
}

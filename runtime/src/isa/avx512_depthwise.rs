//! Depthwise layers on AVX-512 with VNNI: a lane is a channel, of some pixels side by side where there
//! are few channels.
//!
//! ```text
//! for each 64 channels, each band (one line of outputs, or two that together see four input lines):
//!     line  = for each element of the input under the band, a byte of each of the four input lines
//!     for each sixteen of the channels, each output:
//!         Σ over taps j of a line: line[output · stride + j · dilation] · w[j]
//! ```
//!
//! VPDPBUSD adds four bytes of a lane at once: the taps of one column of the window. A second line of
//! outputs takes the same bytes with weights that are shifted by its stride, so that what is put together
//! once serves all outputs that see it. The unsigned factor is the activation with its sign bit flipped,
//! x + 128; the bias makes up for it by −128·Σ w. Taps outside are the zero point. Lines run along the
//! longer axis: their ends cost most.
#![allow(unsafe_code)]

mod block;
mod line;

use super::avx512::Clamp;
use super::x86;
use crate::kernels::conv::depthwise::Layer;
use crate::kernels::sink::{Out, Sink};
use crate::kernels::window::Axis;
use block::{BLOCKS, Block};
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

/// Channels of a block.
const LANES: usize = 16;
/// Channels that stand in a line together.
const CHANNELS: usize = BLOCKS * LANES;
/// Input lines of a band: a lane has four bytes.
const QUAD: usize = 4;
/// Most taps of a window along a line.
const TAPS: usize = 8;
/// Most elements of a line, those outside the input included.
const LINE: usize = 4096;

/// Quads of elements, and room for what is written behind the last ones.
type Line = [MaybeUninit<__m512i>; LINE / LANES + 2 * BLOCKS];

/// An axis of the images. All distances in elements.
struct Side {
    axis: Axis,
    /// Between positions, in the input and in the output.
    input: usize,
    output: usize,
    /// Between taps, in the weights of a channel.
    tap: usize,
}

/// How a layer is run.
struct Plan {
    /// Across lines and along them.
    across: Side,
    along: Side,
    channels: usize,
    /// Channels in a line.
    chunk: usize,
    /// Positions of a line, those outside the input included.
    columns: usize,
    /// Lines of outputs in a band.
    together: usize,
    /// Outputs side by side are in the lanes of a block, or one output's channels.
    flat: bool,
}

impl Plan {
    /// `None` where the layer is not one for this file: its lengths do not fit, or its window is too large.
    fn new(layer: &Layer<'_>, input: &[i8]) -> Option<Self> {
        let window = &layer.window;
        let (channels, kernel) = (window.channels, [window.y.kernel, window.x.kernel]);
        let y = Side {
            axis: window.y,
            input: window.x.input.checked_mul(channels)?,
            output: window.x.output.checked_mul(channels)?,
            tap: window.x.kernel,
        };
        let x = Side {
            axis: window.x,
            input: channels,
            output: channels,
            tap: 1,
        };
        let elements = window.y.input.checked_mul(y.input)?;
        let taps = channels.checked_mul(kernel[0].checked_mul(kernel[1])?)?;
        if channels == 0
            || window.filters != channels
            || input.len() != elements
            || layer.weights.len() < taps
            || layer.bias.len() != channels
            || layer.scales.len() != channels
        {
            return None;
        }
        let fits = |[across, along]: [usize; 2]| {
            (1..=QUAD).contains(&across) && (1..=TAPS).contains(&along)
        };
        // Pixels of few channels side by side in a row are in one register.
        let turn = window.y.output > window.x.output && channels >= LANES;
        let turned = fits([kernel[1], kernel[0]]) && (turn || !fits(kernel));
        let (across, along) = match turned {
            true => (x, y),
            false if fits(kernel) => (y, x),
            false => return None,
        };
        let last = |axis: &Axis| axis.output.checked_sub(1)?.checked_mul(axis.stride);
        let reach = (along.axis.kernel - 1).checked_mul(along.axis.dilation)?;
        let columns = last(&along.axis)?.checked_add(reach)?.checked_add(1)?;
        last(&across.axis)?;
        let most = LINE.checked_div(columns)?;
        let chunk = match channels.min(CHANNELS) {
            all if all <= most => all,
            _ => most / LANES * LANES,
        };
        let second = across.axis.kernel.checked_add(across.axis.stride)? <= QUAD;
        let flat = channels < LANES
            && LANES.is_multiple_of(channels)
            && along.axis.stride == 1
            && along.input == channels
            && along.output == channels;
        (chunk > 0).then_some(Self {
            together: 1 + usize::from(second && across.axis.dilation == 1),
            across,
            along,
            channels,
            chunk,
            columns,
            flat,
        })
    }
}

/// Convolves one image; `None`, with nothing done, where the layer is not one for this file.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn image(
    layer: &Layer<'_>,
    input: &[i8],
    sink: &mut Sink<'_>,
    first: usize,
) -> Option<()> {
    let plan = Plan::new(layer, input)?;
    let (across, along) = (&plan.across, &plan.along);
    let zero_point = layer.zero_point as i8;
    let bounds = x86::Clamp::of(sink);
    let clamp = Clamp::new(bounds);
    let fast = block::Fast::new(bounds);
    let positions = across.axis.output.checked_mul(along.axis.output)?;
    let mut out = x86::part(sink, first, positions.checked_mul(plan.channels)?)?;
    let is_int8 = matches!(out, Out::I8(_));
    let mut line: Line = [const { MaybeUninit::uninit() }; _];
    let shuffle = block::shuffle(&plan);
    for channel in (0..plan.channels).step_by(plan.chunk) {
        let chunk = plan.chunk.min(plan.channels - channel);
        let mut blocks = [const { MaybeUninit::<Block>::uninit() }; BLOCKS];
        let count = chunk.div_ceil(LANES);
        for (index, block) in blocks.iter_mut().enumerate().take(count) {
            // SAFETY: the layer has this channel, and weights for every channel.
            block.write(unsafe { Block::new(layer, &plan, channel + index * LANES, shuffle) });
        }
        for position in (0..across.axis.output).step_by(plan.together) {
            let together = plan.together.min(across.axis.output - position);
            let mut rows = [line::Row::outside(input.as_ptr()); QUAD];
            let seen = across.axis.kernel + (together - 1) * across.axis.stride;
            for (tap, row) in rows.iter_mut().enumerate().take(seen) {
                if let Some(source) = across.axis.source(position, tap) {
                    // SAFETY: the channel of the line's first pixel is in the input.
                    let start = unsafe { input.as_ptr().add(source * across.input + channel) };
                    *row = line::Row::new(start);
                }
            }
            let at = position * across.output + channel;
            // SAFETY: the first `count` blocks are written; rows are lines of the input from the chunk's first
            // channel on; the line has room for its columns, and outputs see no others; the sink has the
            // outputs of all lines.
            unsafe {
                line::fill(&plan, &rows, chunk, zero_point, &mut line);
                for (index, block) in blocks.iter().enumerate().take(count) {
                    let block = block.assume_init_ref();
                    let (lane, at) = (index * LANES, at + index * LANES);
                    match &mut out {
                        Out::I8(out) if is_int8 && block.is_narrow => {
                            block.int8(&plan, &line, lane, together, &fast, out, at);
                        }
                        out => block.any(&plan, &line, lane, together, &clamp, out, at),
                    }
                }
            }
        }
    }
    Some(())
}

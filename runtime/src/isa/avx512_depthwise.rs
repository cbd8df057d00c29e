//! Depthwise layers on AVX-512 with VNNI: a lane is a channel, a register sixteen of them.
//!
//! ```text
//! for each sixteen channels, each output line:
//!     line[x] = column x of the input under the window: for each channel, a byte of each row
//!     for each output: Σ over columns j of the kernel: line[x · stride + j · dilation] · w[j]
//! ```
//!
//! VPDPBUSD adds four rows of a channel at once, and a column that is put together once serves all
//! outputs that see it. Its unsigned factor is the activation with its sign bit flipped, x + 128; the
//! bias makes up for it by −128·Σ w. Taps outside are the zero point.
#![allow(unsafe_code)]

use super::avx512::{Clamp, Sixteen, store};
use super::x86;
use crate::kernels::conv::depthwise::Layer;
use crate::kernels::sink::{Out, Sink};
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

/// Channels at once.
const CHANNELS: usize = 16;
/// Most rows of a kernel: a lane has four bytes.
const ROWS: usize = 4;
/// Most columns of a kernel.
const TAPS: usize = 8;
/// Most columns of a line, those outside the input included.
const LINE: usize = 256;

/// Columns of taps; those behind a line's are never read.
type Line = [MaybeUninit<__m512i>; LINE];

/// A layer whose lengths have been looked at.
struct Lengths {
    channels: usize,
    /// Columns of a line.
    columns: usize,
}

impl Lengths {
    /// `None` where the layer is not one for this file.
    fn new(layer: &Layer<'_>, input: &[i8]) -> Option<Self> {
        let window = &layer.window;
        let channels = window.channels;
        let (rows, taps) = (window.y.kernel, window.x.kernel);
        let last = window
            .x
            .output
            .checked_sub(1)?
            .checked_mul(window.x.stride)?;
        let columns = last + taps.checked_sub(1)?.checked_mul(window.x.dilation)? + 1;
        let fits = columns <= LINE
            && (1..=ROWS).contains(&rows)
            && taps <= TAPS
            && channels > 0
            && window.filters == channels
            && input.len()
                == window
                    .y
                    .input
                    .checked_mul(window.x.input)?
                    .checked_mul(channels)?
            && layer.weights.len() >= channels.checked_mul(rows * taps)?
            && layer.bias.len() == channels
            && layer.scales.len() == channels;
        fits.then_some(Self { channels, columns })
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
    let lengths = Lengths::new(layer, input)?;
    let Lengths { channels, columns } = lengths;
    let window = &layer.window;
    let clamp = Clamp::new(x86::Clamp::of(sink));
    let positions = window.y.output.checked_mul(window.x.output)?;
    let mut out = x86::part(sink, first, positions.checked_mul(channels)?)?;
    let mut line = [MaybeUninit::uninit(); LINE];
    let outside = [layer.zero_point as i8; CHANNELS];
    for channel in (0..channels).step_by(CHANNELS) {
        let mut lanes = Sixteen::new(layer.bias, layer.scales, channel)?;
        let taps = weights(layer, channel);
        lanes.bias = _mm512_add_epi32(lanes.bias, correction(&taps));
        let full = lanes.mask == u16::MAX;
        for y in 0..window.y.output {
            // Where each row of the window starts, and how far its pixels are apart.
            let rows: [(*const i8, usize); ROWS] = core::array::from_fn(|i| {
                let row = window.y.source(y, i).filter(|_| i < window.y.kernel);
                match row {
                    // SAFETY: the first of the row's pixels, and the channel in it, are in the input.
                    Some(row) => unsafe {
                        let start = row * window.x.input * channels + channel;
                        (input.as_ptr().add(start), channels)
                    },
                    None => (outside.as_ptr(), 0),
                }
            });
            // SAFETY: rows are as long as the input's, or stay where they are; the line is no longer
            // than `LINE`, and outputs read columns that it has; the sink has every output's lanes.
            unsafe {
                match full {
                    true => fill::<true>(&rows, layer, columns, lanes.mask, &mut line),
                    false => fill::<false>(&rows, layer, columns, lanes.mask, &mut line),
                }
                let at = y * window.x.output * channels + channel;
                match window.x.kernel {
                    3 => convolve(
                        &line,
                        taps.first_chunk::<3>()?,
                        layer,
                        &lanes,
                        &clamp,
                        &mut out,
                        at,
                    ),
                    kernel => convolve(
                        &line,
                        taps.get(..kernel)?,
                        layer,
                        &lanes,
                        &clamp,
                        &mut out,
                        at,
                    ),
                }
            }
        }
    }
    Some(())
}

/// Weights of sixteen channels from `channel` on: for each column of the kernel, a byte of each row.
#[target_feature(enable = "avx512f")]
fn weights(layer: &Layer<'_>, channel: usize) -> [__m512i; TAPS] {
    let (rows, taps) = (layer.window.y.kernel, layer.window.x.kernel);
    let mut bytes = [[0i8; ROWS * CHANNELS]; TAPS];
    let filters = layer.weights.chunks_exact((rows * taps).max(1));
    for (lane, filter) in filters.skip(channel).take(CHANNELS).enumerate() {
        for (i, row) in filter.chunks_exact(taps.max(1)).enumerate() {
            for (column, &weight) in bytes.iter_mut().zip(row) {
                if let Some(byte) = column.get_mut(lane * ROWS + i) {
                    *byte = weight;
                }
            }
        }
    }
    // SAFETY: as many bytes as a register has.
    bytes
        .each_ref()
        .map(|bytes| unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) })
}

/// −128·Σ w of each lane.
#[target_feature(enable = "avx512f,avx512vnni")]
fn correction(taps: &[__m512i; TAPS]) -> __m512i {
    let mut sum = _mm512_setzero_si512();
    for &tap in taps {
        sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(-128), tap);
    }
    _mm512_sub_epi32(_mm512_setzero_si512(), sum)
}

/// Puts the columns of a line together.
///
/// # Safety
/// Each row has the lanes of `mask`, all if `FULL`, at every pixel of an input line; `columns` is at
/// most `LINE`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn fill<const FULL: bool>(
    rows: &[(*const i8, usize); ROWS],
    layer: &Layer<'_>,
    columns: usize,
    mask: u16,
    line: &mut Line,
) {
    let axis = &layer.window.x;
    let flip = _mm512_set1_epi8(-128);
    let outside = _mm512_set1_epi8(layer.zero_point as i8 ^ -128);
    // Four channels of each part of 16 bytes, four bytes apart: the first row leaves the other bytes
    // zero, the next ones go there.
    let spread = _mm512_set_epi8(
        15, 15, 15, 15, 14, 14, 14, 14, 13, 13, 13, 13, 12, 12, 12, 12, 11, 11, 11, 11, 10, 10, 10,
        10, 9, 9, 9, 9, 8, 8, 8, 8, 7, 7, 7, 7, 6, 6, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 3, 2,
        2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0,
    );
    let kernel = layer.window.y.kernel;
    for (at, slot) in line.iter_mut().take(columns).enumerate() {
        let x = at.wrapping_sub(axis.before);
        if x >= axis.input {
            slot.write(outside);
            continue;
        }
        let mut column = _mm512_setzero_si512();
        for (i, &(start, step)) in rows.iter().enumerate().take(kernel) {
            // SAFETY: the row has a pixel at `x`, with the lanes that are read.
            let pixel = unsafe {
                let pixel = start.add(x * step);
                match FULL {
                    true => _mm_loadu_si128(pixel.cast()),
                    false => _mm_maskz_loadu_epi8(mask, pixel),
                }
            };
            let pixel = _mm512_broadcast_i32x4(pixel);
            let place = 0x1111_1111_1111_1111 << i;
            column = _mm512_mask_shuffle_epi8(column, place, pixel, spread);
        }
        slot.write(_mm512_xor_si512(column, flip));
    }
}

/// The outputs of a line, from element `at` on.
///
/// # Safety
/// The line has every column that an output sees; `out` has every output's lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn convolve<T: AsRef<[__m512i]> + ?Sized>(
    line: &Line,
    taps: &T,
    layer: &Layer<'_>,
    lanes: &Sixteen,
    clamp: &Clamp,
    out: &mut Out<'_>,
    at: usize,
) {
    let axis = &layer.window.x;
    for x in 0..axis.output {
        let mut sum = _mm512_setzero_si512();
        for (j, &tap) in taps.as_ref().iter().enumerate() {
            // SAFETY: the line has been filled up to the last column of the last output.
            let column = unsafe {
                line.get_unchecked(x * axis.stride + j * axis.dilation)
                    .assume_init()
            };
            sum = _mm512_dpbusd_epi32(sum, column, tap);
        }
        let value = lanes.requantise(sum, clamp);
        // SAFETY: the output has these lanes.
        unsafe { store(out, at + x * layer.window.channels, lanes.mask, value) };
    }
}

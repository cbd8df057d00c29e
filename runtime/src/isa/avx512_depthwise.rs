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
// Registers, pointers and arrays of them share an index.
#![allow(clippy::needless_range_loop)]

use super::avx512::{Clamp, FOUR, Sixteen, store_four};
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
            let mut rows = [(outside.as_ptr(), 0); ROWS];
            for (i, slot) in rows.iter_mut().enumerate().take(window.y.kernel) {
                if let Some(row) = window.y.source(y, i) {
                    let start = row * window.x.input * channels + channel;
                    // SAFETY: the channel of the row's first pixel is in the input.
                    *slot = (unsafe { input.as_ptr().add(start) }, channels);
                }
            }
            // SAFETY: rows are as long as the input's, or stay where they are; the line is no longer
            // than `LINE`, and outputs read columns that it has; the sink has every output's lanes.
            unsafe {
                let (mask, line) = (lanes.mask, &mut line);
                match (window.y.kernel, full) {
                    (1, true) => fill::<1, true>(&rows, layer, columns, mask, line),
                    (3, true) => fill::<3, true>(&rows, layer, columns, mask, line),
                    (1, false) => fill::<1, false>(&rows, layer, columns, mask, line),
                    (3, false) => fill::<3, false>(&rows, layer, columns, mask, line),
                    (_, true) => fill::<ROWS, true>(&rows, layer, columns, mask, line),
                    (_, false) => fill::<ROWS, false>(&rows, layer, columns, mask, line),
                }
                let at = y * window.x.output * channels + channel;
                match window.x.kernel {
                    3 => convolve(
                        line,
                        taps.first_chunk::<3>()?,
                        layer,
                        &lanes,
                        &clamp,
                        &mut out,
                        at,
                    ),
                    kernel => convolve(
                        line,
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
    let mut words = [[0u32; CHANNELS]; TAPS];
    let filters = layer.weights.chunks_exact((rows * taps).max(1));
    for (lane, filter) in filters.skip(channel).take(CHANNELS).enumerate() {
        let lane = lane % CHANNELS;
        if let (3, Ok(filter)) = (taps, <&[i8; 9]>::try_from(filter)) {
            let [a, b, c, d, e, f, g, h, i] = filter.map(|weight| u32::from(weight as u8));
            words[0][lane] = a | d << 8 | g << 16;
            words[1][lane] = b | e << 8 | h << 16;
            words[2][lane] = c | f << 8 | i << 16;
            continue;
        }
        for (i, row) in filter.chunks_exact(taps.max(1)).enumerate() {
            for (column, &weight) in words.iter_mut().zip(row) {
                column[lane] |= u32::from(weight as u8) << (8 * (i % ROWS));
            }
        }
    }
    // SAFETY: as many words as a register has.
    words
        .each_ref()
        .map(|words| unsafe { _mm512_loadu_si512(words.as_ptr().cast()) })
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

/// Puts the columns of a line together, for a kernel of `R` rows.
///
/// # Safety
/// Each row has the lanes of `mask`, all if `FULL`, at every pixel of an input line; `columns` is at
/// most `LINE`.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn fill<const R: usize, const FULL: bool>(
    rows: &[(*const i8, usize); ROWS],
    layer: &Layer<'_>,
    columns: usize,
    mask: u16,
    line: &mut Line,
) {
    let axis = &layer.window.x;
    let flip = _mm512_set1_epi8(-128);
    let outside = _mm512_set1_epi8(layer.zero_point as i8 ^ -128);
    // Four channels in each part of 16 bytes, four times each: a row's bytes go to their places.
    let spread = _mm512_set_epi8(
        15, 15, 15, 15, 14, 14, 14, 14, 13, 13, 13, 13, 12, 12, 12, 12, 11, 11, 11, 11, 10, 10, 10,
        10, 9, 9, 9, 9, 8, 8, 8, 8, 7, 7, 7, 7, 6, 6, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 3, 2,
        2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0,
    );
    // The columns of the line that the input has, and those before them.
    let first = axis.before.min(columns);
    let last = (axis.before + axis.input).min(columns);
    let line = line.get_mut(..columns).unwrap_or_default();
    let (line, behind) = line.split_at_mut_checked(last).unwrap_or_default();
    let (before, line) = line.split_at_mut_checked(first).unwrap_or_default();
    for slot in before.iter_mut().chain(behind) {
        slot.write(outside);
    }
    let mut rows = *rows;
    for slot in line {
        let mut column = _mm512_setzero_si512();
        for i in 0..R {
            let (pixel, step) = rows[i];
            rows[i].0 = pixel.wrapping_add(step);
            // SAFETY: the row has a pixel here, with the lanes that are read.
            let pixel = unsafe {
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
#[inline(never)]
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
    let (axis, channels) = (&layer.window.x, layer.window.channels);
    for x in (0..axis.output).step_by(FOUR) {
        let count = (axis.output - x).min(FOUR);
        let mut values = [_mm512_setzero_si512(); FOUR];
        for (index, value) in values.iter_mut().enumerate() {
            if index < count {
                let start = (x + index) * axis.stride;
                let mut sum = _mm512_setzero_si512();
                for (j, &tap) in taps.as_ref().iter().enumerate() {
                    // SAFETY: the line has been filled up to the last column of the last output.
                    let column = unsafe {
                        let column = line.get_unchecked(start + j * axis.dilation);
                        column.assume_init()
                    };
                    sum = _mm512_dpbusd_epi32(sum, column, tap);
                }
                *value = lanes.requantise(sum);
            }
        }
        // SAFETY: the outputs have these lanes.
        unsafe {
            let at = (at + x * channels, channels);
            store_four(out, at, count, lanes.mask, values, clamp);
        }
    }
}

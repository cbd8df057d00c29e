//! Many channels at a time, a lane for each: for vectors.
//!
//! ```text
//! for each block of 16 channels: its weights by taps, [taps][16]
//!     for each output position: sums[16] = bias[16] + Σ over taps: pixel[16] · weights of the tap[16]
//! ```
//!
//! A tap outside reads a pixel of zero points. The last block ends with the last channel: channels
//! that two blocks have are convolved twice. No scratch is needed, the weights stand on the stack.

use super::Layer;
use super::plane::{Planes, Portable};
use crate::isa::depthwise::Depthwise;
use crate::kernels::sink::Sink;
use crate::rounding::Scale;

/// Lanes, written so that the compiler makes vectors of them.
pub(crate) struct Lanes;

/// Channels at once; of fewer, a channel at a time is as fast.
const LANES: usize = 16;
/// Taps of a block's weights at most; a window of more goes another way.
const TAPS: usize = 32;

impl Depthwise for Lanes {
    // Inlined, as is all of this file: an instruction set that a processor may lack compiles it anew.
    #[inline(always)]
    fn image(
        layer: &Layer<'_>,
        input: &[i8],
        scratch: &mut [u8],
        sink: &mut Sink<'_>,
        first: usize,
    ) -> Option<()> {
        match layer.window.channels {
            LANES.. if layer.window.taps() <= TAPS => blocks(layer, input, sink, first),
            _ => Planes::<Portable>::image(layer, input, scratch, sink, first),
        }
    }
}

/// Blocks of channels, of which there are as many at least.
#[inline(always)]
fn blocks(layer: &Layer<'_>, input: &[i8], sink: &mut Sink<'_>, first: usize) -> Option<()> {
    let last = layer.window.channels.checked_sub(LANES)?;
    let mut start = 0;
    loop {
        block(layer, start, input, sink, first)?;
        if start == last {
            return Some(());
        }
        start = last.min(start + LANES);
    }
}

/// Channels from `start` on.
#[inline(always)]
fn block(
    layer: &Layer<'_>,
    start: usize,
    input: &[i8],
    sink: &mut Sink<'_>,
    first: usize,
) -> Option<()> {
    let window = layer.window;
    let rows = layer.weights.get(start * window.taps()..)?;
    let weights = by_taps(rows, window.taps());
    let bias: &[i32; LANES] = layer.bias.get(start..)?.first_chunk()?;
    let scales: &[u32; LANES] = layer.scales.get(start..)?.first_chunk()?;
    let outside = [layer.zero_point as i8; LANES];
    let (zero_point, low, high) = (sink.zero_point, sink.low, sink.high);
    let mut index = first + start;
    for position in window.positions() {
        let mut sums = *bias;
        let mut taps = weights.iter();
        window.for_taps(position, |source| {
            let pixel = source.and_then(|pixel| input.get(pixel + start..)?.first_chunk());
            let pixel: &[i8; LANES] = pixel.unwrap_or(&outside);
            let tap = taps.next().unwrap_or(&[0; LANES]);
            for ((sum, &x), &w) in sums.iter_mut().zip(pixel).zip(tap) {
                *sum += i32::from(x) * i32::from(w);
            }
        });
        if let Some(out) = sink.int8(index) {
            let out: &mut [i8; LANES] = out.first_chunk_mut()?;
            for ((out, &sum), &scale) in out.iter_mut().zip(&sums).zip(scales) {
                let value = Scale::loaded(scale).requantise(sum);
                *out = value.saturating_add(zero_point).max(low).min(high) as i8;
            }
        } else {
            for (lane, (&sum, &scale)) in sums.iter().zip(scales).enumerate() {
                sink.put_accumulator(index + lane, sum, scale);
            }
        }
        index += window.filters;
    }
    Some(())
}

/// The first rows of `taps` weights each, tap by tap.
#[inline(always)]
fn by_taps(rows: &[i8], taps: usize) -> [[i16; LANES]; TAPS] {
    let mut weights = [[0; LANES]; TAPS];
    for (lane, row) in crate::kernels::rows(rows, taps).take(LANES).enumerate() {
        for (tap, &weight) in weights.iter_mut().zip(row) {
            if let Some(slot) = tap.get_mut(lane) {
                *slot = i16::from(weight);
            }
        }
    }
    weights
}

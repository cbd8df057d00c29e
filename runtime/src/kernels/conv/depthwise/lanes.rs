//! Many channels at a time, a lane for each: for vectors.
//!
//! ```text
//! for each block of N channels: its weights by taps, [taps][N]
//!     for each output position: sums[N] = bias[N] + Σ over taps: pixel[N] · weights of the tap[N]
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

/// Taps of a block's weights at most; a window of more goes another way.
const TAPS: usize = 32;

impl Depthwise for Lanes {
    fn image(
        layer: &Layer<'_>,
        input: &[i8],
        scratch: &mut [u8],
        sink: &mut Sink<'_>,
        first: usize,
    ) -> Option<()> {
        match layer.window.channels {
            16.. if layer.window.taps() <= TAPS => blocks::<16>(layer, input, sink, first),
            8..16 if layer.window.taps() <= TAPS => blocks::<8>(layer, input, sink, first),
            _ => Planes::<Portable>::image(layer, input, scratch, sink, first),
        }
    }
}

/// Blocks of N channels, of which there are as many at least.
fn blocks<const N: usize>(
    layer: &Layer<'_>,
    input: &[i8],
    sink: &mut Sink<'_>,
    first: usize,
) -> Option<()> {
    let last = layer.window.channels.checked_sub(N)?;
    let mut start = 0;
    loop {
        block::<N>(layer, start, input, sink, first)?;
        if start == last {
            return Some(());
        }
        start = last.min(start + N);
    }
}

/// Channels `start..start + N`.
fn block<const N: usize>(
    layer: &Layer<'_>,
    start: usize,
    input: &[i8],
    sink: &mut Sink<'_>,
    first: usize,
) -> Option<()> {
    let window = &layer.window;
    let rows = layer.weights.get(start * window.taps()..)?;
    let weights = by_taps::<N>(rows, window.taps());
    let bias: &[i32; N] = layer.bias.get(start..)?.first_chunk()?;
    let scales: &[u32; N] = layer.scales.get(start..)?.first_chunk()?;
    let outside = [layer.zero_point as i8; N];
    let (zero_point, low, high) = (sink.zero_point, sink.low, sink.high);
    let mut index = first + start;
    for position in window.positions() {
        let mut sums = *bias;
        let mut taps = weights.iter();
        window.for_taps(position, |source| {
            let pixel = source.and_then(|pixel| input.get(pixel + start..)?.first_chunk());
            let pixel: &[i8; N] = pixel.unwrap_or(&outside);
            let tap = taps.next().unwrap_or(&[0; N]);
            for ((sum, &x), &w) in sums.iter_mut().zip(pixel).zip(tap) {
                *sum += i32::from(x) * i32::from(w);
            }
        });
        if let Some(out) = sink.int8(index) {
            let out: &mut [i8; N] = out.first_chunk_mut()?;
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

/// The first N rows of `taps` weights each, tap by tap.
fn by_taps<const N: usize>(rows: &[i8], taps: usize) -> [[i16; N]; TAPS] {
    let mut weights = [[0; N]; TAPS];
    for (lane, row) in crate::kernels::rows(rows, taps).take(N).enumerate() {
        for (tap, &weight) in weights.iter_mut().zip(row) {
            if let Some(slot) = tap.get_mut(lane) {
                *slot = i16::from(weight);
            }
        }
    }
    weights
}

//! Whole steps of int8 on AVX-512 with VNNI.
//!
//! ```text
//! for each image:
//!     copy it, its sign bits flipped, with its padding: every position's taps lie alike from then on
//!     runs of taps that are whole quads:  all positions are multiplied where they lie
//!     else:                               some columns at once are gathered, then multiplied
//! ```
//!
//! Dense layers of few rows read their input as it is, see [`stream`].
#![allow(unsafe_code)]

use super::super::Convolution;
use super::super::x86::{Clamp, ROWS, part};
use super::grid::{Grid, Taps};
use super::sums::{Product, multiply};
use super::{image, stream};
use crate::format::layout::QUAD;
use crate::kernels::rows;
use crate::kernels::sink::{Out, Sink};
use crate::kernels::tiled::image::{BATCH, Image};

/// See [`super::super::Tile::convolve_i8`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(in crate::isa) fn convolve(
    layer: &Convolution<'_, i8>,
    scratch: &mut [u8],
    sink: &mut Sink<'_>,
) -> Option<()> {
    let window = &layer.window;
    let (channels, filters) = (window.channels, window.filters);
    let k = window.taps().checked_mul(channels)?;
    let quads = k.div_ceil(QUAD);
    let weights = layer.weights.as_chunks().0;
    let weights = weights.get(..filters.div_ceil(ROWS).checked_mul(quads)?)?;
    if quads == 0 || filters == 0 || layer.bias.len() != filters || layer.scales.len() != filters {
        return None;
    }
    let clamp = Clamp::of(sink);
    if window.is_identity() && k.is_multiple_of(QUAD) {
        let count = window.y.output.checked_mul(window.x.output)?;
        let count = count.checked_mul(layer.images)?;
        if count <= stream::MOST {
            let input = layer.input.get(..count.checked_mul(k)?)?;
            let out = part(sink, 0, count.checked_mul(filters)?)?;
            let mut product = product(layer, (weights, quads), clamp, out);
            for (index, x) in rows(input, k).enumerate() {
                stream::row(&mut product, x, index * filters)?;
            }
            return Some(());
        }
    }
    let image = Image::of(window, layer.images)?;
    let positions = image.positions()?;
    let results = positions.checked_mul(filters)?;
    let (bytes, gathered) = image.bytes(window)?;
    let (copy, rest) = scratch.split_at_mut_checked(bytes)?;
    let columns = rest.get_mut(..gathered)?;
    let elements = layer.input.len().checked_div(image.count)?;
    let pitch = image.width.checked_mul(channels)?;
    let parts = k.checked_div(image.run)?.checked_div(window.y.kernel)?;
    let mut first = 0;
    for input in rows(layer.input, elements).take(image.count) {
        image::copy(layer, &image, input, copy)?;
        let taps = Taps {
            rows: window.y.kernel,
            row_pitch: window.y.dilation.checked_mul(pitch)?,
            parts,
            part_pitch: window.x.dilation.checked_mul(channels)?,
            quads: image.run / QUAD,
        };
        let grid = Grid {
            bytes: copy,
            count: positions,
            width: image.outputs.1,
            step: window.x.stride.checked_mul(channels)?,
            pitch: window.y.stride.checked_mul(pitch)?,
        };
        if image.run.is_multiple_of(QUAD) {
            let out = part(sink, first, results)?;
            let mut product = product(layer, (weights, quads), clamp, out);
            multiply(&mut product, &grid, &taps)?;
        } else {
            let column = Taps::column(quads);
            for start in (0..positions).step_by(BATCH) {
                let count = BATCH.min(positions - start);
                let grid = image::gather(&grid, &taps, image.run, (start, count), columns)?;
                let out = part(sink, first + start * filters, count * filters)?;
                let mut product = product(layer, (weights, quads), clamp, out);
                multiply(&mut product, &grid, &column)?;
            }
        }
        first += results;
    }
    Some(())
}

/// All rows, and where results go.
fn product<'a>(
    layer: &Convolution<'a, i8>,
    (weights, quads): (&'a [[i8; 4 * ROWS]], usize),
    clamp: Clamp,
    out: Out<'a>,
) -> Product<'a> {
    Product {
        weights,
        quads,
        bias: layer.bias,
        scales: layer.scales,
        out,
        clamp,
    }
}

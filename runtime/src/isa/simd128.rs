//! Tiles of four rows in WebAssembly's vectors.
//!
//! ```text
//! for each quad:  a vector of weights, as int16 in two: rows 0 and 1, rows 2 and 3
//!     for each column:  its four elements twice, times either; pairs of products added (dot)
//! in the end:     the two sums of each row added; bias, and requantisation one by one
//! ```
//!
//! A block holds, as int16, four elements of each column by turns.
#![allow(unsafe_code)]

use super::{Block, Place, Tile};
use crate::format::Layout;
use crate::format::layout::QUAD;
use crate::kernels::sink::Sink;
use core::arch::wasm32::*;

/// Rows of a tile.
const ROWS: usize = 4;

/// WebAssembly with simd128.
pub(crate) struct Simd128;

impl Tile for Simd128 {
    const LAYOUT: Layout = Layout::Tile4;

    fn name() -> &'static str {
        "simd128"
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        let quads = part.as_chunks().0.iter();
        let quads = quads.map(|quad: &[i8; QUAD]| quad.map(i16::from));
        prepare(quads, quad, place, block);
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        prepare(part.as_chunks().0.iter().copied(), quad, place, block);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply(block, sink, first);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply(block, sink, first);
    }
}

/// Stores quads of a column from quad `start` on, among those of the other columns.
fn prepare(quads: impl Iterator<Item = [i16; QUAD]>, start: usize, place: Place, block: &mut [u8]) {
    let places = bytemuck::try_cast_slice_mut::<u8, [i16; QUAD]>(block).unwrap_or(&mut []);
    let first = start * place.columns + place.column;
    let places = places.get_mut(first..).unwrap_or(&mut []);
    for (place, quad) in places.iter_mut().step_by(place.columns.max(1)).zip(quads) {
        *place = quad;
    }
}

fn multiply(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    match block.columns {
        1 => tiles::<1>(block, sink, first),
        2 => tiles::<2>(block, sink, first),
        3 => tiles::<3>(block, sink, first),
        _ => tiles::<4>(block, sink, first),
    }
}

/// All rows against the columns of a block with room for `C`.
fn tiles<const C: usize>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let elements = bytemuck::try_cast_slice::<u8, [i16; QUAD]>(block.prepared).unwrap_or(&[]);
    let (columns, _) = elements.as_chunks::<C>();
    let (vectors, _) = block.weights.as_chunks::<{ ROWS * QUAD }>();
    let rows = block.bias.len();
    for (at, tile) in vectors.chunks_exact(block.quads.max(1)).enumerate() {
        let mut sums = [[i32x4_splat(0); 2]; C];
        for (weights, quads) in tile.iter().zip(columns) {
            // SAFETY: a tile's quad is 16 bytes.
            let weights = unsafe { v128_load(weights.as_ptr().cast()) };
            let front = i16x8_extend_low_i8x16(weights);
            let back = i16x8_extend_high_i8x16(weights);
            for ([low, high], quad) in sums.iter_mut().zip(quads) {
                // SAFETY: a column's quad is 8 bytes.
                let x = unsafe { v128_load64_splat(quad.as_ptr().cast()) };
                *low = i32x4_add(*low, i32x4_dot_i16x8(front, x));
                *high = i32x4_add(*high, i32x4_dot_i16x8(back, x));
            }
        }
        for (column, &[low, high]) in sums.iter().take(block.count).enumerate() {
            let even = i32x4_shuffle::<0, 2, 4, 6>(low, high);
            let odd = i32x4_shuffle::<1, 3, 5, 7>(low, high);
            let sums = i32x4_add(even, odd);
            let sums = [
                i32x4_extract_lane::<0>(sums),
                i32x4_extract_lane::<1>(sums),
                i32x4_extract_lane::<2>(sums),
                i32x4_extract_lane::<3>(sums),
            ];
            let row = at * ROWS;
            let bias = block.bias.get(row..).unwrap_or(&[]);
            let scales = block.scales.get(row..).unwrap_or(&[]);
            let index = first + column * rows + row;
            let terms = sums.iter().zip(bias).zip(scales).enumerate();
            for (n, ((&sum, &bias), &scale)) in terms {
                sink.put_accumulator(index + n, bias.wrapping_add(sum), scale);
            }
        }
    }
}

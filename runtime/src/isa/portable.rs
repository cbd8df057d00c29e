//! Any tiles on any processor: what the other instruction sets are compared with, and what runs where
//! a file was arranged for another one.
//!
//! ```text
//! block: columns one behind the other, int16
//! for each row n, each column c:
//!     sum = bias[n] + Σ over quads, over four elements: weight · column
//! ```

use super::{Block, Place, Tile};
use crate::format::Layout;
use crate::format::layout::QUAD;
use crate::kernels::sink::Sink;

/// Tiles of `ROWS` rows.
pub(crate) struct Portable<const ROWS: usize>;

impl<const ROWS: usize> Tile for Portable<ROWS> {
    const LAYOUT: Layout = match ROWS {
        1 => Layout::Tile1,
        4 => Layout::Tile4,
        _ => Layout::Tile16,
    };

    fn name() -> &'static str {
        "portable"
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        prepare(part.iter().map(|&x| x.into()), quad, place, block);
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        prepare(part.iter().copied(), quad, place, block);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<ROWS>(block, sink, first);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<ROWS>(block, sink, first);
    }
}

fn prepare(part: impl Iterator<Item = i16>, quad: usize, place: Place, block: &mut [u8]) {
    let (elements, _) = block.as_chunks_mut::<2>();
    let start = (place.column * place.quads + quad) * QUAD;
    let elements = elements.get_mut(start..).unwrap_or(&mut []);
    for (element, x) in elements.iter_mut().zip(part) {
        *element = x.to_le_bytes();
    }
}

fn multiply<const ROWS: usize>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let (elements, _) = block.prepared.as_chunks::<2>();
    let (words, _) = block.weights.as_chunks::<QUAD>();
    let rows = block.bias.len();
    for (n, (&bias, &scale)) in block.bias.iter().zip(block.scales).enumerate() {
        let tile = n / ROWS * block.quads * ROWS + n % ROWS;
        let row = words.get(tile..).unwrap_or(&[]);
        for c in 0..block.count {
            let column = elements.get(c * block.quads * QUAD..).unwrap_or(&[]);
            let (column, _) = column.as_chunks::<QUAD>();
            let quads = column.iter().zip(row.iter().step_by(ROWS));
            let mut sum = bias;
            for (x, w) in quads.take(block.quads) {
                for (x, &w) in x.iter().zip(w) {
                    sum += i32::from(i16::from_le_bytes(*x)) * i32::from(w);
                }
            }
            sink.put_accumulator(first + c * rows + n, sum, scale);
        }
    }
}

//! Any tiles on any processor: what the other instruction sets are compared with, and what runs where
//! a file was arranged for another one.
//!
//! ```text
//! block: columns one behind the other, int16
//! for each row n, each column c:
//!     sum = bias[n] + Σ over quads, over four elements: weight · column
//! ```
//!
//! Wide weights may be any int16 in a damaged file: sums are modulo 2³², as instructions have them.

use super::{Block, Place, Tile};
use crate::format::Layout;
use crate::format::layout::QUAD;
use crate::kernels::sink::Sink;

/// Tiles of `ROWS` rows.
pub(crate) struct Portable<const ROWS: usize>;

/// Wide tiles of `ROWS` rows.
#[cfg(any(test, not(isa = "dsp"), isa = "helium"))]
pub(crate) struct Wide<const ROWS: usize>;

const fn layout(rows: usize) -> Layout {
    match rows {
        1 => Layout::Tile1,
        4 => Layout::Tile4,
        _ => Layout::Tile16,
    }
}

impl<const ROWS: usize> Tile for Portable<ROWS> {
    const LAYOUT: Layout = layout(ROWS);

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

#[cfg(any(test, not(isa = "dsp"), isa = "helium"))]
impl<const ROWS: usize> Tile for Wide<ROWS> {
    const LAYOUT: Layout = layout(ROWS);
    const WEIGHTS: crate::format::DType = crate::format::DType::I16;

    fn name() -> &'static str {
        "portable"
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        Portable::<ROWS>::prepare_i8(part, quad, place, block);
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        Portable::<ROWS>::prepare_i16(part, quad, place, block);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply_wide::<ROWS>(block, sink, first);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply_wide::<ROWS>(block, sink, first);
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
    rows::<ROWS, QUAD>(block, sink, first, |&quad| quad.map(i16::from));
}

#[cfg(any(test, not(isa = "dsp"), isa = "helium"))]
fn multiply_wide<const ROWS: usize>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    rows::<ROWS, { 2 * QUAD }>(block, sink, first, |&[a0, a1, c0, c1, b0, b1, d0, d1]| {
        let pairs = [[a0, a1], [b0, b1], [c0, c1], [d0, d1]];
        pairs.map(|[low, high]| i16::from_le_bytes([low as u8, high as u8]))
    });
}

/// All rows, whose quads are `BYTES` long and come from `quad`.
#[inline(always)]
fn rows<const ROWS: usize, const BYTES: usize>(
    block: &Block<'_>,
    sink: &mut Sink<'_>,
    first: usize,
    quad: impl Fn(&[i8; BYTES]) -> [i16; QUAD],
) {
    let (elements, _) = block.prepared.as_chunks::<2>();
    let (words, _) = block.weights.as_chunks::<BYTES>();
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
                for (x, w) in x.iter().zip(quad(w)) {
                    let product = i32::from(i16::from_le_bytes(*x)) * i32::from(w);
                    sum = sum.wrapping_add(product);
                }
            }
            sink.put_accumulator(first + c * rows + n, sum, scale);
        }
    }
}

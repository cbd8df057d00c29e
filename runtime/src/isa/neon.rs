//! Tiles of four rows on 64-bit ARM: a vector of weights is four rows, of four elements each.
//!
//! ```text
//! for four tiles, then for each that is left:
//!     for each quad:   a vector of weights for each tile, four elements of every column
//!     dot product      SDOT adds the four products of each row at once
//!     without          the tile turned, its elements as int16; SMLAL adds one element's four rows
//! requantise           four rows at once, in two vectors of 64 bits: SMULL, SRSHL, the low words
//! ```
//!
//! 1. A block with room for four columns holds, quad by quad, four elements of each: int8 for SDOT,
//!    else int16. Of two or three, four are multiplied and two or three stored. A block with less
//!    room holds one column behind the other, and they are multiplied one by one.
//! 2. SRSHL adds half of what it shifts out to a sum without bounds: every shift is exact.
#![allow(unsafe_code)]

use super::{Block, Place, Tile};
use crate::format::Layout;
use crate::format::layout::QUAD;
use crate::kernels::sink::{Out, Sink};
use core::arch::aarch64::*;
use core::arch::asm;

/// Columns of a block.
const COLUMNS: usize = 4;
/// Rows of a tile.
const ROWS: usize = 4;

/// Weights of a tile: a quad of each of its rows.
type Weights = [i8; ROWS * QUAD];

/// Any processor.
pub(crate) struct Neon;

/// One that has the dot product. Whoever names this type has made sure of that.
#[cfg(any(feature = "std", target_feature = "dotprod"))]
pub(crate) struct Dot;

impl Tile for Neon {
    const LAYOUT: Layout = Layout::Tile4;

    fn name() -> &'static str {
        "neon"
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        let quads = part.as_chunks().0.iter();
        prepare(
            quads.map(|quad: &[i8; QUAD]| quad.map(i16::from)),
            quad,
            place,
            block,
        );
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        prepare(part.as_chunks().0.iter().copied(), quad, place, block);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<i16>(block, sink, first);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<i16>(block, sink, first);
    }
}

#[cfg(any(feature = "std", target_feature = "dotprod"))]
impl Tile for Dot {
    const LAYOUT: Layout = Layout::Tile4;

    fn name() -> &'static str {
        "neon-dotprod"
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        prepare(part.as_chunks().0.iter().copied(), quad, place, block);
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        Neon::prepare_i16(part, quad, place, block);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<i8>(block, sink, first);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        multiply::<i16>(block, sink, first);
    }
}

/// The best that this processor has: it is asked once, the answer kept by the standard library.
#[cfg(all(feature = "std", not(target_feature = "dotprod")))]
pub(crate) struct Best;

#[cfg(all(feature = "std", not(target_feature = "dotprod")))]
fn has_dot() -> bool {
    std::arch::is_aarch64_feature_detected!("dotprod")
}

#[cfg(all(feature = "std", not(target_feature = "dotprod")))]
impl Tile for Best {
    const LAYOUT: Layout = Layout::Tile4;

    fn name() -> &'static str {
        match has_dot() {
            true => Dot::name(),
            false => Neon::name(),
        }
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        match has_dot() {
            true => Dot::prepare_i8(part, quad, place, block),
            false => Neon::prepare_i8(part, quad, place, block),
        }
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        Neon::prepare_i16(part, quad, place, block);
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        match has_dot() {
            true => Dot::multiply_i8(block, sink, first),
            false => Neon::multiply_i8(block, sink, first),
        }
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        Neon::multiply_i16(block, sink, first);
    }
}

/// Stores quads of a column from quad `start` on: of four columns beside the others' quads, of fewer
/// behind the other columns.
fn prepare<T: bytemuck::Pod>(
    quads: impl Iterator<Item = [T; QUAD]>,
    start: usize,
    place: Place,
    block: &mut [u8],
) {
    let Ok(places) = bytemuck::try_cast_slice_mut::<u8, [T; QUAD]>(block) else {
        return;
    };
    let (first, step) = match place.columns {
        COLUMNS => (start * COLUMNS + place.column, COLUMNS),
        _ => (column::<T>(place.column, place.quads) + start, 1),
    };
    let places = places.get_mut(first..).unwrap_or(&mut []);
    for (place, quad) in places.iter_mut().step_by(step).zip(quads) {
        *place = quad;
    }
}

/// First quad of a column of a block that has one behind the other.
fn column<T>(column: usize, quads: usize) -> usize {
    // Columns have the same room for either type.
    column * quads * (2 / size_of::<T>())
}

/// Elements of columns.
trait Element: bytemuck::AnyBitPattern + Sized {
    /// Adds a quad of `C` columns times a tile's weights to each column's sums of four rows.
    fn add<const C: usize>(sums: &mut [int32x4_t; C], weights: &Weights, quad: &[[Self; QUAD]; C]);
}

/// Weights four by four times elements four by four of the column in `LANE`, by SDOT.
#[inline(always)]
fn dot<const LANE: i32>(sum: int32x4_t, weights: int8x16_t, columns: int8x16_t) -> int32x4_t {
    let mut sum = sum;
    // SAFETY: no memory; the processor has the instruction, as whoever chose `Dot` made sure.
    unsafe {
        asm!(
            ".arch_extension dotprod",
            "sdot {sum:v}.4s, {weights:v}.16b, {columns:v}.4b[{lane}]",
            sum = inout(vreg) sum,
            weights = in(vreg) weights,
            columns = in(vreg) columns,
            lane = const LANE,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

impl Element for i8 {
    #[inline(always)]
    fn add<const C: usize>(sums: &mut [int32x4_t; C], weights: &Weights, quad: &[[Self; QUAD]; C]) {
        let elements = quad.as_flattened();
        // SAFETY: the weights are 16 bytes, and so are four columns' elements; one's are four.
        let (weights, columns) = unsafe {
            let columns = match C {
                COLUMNS => vld1q_s8(elements.as_ptr()),
                _ => vreinterpretq_s8_s32(vld1q_dup_s32(elements.as_ptr().cast())),
            };
            (vld1q_s8(weights.as_ptr()), columns)
        };
        macro_rules! column {
            ($at:literal) => {
                if let Some(sum) = sums.get_mut($at) {
                    *sum = dot::<$at>(*sum, weights, columns);
                }
            };
        }
        column!(0);
        column!(1);
        column!(2);
        column!(3);
    }
}

/// Where the weights of element 0 of all rows are in a tile, then those of elements 1, 2, 3.
static TURNED: [u8; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];

impl Element for i16 {
    #[inline(always)]
    fn add<const C: usize>(sums: &mut [int32x4_t; C], weights: &Weights, quad: &[[Self; QUAD]; C]) {
        let elements = quad.as_flattened().as_ptr();
        // SAFETY: weights and order are 16 bytes; four columns' elements are 16 words, one's four.
        let (tile, order, x) = unsafe {
            let x = match C {
                COLUMNS => [vld1q_s16(elements), vld1q_s16(elements.wrapping_add(8))],
                _ => [vcombine_s16(vld1_s16(elements), vdup_n_s16(0)); 2],
            };
            (vld1q_s8(weights.as_ptr()), vld1q_u8(TURNED.as_ptr()), x)
        };
        // SAFETY: no memory; every 64-bit ARM has them.
        unsafe {
            let turned = vqtbl1q_s8(tile, order);
            let (first, second) = (vmovl_s8(vget_low_s8(turned)), vmovl_high_s8(turned));
            let [a, b] = x;
            macro_rules! column {
                ($at:literal, $x:ident, $e:literal, $f:literal, $g:literal, $h:literal) => {
                    if let Some(sum) = sums.get_mut($at) {
                        let mut total = vmlal_laneq_s16::<$e>(*sum, vget_low_s16(first), $x);
                        total = vmlal_high_laneq_s16::<$f>(total, first, $x);
                        total = vmlal_laneq_s16::<$g>(total, vget_low_s16(second), $x);
                        *sum = vmlal_high_laneq_s16::<$h>(total, second, $x);
                    }
                };
            }
            column!(0, a, 0, 1, 2, 3);
            column!(1, a, 4, 5, 6, 7);
            column!(2, b, 0, 1, 2, 3);
            column!(3, b, 4, 5, 6, 7);
        }
    }
}

/// All rows against the columns: four at a time, or one by one.
fn multiply<T: Element + bytemuck::Pod>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let Ok(quads) = bytemuck::try_cast_slice::<u8, [T; QUAD]>(block.prepared) else {
        return;
    };
    if block.columns == COLUMNS {
        let columns = quads.as_chunks().0.get(..block.quads).unwrap_or(&[]);
        return tiles::<T, COLUMNS>(block, block.count, columns, sink, first);
    }
    for at in 0..block.count {
        let column = quads.get(column::<T>(at, block.quads)..).unwrap_or(&[]);
        let column = column.as_chunks().0.get(..block.quads).unwrap_or(&[]);
        let first = first + at * block.bias.len();
        tiles::<T, 1>(block, 1, column, sink, first);
    }
}

#[inline(always)]
fn tiles<T: Element, const C: usize>(
    block: &Block<'_>,
    count: usize,
    columns: &[[[T; QUAD]; C]],
    sink: &mut Sink<'_>,
    first: usize,
) {
    // SAFETY: no memory.
    let zero = unsafe { vdupq_n_s32(0) };
    let quads = block.quads;
    if columns.len() != quads || quads == 0 {
        return;
    }
    let mut tiles = block.weights.as_chunks().0;
    let mut row = 0;
    while let Some((four, rest)) = tiles.split_at_checked(4 * quads) {
        let (front, back) = four.split_at_checked(2 * quads).unwrap_or((four, &[]));
        let (first_tile, second) = front.split_at_checked(quads).unwrap_or((front, &[]));
        let (third, fourth) = back.split_at_checked(quads).unwrap_or((back, &[]));
        let (mut a, mut b, mut c, mut d) = ([zero; C], [zero; C], [zero; C], [zero; C]);
        let weights = first_tile.iter().zip(second).zip(third).zip(fourth);
        for ((((e, f), g), h), quad) in weights.zip(columns) {
            T::add(&mut a, e, quad);
            T::add(&mut b, f, quad);
            T::add(&mut c, g, quad);
            T::add(&mut d, h, quad);
        }
        for sums in [a, b, c, d] {
            store(block, sums.get(..count).unwrap_or(&[]), row, sink, first);
            row += ROWS;
        }
        tiles = rest;
    }
    while let Some((tile, rest)) = tiles.split_at_checked(quads) {
        let mut sums = [zero; C];
        for (weights, quad) in tile.iter().zip(columns) {
            T::add(&mut sums, weights, quad);
        }
        store(block, sums.get(..count).unwrap_or(&[]), row, sink, first);
        row += ROWS;
        tiles = rest;
    }
}

/// The first elements of a slice, zeros where it is short.
#[inline(always)]
fn four<T: Copy + Default>(slice: &[T], start: usize) -> [T; ROWS] {
    let tail = slice.get(start..).unwrap_or(&[]);
    if let Some(&four) = tail.first_chunk() {
        return four;
    }
    let mut four = [T::default(); ROWS];
    for (to, &from) in four.iter_mut().zip(tail) {
        *to = from;
    }
    four
}

/// Requantises and stores each column's sums of four rows from `row` on.
#[inline(always)]
fn store(block: &Block<'_>, sums: &[int32x4_t], row: usize, sink: &mut Sink<'_>, first: usize) {
    let rows = block.bias.len();
    let (bias, words) = (four(block.bias, row), four(block.scales, row));
    let mut index = first + row;
    for &sum in sums {
        let mut results = [0; ROWS];
        // SAFETY: bias, scale words and results are four of 32 bits.
        unsafe {
            let words = vld1q_u32(words.as_ptr());
            let factors = vreinterpretq_s32_u32(vbicq_u32(words, vdupq_n_u32(0xFF)));
            let shifts = vandq_u32(words, vdupq_n_u32(0xFF));
            let shifts = vnegq_s32(vreinterpretq_s32_u32(shifts));
            let sum = vaddq_s32(sum, vld1q_s32(bias.as_ptr()));
            let low = vmull_s32(vget_low_s32(sum), vget_low_s32(factors));
            let low = vrshlq_s64(low, vmovl_s32(vget_low_s32(shifts)));
            let high = vmull_high_s32(sum, factors);
            let high = vrshlq_s64(high, vmovl_high_s32(shifts));
            let value = vuzp1q_s32(vreinterpretq_s32_s64(low), vreinterpretq_s32_s64(high));
            let value = vqaddq_s32(value, vdupq_n_s32(sink.zero_point));
            let value = vmaxq_s32(value, vdupq_n_s32(sink.low));
            let value = vminq_s32(value, vdupq_n_s32(sink.high));
            vst1q_s32(results.as_mut_ptr(), value);
        }
        let count = rows.saturating_sub(row).min(ROWS);
        match &mut sink.out {
            Out::I8(out) => put(out, index, results.map(|value| value as i8), count),
            Out::I16(out) => put(out, index, results.map(|value| value as i16), count),
            Out::I32(out) => put(out, index, results, count),
        }
        index += rows;
    }
}

#[inline(always)]
fn put<T: Copy>(out: &mut [T], index: usize, results: [T; ROWS], count: usize) {
    let out = out.get_mut(index..).unwrap_or(&mut []);
    if count == ROWS
        && let Some(out) = out.first_chunk_mut()
    {
        *out = results;
        return;
    }
    for (to, from) in out.iter_mut().zip(results).take(count) {
        *to = from;
    }
}

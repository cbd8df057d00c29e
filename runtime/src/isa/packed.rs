//! Tiles of one row on small cores: two int8 columns in one multiplication.
//!
//! A core without DSP instructions multiplies 32 bits by 32 in one instruction, of which products of
//! int8 need 16. So two columns share a word, `P = x + 2¹⁶·y`, and a product holds both:
//!
//! ```text
//! for each two columns, each two weights v, w with the words P, Q:
//!     p = v·P + w·Q + MIDDLE      = (v·x₀ + w·x₁ + 32640) + 2¹⁶·(v·y₀ + w·y₁ − 128)
//!     whole += p                  the first bracket is within 16 bits: nothing is borrowed
//!     upper += p >> 16
//! in the end:  sum of y = upper + 128·pairs
//!              sum of x = whole − 2¹⁶·(sum of y) − MIDDLE·pairs               modulo 2³²
//! ```
//!
//! Two products of int8 add up to −32512 ..= 32768; MIDDLE moves both brackets to where they fit.
//! Columns of int16 have no room to share; they lie in turns, element by element.
//!
//! In blocks with room for fewer than four columns these lie one behind the other, as int16, and four
//! rows share what is loaded of one. What multiplies is a [`Core`], in assembly or in loops.

use super::{Block, Place, Tile};
use crate::format::Layout;
use crate::format::layout::QUAD;
use crate::kernels::sink::{Out, Sink};
use crate::rounding::Scale;
use core::marker::PhantomData;

/// Columns that share the loads of a row, and rows that share those of a column.
pub(super) const COLUMNS: usize = 4;
/// What is added to two products of each of two columns.
pub(super) const MIDDLE: i32 = 32640 - (128 << 16);

/// Sums of a row with four columns, or of four rows with a column.
pub(super) type Sums = [i32; COLUMNS];

/// A quad of four int8 columns: elements 0 and 1 of columns 0 and 1 and of columns 2 and 3, then
/// elements 2 and 3.
pub(super) type Words = [[[i32; 2]; 2]; 2];
/// A quad of four int16 columns: element 0 of each, element 1, 2, 3.
pub(super) type Halves = [[i16; COLUMNS]; QUAD];
/// A quad of one column.
pub(super) type Single = [i16; QUAD];

/// How a core multiplies. Columns are not empty; a row is as many quads of weights.
pub(super) trait Core {
    /// The name of the instruction set.
    const NAME: &'static str;

    /// A row with columns of int8; `start` is where `whole` and `upper` start.
    fn words(row: &[i8], columns: &[Words], start: [i32; 2]) -> Sums;
    /// One row or two, which may be the same, with columns of int16.
    fn halves(rows: [&[i8]; 2], columns: &[Halves]) -> [Sums; 2];
    /// Four rows, one behind the other, with a column.
    fn single(rows: &[i8], column: &[Single]) -> Sums;
    /// The upper word of a product.
    #[inline(always)]
    fn upper(a: i32, b: i32) -> i32 {
        ((i64::from(a) * i64::from(b)) >> 32) as i32
    }
}

/// Tiles of one row on a core.
pub(crate) struct Packed<C>(PhantomData<C>);

impl<C: Core> Tile for Packed<C> {
    const LAYOUT: Layout = Layout::Tile1;

    fn name() -> &'static str {
        C::NAME
    }

    fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
        if place.columns != COLUMNS {
            return single(part, quad, place, block);
        }
        let Ok(words) = bytemuck::try_cast_slice_mut::<u8, [[i32; 2]; 2]>(block) else {
            return;
        };
        let words = words.get_mut(2 * quad..).unwrap_or(&mut []);
        for (words, pair) in words.iter_mut().zip(part.as_chunks::<2>().0) {
            let Some(words) = words.get_mut(place.column / 2) else {
                return;
            };
            for (word, &x) in words.iter_mut().zip(pair) {
                let first = i32::from(*word as i16);
                // A negative first column borrows from the second one, whichever comes first.
                *word = match place.column % 2 {
                    0 => word.wrapping_sub(first).wrapping_add(x.into()),
                    _ => first.wrapping_add(i32::from(x) << 16),
                };
            }
        }
    }

    fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
        if place.columns != COLUMNS {
            return single(part, quad, place, block);
        }
        let Ok(elements) = bytemuck::try_cast_slice_mut::<u8, [i16; COLUMNS]>(block) else {
            return;
        };
        let elements = elements.get_mut(quad * QUAD..).unwrap_or(&mut []);
        for (elements, &x) in elements.iter_mut().zip(part) {
            if let Some(element) = elements.get_mut(place.column) {
                *element = x;
            }
        }
    }

    fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        if block.columns != COLUMNS {
            return by_rows::<C>(block, sink, first);
        }
        let columns = bytemuck::try_cast_slice::<u8, Words>(block.prepared).unwrap_or(&[]);
        let Some(columns) = columns.get(..block.quads) else {
            return;
        };
        let pairs = (2 * block.quads) as i32;
        let start = [
            MIDDLE.wrapping_mul(pairs).wrapping_neg(),
            pairs.wrapping_mul(128),
        ];
        let mut batch = Batch::new(block, first);
        for row in rows(block) {
            batch.put::<C>(C::words(row, columns, start), sink);
        }
        batch.finish::<C>(sink);
    }

    fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
        if block.columns != COLUMNS {
            return by_rows::<C>(block, sink, first);
        }
        let columns = bytemuck::try_cast_slice::<u8, Halves>(block.prepared).unwrap_or(&[]);
        let Some(columns) = columns.get(..block.quads) else {
            return;
        };
        let (mut rows, mut batch) = (rows(block), Batch::new(block, first));
        while let Some(row) = rows.next() {
            let next = rows.next();
            let [sums, others] = C::halves([row, next.unwrap_or(row)], columns);
            batch.put::<C>(sums, sink);
            if next.is_some() {
                batch.put::<C>(others, sink);
            }
        }
        batch.finish::<C>(sink);
    }
}

/// Stores a part of a column behind the columns before it.
fn single<X: Copy + Into<i16>>(part: &[X], quad: usize, place: Place, block: &mut [u8]) {
    let elements = bytemuck::try_cast_slice_mut::<u8, i16>(block).unwrap_or(&mut []);
    let start = (place.column * place.quads + quad) * QUAD;
    let elements = elements.get_mut(start..).unwrap_or(&mut []);
    for (element, &x) in elements.iter_mut().zip(part) {
        *element = x.into();
    }
}

/// The rows of a block's weights.
fn rows<'a>(block: &Block<'a>) -> impl Iterator<Item = &'a [i8]> {
    let quads = block.quads.max(1);
    block
        .weights
        .chunks_exact(quads * QUAD)
        .take(block.bias.len())
}

/// Four rows at a time with each column.
fn by_rows<C: Core>(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let elements = bytemuck::try_cast_slice::<u8, i16>(block.prepared).unwrap_or(&[]);
    let quads = elements.as_chunks().0;
    let (rows, row) = (block.bias.len(), block.quads * QUAD);
    for (at, column) in (0..block.count).zip(quads.chunks_exact(block.quads.max(1))) {
        let first = first + at * rows;
        if rows < COLUMNS {
            few(block, column, sink, first);
            continue;
        }
        // Groups of four rows, then the last four, some of them a second time.
        let groups = (0..rows / COLUMNS).map(|group| group * COLUMNS);
        for n in groups.chain((rows % COLUMNS != 0).then_some(rows - COLUMNS)) {
            let Some(four) = block.weights.get(n * row..(n + COLUMNS) * row) else {
                return;
            };
            let sums = C::single(four, column);
            requantise::<C>(block, n, &sums, sink, first + n);
        }
    }
}

/// Fewer than four rows with a column.
#[cold]
fn few(block: &Block<'_>, column: &[Single], sink: &mut Sink<'_>, first: usize) {
    let terms = block.bias.iter().zip(block.scales);
    for (n, (row, (&bias, &scale))) in rows(block).zip(terms).enumerate() {
        let products = row.iter().zip(column.as_flattened());
        let sum: i32 = products.map(|(&w, &x)| i32::from(w) * i32::from(x)).sum();
        sink.put_accumulator(first + n, bias + sum, scale);
    }
}

/// Rows whose results are stored at once.
const BATCH: usize = 16;

/// Sums on their way to where they go.
struct Batch<'a> {
    block: &'a Block<'a>,
    /// Of each column.
    sums: [[i32; BATCH]; COLUMNS],
    filled: usize,
    /// The row that `sums` begin with.
    row: usize,
    /// Element of the sink for column 0 and row 0.
    first: usize,
}

impl<'a> Batch<'a> {
    fn new(block: &'a Block<'a>, first: usize) -> Self {
        Self {
            block,
            sums: [[0; BATCH]; COLUMNS],
            filled: 0,
            row: 0,
            first,
        }
    }

    /// The next row's sums.
    #[inline(always)]
    fn put<C: Core>(&mut self, sums: Sums, sink: &mut Sink<'_>) {
        for (column, sum) in self.sums.iter_mut().zip(sums) {
            if let Some(slot) = column.get_mut(self.filled) {
                *slot = sum;
            }
        }
        self.filled += 1;
        if self.filled == BATCH {
            self.finish::<C>(sink);
        }
    }

    /// Stores what is there.
    #[inline(never)]
    fn finish<C: Core>(&mut self, sink: &mut Sink<'_>) {
        let mut start = self.first + self.row;
        for column in self.sums.iter().take(self.block.count) {
            let sums = column.get(..self.filled).unwrap_or(column);
            requantise::<C>(self.block, self.row, sums, sink, start);
            start += self.block.bias.len();
        }
        self.row += self.filled;
        self.filled = 0;
    }
}

/// Stores sums of rows from `n` on at elements from `start` on.
#[inline]
fn requantise<C: Core>(
    block: &Block<'_>,
    n: usize,
    sums: &[i32],
    sink: &mut Sink<'_>,
    start: usize,
) {
    let bias = block.bias.get(n..).unwrap_or(&[]);
    let scales = block.scales.get(n..).unwrap_or(&[]);
    let (zero_point, low, high) = (sink.zero_point, sink.low, sink.high);
    // With these the upper word of the product is enough; the zero point joins before the last bit
    // is rounded off, where nothing overflows.
    let quick = Scale::MIN_SHIFT + 2;
    let enough = match zero_point.unsigned_abs() >> 16 {
        0 => quick,
        _ => Scale::MAX_SHIFT + 1,
    };
    let zero = zero_point.wrapping_mul(2).wrapping_add(1);
    let value = |sum: i32, bias: i32, scale: u32| {
        let (sum, shift) = (sum.wrapping_add(bias), scale & 0xFF);
        let value = if shift >= enough {
            let upper = C::upper(sum, (scale & !0xFF) as i32) >> ((shift - quick) & 31);
            upper.wrapping_add(zero) >> 1
        } else {
            let value = Scale::loaded(scale).requantise(sum);
            value.saturating_add(zero_point)
        };
        value.max(low).min(high)
    };
    macro_rules! put {
        ($out:ident, $type:ty) => {
            let out = $out.get_mut(start..).unwrap_or(&mut []).iter_mut();
            for (((slot, &sum), &bias), &scale) in out.zip(sums).zip(bias).zip(scales) {
                *slot = value(sum, bias, scale) as $type;
            }
        };
    }
    match &mut sink.out {
        Out::I8(out) => {
            put!(out, i8);
        }
        Out::I16(out) => {
            put!(out, i16);
        }
        Out::I32(out) => {
            put!(out, i32);
        }
    }
}

//! Tiles of sixteen rows on AVX2: a quad of a tile is two registers of eight rows.
//!
//! ```text
//! Σ w·x = Σ (w₀·x₀ + w₂·x₂) + Σ (w₁·x₁ + w₃·x₃)     VPMADDWD; shifts sign-extend even and odd weights
//!                                                   and leave each in the lane of its row
//! ```
//!
//! Columns of int8 become int16 when they are prepared: VPMADDUBSW would take them as they are, and
//! saturates. A tile's sums for four columns at once stay in registers. Additions wrap, so that only
//! the whole sum has to fit 32 bits.
#![allow(unsafe_code)]
// Registers, pointers and arrays of them share an index.
#![allow(clippy::needless_range_loop)]

use super::x86::{COLUMNS, Product, ROWS, values};
use super::{Block, Place};
use crate::kernels::sink::{Out, Sink};
use core::arch::x86_64::*;

/// Columns that are summed at once.
const GROUP: usize = 4;

/// Sums of a tile's two halves and some columns.
type Sums<const C: usize> = [[__m256i; C]; 2];

/// Stores quads as int16.
#[target_feature(enable = "avx2")]
pub(super) fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
    prepare(part.as_chunks().0, quad, place, block);
}

/// Stores quads.
#[target_feature(enable = "avx2")]
pub(super) fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
    prepare(part.as_chunks().0, quad, place, block);
}

/// Stores quads in the order x₀ x₂ x₁ x₃.
#[inline]
#[target_feature(enable = "avx2")]
fn prepare<X: Copy + Into<i16>>(part: &[[X; 4]], quad: usize, place: Place, block: &mut [u8]) {
    let Some(values) = values(block, quad, place, 8, 8 * part.len()) else {
        return;
    };
    for (value, quad) in values.as_chunks_mut::<8>().0.iter_mut().zip(part) {
        let [a, b, c, d] = quad.map(|x| u64::from(x.into() as u16));
        *value = (a | c << 16 | b << 32 | d << 48).to_le_bytes();
    }
}

/// Every row against the columns of `block`, which is prepared alike for both types.
#[target_feature(enable = "avx2")]
pub(super) fn multiply(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let Some(mut product) = Product::new(block, sink, first, 2) else {
        return;
    };
    for tile in 0..product.bias.len().div_ceil(ROWS) {
        for column in (0..product.count).step_by(GROUP) {
            let p = &mut product;
            // SAFETY: the product has the tile and the columns from `column` on.
            unsafe {
                match p.count - column {
                    1 => group::<1>(p, tile, column),
                    2 => group::<2>(p, tile, column),
                    3 => group::<3>(p, tile, column),
                    _ => group::<GROUP>(p, tile, column),
                }
            }
        }
    }
}

/// A tile against `C` columns from `column` on.
///
/// # Safety
/// The product has them.
#[target_feature(enable = "avx2")]
unsafe fn group<const C: usize>(product: &mut Product<'_>, tile: usize, column: usize) {
    let quads = product.quads;
    // SAFETY: reads `quads` quads of one tile and as many of `C` columns, which the product has.
    let sums: Sums<C> = unsafe {
        let weights = product.weights.as_ptr().add(tile * quads);
        let columns = product
            .columns
            .as_ptr()
            .cast::<[i32; 2]>()
            .add(column * quads);
        let mut acc = [[_mm256_setzero_si256(); C]; 2];
        for q in 0..quads {
            let quad: *const __m256i = weights.add(q).cast();
            let (top, bottom) = (_mm256_loadu_si256(quad), _mm256_loadu_si256(quad.add(1)));
            let even = [top, bottom].map(|w| _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(w)));
            let odd = [top, bottom].map(|w| _mm256_srai_epi16::<8>(w));
            for c in 0..C {
                let [x_even, x_odd] = columns.add(c * quads + q).read_unaligned();
                let (x_even, x_odd) = (_mm256_set1_epi32(x_even), _mm256_set1_epi32(x_odd));
                for half in 0..2 {
                    let evens = _mm256_madd_epi16(even[half], x_even);
                    let odds = _mm256_madd_epi16(odd[half], x_odd);
                    acc[half][c] = _mm256_add_epi32(acc[half][c], _mm256_add_epi32(evens, odds));
                }
            }
        }
        acc
    };
    let row = tile * ROWS;
    for (half, sums) in sums.iter().enumerate() {
        finish(sums, row + half * 8, column, product);
    }
}

/// Requantises and stores eight rows from `row` on, of columns from `column` on.
#[target_feature(enable = "avx2")]
fn finish(sums: &[__m256i], row: usize, column: usize, product: &mut Product<'_>) {
    let rows = product.bias.len();
    let (Some(bias), Some(words)) = (product.bias.get(row..), product.scales.get(row..)) else {
        return;
    };
    let (bias, words) = (eight(bias), eight(words));
    let (even, odd) = (
        Halves::new(words),
        Halves::new(_mm256_srli_epi64::<32>(words)),
    );
    let (low, high) = (
        _mm256_set1_epi32(product.clamp.low),
        _mm256_set1_epi32(product.clamp.high),
    );
    let zero_point = _mm256_set1_epi32(product.clamp.zero_point);
    for (c, &sum) in sums.iter().enumerate() {
        let sum = _mm256_add_epi32(sum, bias);
        let odds = _mm256_slli_epi64::<32>(odd.requantise(_mm256_srli_epi64::<32>(sum)));
        let value = _mm256_blend_epi32::<0b1010_1010>(even.requantise(sum), odds);
        let value = _mm256_min_epi32(_mm256_max_epi32(value, low), high);
        let value = _mm256_add_epi32(value, zero_point);
        let at = (column + c) * rows + row;
        let length = (rows - row).min(8);
        // Clamped to the type: packing saturates nothing. It packs halves apart, hence the extract.
        let high = _mm256_extracti128_si256::<1>(value);
        let words = _mm_packs_epi32(_mm256_castsi256_si128(value), high);
        match &mut product.target {
            Out::I8(out) => {
                let bytes = _mm_cvtsi128_si64(_mm_packs_epi16(words, words));
                put::<i8>(out, at, length, bytemuck::cast(bytes));
            }
            Out::I16(out) => put::<i16>(out, at, length, bytemuck::cast(words)),
            Out::I32(out) => put::<i32>(out, at, length, bytemuck::cast(value)),
        }
    }
}

/// The first eight of `words`; zeros for those that are missing.
#[inline]
#[target_feature(enable = "avx2")]
fn eight<T: bytemuck::Pod>(words: &[T]) -> __m256i {
    let mut first = [0i32; 8];
    for (first, word) in first.iter_mut().zip(words) {
        *first = bytemuck::cast(*word);
    }
    bytemuck::cast(first)
}

/// Stores the first `length` of `values` at `at`.
#[inline]
fn put<T: Copy>(out: &mut [T], at: usize, length: usize, values: [T; 8]) {
    let Some(out) = out.get_mut(at..) else {
        return;
    };
    // In one piece where it fits: the compiler makes that a single store.
    match (out.first_chunk_mut::<8>(), length) {
        (Some(out), 8) => *out = values,
        _ => out
            .iter_mut()
            .zip(values)
            .take(length)
            .for_each(|(out, value)| *out = value),
    }
}

/// Scale words of the even lanes, taken apart into 64 bits each.
#[derive(Clone, Copy)]
struct Halves {
    multiplier: __m256i,
    rounding: __m256i,
    /// What an arithmetic shift adds to a logical one of a number with 2⁶³ added, which is how
    /// AVX2 has it.
    sign: __m256i,
    shift: __m256i,
}

impl Halves {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(words: __m256i) -> Self {
        let shift = _mm256_and_si256(words, _mm256_set1_epi64x(0xFF));
        let least = _mm256_set1_epi64x(i64::MIN);
        let one = _mm256_set1_epi64x(1);
        let half = _mm256_srli_epi64::<1>(_mm256_sllv_epi64(one, shift));
        Self {
            multiplier: _mm256_andnot_si256(_mm256_set1_epi64x(0xFF), words),
            rounding: _mm256_add_epi64(half, least),
            sign: _mm256_srlv_epi64(least, shift),
            shift,
        }
    }

    /// [`crate::rounding::Scale::requantise`] of the even lanes of `sum`, in 64 bits each.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn requantise(self, sum: __m256i) -> __m256i {
        let product = _mm256_mul_epi32(sum, self.multiplier);
        let shifted = _mm256_srlv_epi64(_mm256_add_epi64(product, self.rounding), self.shift);
        _mm256_sub_epi64(shifted, self.sign)
    }
}

// A block's columns come in whole groups, and one rest.
const _: () = assert!(COLUMNS.is_multiple_of(GROUP));

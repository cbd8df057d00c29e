//! Tiles of sixteen rows on AVX-512 with VNNI: a quad of a tile is one register, a lane a row.
//!
//! ```text
//! int8:   Σ w·x = Σ (w + 128)·x − 128·Σ x      VPDPBUSD wants one unsigned factor: w with its sign bit
//!                                              flipped; Σ x is summed once for all tiles
//! int16:  Σ w·x = Σ (w₀·x₀ + w₂·x₂) + Σ (w₁·x₁ + w₃·x₃)
//!                                              VPDPWSSD; shifts sign-extend even and odd weights and
//!                                              leave each in the lane of its row
//! ```
//!
//! Some tiles and all columns at once keep their sums in registers; four elements of a column are
//! one broadcast, shared by the tiles. Both instructions wrap, so that only the whole sum has to fit
//! 32 bits. [`Sixteen`] requantises as many lanes at once, exactly for every scale word.
#![allow(unsafe_code)]
// Registers, pointers and arrays of them share an index.
#![allow(clippy::needless_range_loop)]

use super::super::Block;
use super::super::x86::{COLUMNS, Product, ROWS};
use super::requantise::{Clamp, Sixteen};
use super::store::{FOUR, store_four};
use crate::kernels::sink::Sink;
use core::arch::asm;
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

/// Most tiles that are summed at once, by columns: the sums leave registers for the weights.
const MOST_I8: [usize; COLUMNS] = [8, 8, 6, 6, 4, 4, 3, 3];
const MOST_I16: [usize; COLUMNS] = [8, 8, 6, 4, 4, 3, 3, 2];

/// Sums of some tiles and columns; the places of others are never read.
type Sums = [[MaybeUninit<__m512i>; COLUMNS]; 8];

/// Calls `$sums::<tiles, columns>` for the counts at hand.
macro_rules! by_counts {
    ($sums:ident $arguments:tt by $tiles:expr, $count:expr; $($c:literal: $($t:literal)+;)+) => {
        match ($count, $tiles) {
            $($(($c, $t) => $sums::<$t, $c> $arguments,)+)+
            _ => {}
        }
    };
}

/// Every row against the columns of `block`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(in crate::isa) fn multiply_i8(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let Some(mut product) = Product::new(block, sink, first, 1) else {
        return;
    };
    let corrections = corrections(&product);
    let mut sums = [[MaybeUninit::uninit(); COLUMNS]; 8];
    for (tile, tiles) in groups(&product, &MOST_I8) {
        let (p, d, s) = (&product, &corrections, &mut sums);
        // SAFETY: the group is within the product's tiles.
        unsafe {
            by_counts!(sums_i8(p, tile, d, s) by tiles, p.count;
                1: 1 2 3 4 5 6 7 8; 2: 1 2 3 4 5 6 7 8; 3: 1 2 3 4 5 6; 4: 1 2 3 4 5 6;
                5: 1 2 3 4; 6: 1 2 3 4; 7: 1 2 3; 8: 1 2 3;);
        }
        // SAFETY: the sums of the group have just been written.
        unsafe { finish(&sums, tile, tiles, &mut product) };
    }
}

/// Every row against the columns of `block`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(in crate::isa) fn multiply_i16(block: &Block<'_>, sink: &mut Sink<'_>, first: usize) {
    let Some(mut product) = Product::new(block, sink, first, 2) else {
        return;
    };
    let mut sums = [[MaybeUninit::uninit(); COLUMNS]; 8];
    for (tile, tiles) in groups(&product, &MOST_I16) {
        let (p, s) = (&product, &mut sums);
        // SAFETY: the group is within the product's tiles.
        unsafe {
            by_counts!(sums_i16(p, tile, s) by tiles, p.count;
                1: 1 2 3 4 5 6 7 8; 2: 1 2 3 4 5 6 7 8; 3: 1 2 3 4 5 6; 4: 1 2 3 4;
                5: 1 2 3 4; 6: 1 2 3; 7: 1 2 3; 8: 1 2;);
        }
        // SAFETY: the sums of the group have just been written.
        unsafe { finish(&sums, tile, tiles, &mut product) };
    }
}

/// First tile and length of groups of tiles, as even as can be with `most` by columns.
fn groups(
    product: &Product<'_>,
    most: &[usize; COLUMNS],
) -> impl Iterator<Item = (usize, usize)> + use<> {
    let tiles = product.bias.len().div_ceil(ROWS);
    let most = most
        .get(product.count.wrapping_sub(1))
        .copied()
        .unwrap_or(1);
    let mut groups = tiles.div_ceil(most);
    let mut first = 0;
    core::iter::from_fn(move || {
        let length = (tiles - first).checked_div(groups)?;
        groups -= 1;
        first += length;
        Some((first - length, length))
    })
}

/// −128·Σ x of each column.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn corrections(product: &Product<'_>) -> [i32; COLUMNS] {
    let factor = _mm512_set1_epi8(-128);
    let mut sums = [_mm512_setzero_si512(); COLUMNS];
    let columns = product.columns.chunks_exact(4 * product.quads);
    for (sum, column) in sums.iter_mut().zip(columns) {
        for part in column.chunks(64) {
            let mask = u64::MAX >> (64 - part.len());
            // SAFETY: the part has as many bytes as the mask has bits.
            let x = unsafe { _mm512_maskz_loadu_epi8(mask, part.as_ptr().cast()) };
            *sum = _mm512_dpbusd_epi32(*sum, factor, x);
        }
    }
    // Lanes of pairs of columns side by side, then of pairs of pairs, each added: what is left of a
    // column is one lane in each quarter.
    let [a, b, c, d, e, f, g, h] = sums;
    let pair = |a, b| {
        let (low, high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        _mm512_add_epi32(low, high)
    };
    let four = |a, b| {
        let (low, high) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
        _mm512_add_epi32(low, high)
    };
    let (first, second) = (four(pair(a, b), pair(c, d)), four(pair(e, f), pair(g, h)));
    let even = _mm512_shuffle_i32x4::<0b10_00_10_00>(first, second);
    let odd = _mm512_shuffle_i32x4::<0b11_01_11_01>(first, second);
    let sums = _mm512_add_epi32(even, odd);
    let sums = _mm512_add_epi32(sums, _mm512_shuffle_i32x4::<0b10_11_00_01>(sums, sums));
    let sums = _mm512_shuffle_i32x4::<0b10_00_10_00>(sums, sums);
    let mut corrections = [0i32; COLUMNS];
    for (correction, sum) in corrections.iter_mut().zip(lanes(sums)) {
        *correction = sum.wrapping_neg();
    }
    corrections
}

/// The lanes of a register.
#[inline]
#[target_feature(enable = "avx512f")]
fn lanes(register: __m512i) -> [i32; 16] {
    let mut words = [0; 16];
    // SAFETY: as long as the register.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), register) };
    words
}

/// Sums of `T` tiles from `tile` on and `C` columns.
///
/// # Safety
/// The product has these tiles and `C` columns.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn sums_i8<const T: usize, const C: usize>(
    product: &Product<'_>,
    tile: usize,
    corrections: &[i32; COLUMNS],
    sums: &mut Sums,
) {
    let quads = product.quads;
    // SAFETY: reads `quads` quads of `T` tiles and as many of `C` columns, which the product has.
    unsafe {
        let weights = product.weights.as_ptr().add(tile * quads);
        let columns = product.columns.as_ptr().cast::<i32>();
        let flip = _mm512_set1_epi8(-128);
        let mut acc = [[_mm512_setzero_si512(); C]; T];
        for c in 0..C {
            let start = _mm512_set1_epi32(corrections[c]);
            for t in 0..T {
                acc[t][c] = start;
            }
        }
        for q in 0..quads {
            let mut w = [flip; T];
            for t in 0..T {
                let quad = _mm512_loadu_si512(weights.add(t * quads + q).cast());
                w[t] = _mm512_xor_si512(quad, flip);
            }
            for c in 0..C {
                let x = _mm512_set1_epi32(columns.add(c * quads + q).read_unaligned());
                for t in 0..T {
                    acc[t][c] = _mm512_dpbusd_epi32(acc[t][c], w[t], x);
                }
            }
        }
        for t in 0..T {
            for c in 0..C {
                sums[t][c].write(acc[t][c]);
            }
        }
    }
}

/// [`sums_i8`] with columns of int16.
///
/// # Safety
/// The product has these tiles and `C` columns.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn sums_i16<const T: usize, const C: usize>(
    product: &Product<'_>,
    tile: usize,
    sums: &mut Sums,
) {
    let quads = product.quads;
    // SAFETY: reads `quads` quads of `T` tiles and as many of `C` columns, which the product has.
    unsafe {
        let weights = product.weights.as_ptr().add(tile * quads);
        let columns = product.columns.as_ptr().cast::<i32>();
        let mut acc = [[_mm512_setzero_si512(); C]; T];
        for q in 0..quads {
            let mut even = [_mm512_setzero_si512(); T];
            let mut odd = even;
            for t in 0..T {
                let quad = _mm512_loadu_si512(weights.add(t * quads + q).cast());
                even[t] = _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(quad));
                odd[t] = _mm512_srai_epi16::<8>(quad);
            }
            for c in 0..C {
                // Two reads: each is a broadcast from memory.
                let x = columns.add(2 * (c * quads + q));
                let x_even = _mm512_set1_epi32(x.read_unaligned());
                let x_odd = _mm512_set1_epi32(x.add(1).read_unaligned());
                for t in 0..T {
                    acc[t][c] = dpwssd(acc[t][c], even[t], x_even);
                }
                for t in 0..T {
                    acc[t][c] = dpwssd(acc[t][c], odd[t], x_odd);
                }
            }
        }
        for t in 0..T {
            for c in 0..C {
                sums[t][c].write(acc[t][c]);
            }
        }
    }
}

/// `sum` and the products of pairs of int16.
///
/// In assembly: the compiler would make two instructions of it, a product and an addition, which is
/// sooner done for one sum, but takes longer for as many as there are here.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn dpwssd(mut sum: __m512i, w: __m512i, x: __m512i) -> __m512i {
    // SAFETY: the processor has the instruction, which works on registers alone.
    unsafe {
        asm!(
            "vpdpwssd {sum}, {w}, {x}",
            sum = inout(zmm_reg) sum,
            w = in(zmm_reg) w,
            x = in(zmm_reg) x,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// Requantises and stores the sums of `tiles` tiles from `tile` on.
///
/// # Safety
/// `sums` has them for all columns.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn finish(sums: &Sums, tile: usize, tiles: usize, product: &mut Product<'_>) {
    let rows = product.bias.len();
    let clamp = Clamp::new(product.clamp);
    let starts = (tile * ROWS..rows).step_by(ROWS);
    for (sums, row) in sums.iter().take(tiles).zip(starts) {
        let Some(sixteen) = Sixteen::new(product.bias, product.scales, row) else {
            return;
        };
        for (group, sums) in sums.chunks(FOUR).enumerate() {
            let first = group * FOUR;
            let count = product.count.saturating_sub(first).min(FOUR);
            let mut values = [_mm512_setzero_si512(); FOUR];
            // As many turns as the array has places: it stays in registers.
            for (index, (value, sum)) in values.iter_mut().zip(sums).enumerate() {
                if index < count {
                    // SAFETY: there is a sum for each column.
                    *value = sixteen.requantise(unsafe { sum.assume_init() });
                }
            }
            // SAFETY: the target has `rows` elements for each column, and the rows of `sixteen` are
            // among them.
            unsafe {
                let at = first * rows + row;
                store_four(
                    &mut product.target,
                    (at, rows),
                    count,
                    sixteen.mask,
                    values,
                    &clamp,
                );
            }
        }
    }
}

//! Dense layers of one row or two: every weight is used once, so that reading them is what takes time.
//!
//! ```text
//! Σ w·x = Σ (w + 128)·x − 128·Σ x        the row stays as it is; sign bits of weights are flipped
//! four tiles at once, each in two sums: even quads, odd quads
//! ```
#![allow(unsafe_code)]
// Registers, pointers and arrays of them share an index.
#![allow(clippy::needless_range_loop)]

use super::super::x86::ROWS;
use super::image::ZERO;
use super::requantise::{Clamp, Sixteen};
use super::store::{FOUR, store_four};
use super::sums::Product;
use crate::format::layout::QUAD;
use core::arch::x86_64::*;

/// Most rows that go this way; more share weights in registers.
pub(super) const MOST: usize = 2;

/// All tiles against a row `x` of whole quads, results from element `first` on; `None` where something is
/// too short.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn row(product: &mut Product<'_>, x: &[i8], first: usize) -> Option<()> {
    let tiles = product.bias.len().div_ceil(ROWS);
    let behind = first.checked_add(product.bias.len())?;
    let rows = behind.checked_div(product.bias.len())?;
    if x.len() != product.quads.checked_mul(QUAD)? || !product.is_sound(rows) {
        return None;
    }
    let correction = correction(x);
    for tile in (0..tiles).step_by(FOUR) {
        let count = FOUR.min(tiles - tile);
        // SAFETY: the tiles' weights are there, the row is as long, and there is room for the results.
        unsafe {
            let sums = match count {
                1 => sums::<1>(product, tile, x),
                2 => sums::<2>(product, tile, x),
                3 => sums::<3>(product, tile, x),
                _ => sums::<4>(product, tile, x),
            };
            let sums = sums.map(|sum| _mm512_sub_epi32(sum, correction));
            finish(&sums, (tile, count), first, product);
        }
    }
    Some(())
}

/// 128·Σ x in every lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn correction(x: &[i8]) -> __m512i {
    let factor = _mm512_set1_epi8(ZERO as i8);
    let mut sums = _mm512_setzero_si512();
    for part in x.chunks(64) {
        let mask = u64::MAX >> (64 - part.len());
        // SAFETY: the part has as many bytes as the mask has bits.
        let x = unsafe { _mm512_maskz_loadu_epi8(mask, part.as_ptr()) };
        sums = _mm512_dpbusd_epi32(sums, factor, x);
    }
    _mm512_set1_epi32(_mm512_reduce_add_epi32(sums))
}

/// Sums of `T` tiles from `tile` on.
///
/// # Safety
/// The product has their weights, and `x` as many quads.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn sums<const T: usize>(product: &Product<'_>, tile: usize, x: &[i8]) -> [__m512i; FOUR] {
    let flip = _mm512_set1_epi8(ZERO as i8);
    let quads = product.quads;
    let mut acc = [[_mm512_setzero_si512(); 2]; T];
    // SAFETY: reads `quads` quads of `T` tiles, and of the row.
    unsafe {
        let weights = product.weights.as_ptr().add(tile * quads);
        let x: *const i32 = x.as_ptr().cast();
        let mut step = |q: usize, half: usize| {
            let x = _mm512_set1_epi32(x.add(q).read_unaligned());
            for t in 0..T {
                let w = _mm512_loadu_si512(weights.add(t * quads + q).cast());
                acc[t][half] = _mm512_dpbusd_epi32(acc[t][half], _mm512_xor_si512(w, flip), x);
            }
        };
        for q in (0..quads - quads % 2).step_by(2) {
            step(q, 0);
            step(q + 1, 1);
        }
        if quads % 2 == 1 {
            step(quads - 1, 0);
        }
    }
    let mut sums = [_mm512_setzero_si512(); FOUR];
    for t in 0..T {
        sums[t] = _mm512_add_epi32(acc[t][0], acc[t][1]);
    }
    sums
}

/// Requantises and stores the sums of `count` tiles from `tile` on, the row's results from element `first`
/// on.
///
/// # Safety
/// The product has the tiles, one at least, and room for the results.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn finish(
    sums: &[__m512i; FOUR],
    (tile, count): (usize, usize),
    first: usize,
    product: &mut Product<'_>,
) {
    let clamp = Clamp::new(product.clamp);
    let mut values = [_mm512_setzero_si512(); FOUR];
    let (mut full, mut last) = (0, 0);
    for index in 0..FOUR {
        if index < count {
            let row = (tile + index) * ROWS;
            let Some(sixteen) = Sixteen::new(product.bias, product.scales, row) else {
                return;
            };
            values[index] = sixteen.requantise(sums[index]);
            last = sixteen.mask;
            full += usize::from(last == u16::MAX);
        }
    }
    let at = first + tile * ROWS;
    // SAFETY: there is room, as the caller says: only the last tile may not be full.
    unsafe {
        store_four(&mut product.out, (at, ROWS), full, u16::MAX, values, &clamp);
        if full < count {
            let rest = [values[full]; FOUR];
            let at = at + full * ROWS;
            store_four(&mut product.out, (at, ROWS), 1, last, rest, &clamp);
        }
    }
}

//! Dense layers of one row or two: every weight is used once, so that reading them is what takes time.
//!
//! ```text
//! Σ w·x = Σ (w + 128)·x − 128·Σ x        the row stays as it is; sign bits of weights are flipped
//! tile by tile, each in four sums
//! ```
#![allow(unsafe_code)]
// Registers, pointers and arrays of them share an index.
#![allow(clippy::needless_range_loop)]

use super::super::x86::ROWS;
use super::image::ZERO;
use super::requantise::{Clamp, Sixteen};
use super::store::{FOUR, store};
use super::sums::Product;
use crate::format::layout::QUAD;
use core::arch::x86_64::*;

/// Most rows that go this way; more share weights in registers.
pub(super) const MOST: usize = 2;
/// Quads that are fetched before they are needed: what the second level of caches takes to answer, and some
/// more. Less was slower, more no faster.
const AHEAD: usize = 32;

/// All tiles against a row `x` of whole quads, results from element `first` on; `None` where something is
/// too short.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn row(product: &mut Product<'_>, x: &[i8], first: usize) -> Option<()> {
    let tiles = product.bias.len().div_ceil(ROWS);
    let behind = first.checked_add(product.bias.len())?;
    let rows = behind.checked_div(product.bias.len())?;
    let is_whole = rows * product.bias.len() == behind;
    if !is_whole || x.len() != product.quads.checked_mul(QUAD)? || !product.is_sound(rows) {
        return None;
    }
    let correction = correction(x);
    let clamp = Clamp::new(product.clamp);
    for tile in 0..tiles {
        let sixteen = Sixteen::new(product.bias, product.scales, tile * ROWS)?;
        // SAFETY: the tile's weights are there, and the row is as long.
        let sum = unsafe { sums(product, tile, x) };
        let value = clamp.apply(sixteen.requantise(_mm512_sub_epi32(sum, correction)));
        // SAFETY: there is room for as many as the tile has rows.
        unsafe { store(&mut product.out, first + tile * ROWS, sixteen.mask, value) };
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

/// Sums of a tile.
///
/// Its weights are read in the order in which they lie: what fetches them ahead sees one stream, which
/// goes on in the next tile.
///
/// # Safety
/// The product has their weights, and `x` as many quads.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn sums(product: &Product<'_>, tile: usize, x: &[i8]) -> __m512i {
    let flip = _mm512_set1_epi8(ZERO as i8);
    let quads = product.quads;
    // As many chains as a processor adds up at once, or more.
    let mut acc = [_mm512_setzero_si512(); FOUR];
    // SAFETY: reads `quads` quads of the tile, and of the row; what is fetched ahead may lie anywhere.
    unsafe {
        let weights = product.weights.as_ptr().add(tile * quads);
        let x: *const i32 = x.as_ptr().cast();
        let add = |sum, q: usize| {
            let ahead = weights.wrapping_add(q + AHEAD);
            _mm_prefetch::<_MM_HINT_T0>(ahead.cast());
            let w = _mm512_loadu_si512(weights.add(q).cast());
            let x = _mm512_set1_epi32(x.add(q).read_unaligned());
            _mm512_dpbusd_epi32(sum, _mm512_xor_si512(w, flip), x)
        };
        let whole = quads - quads % FOUR;
        for q in (0..whole).step_by(FOUR) {
            for chain in 0..FOUR {
                acc[chain] = add(acc[chain], q + chain);
            }
        }
        for q in whole..quads {
            acc[0] = add(acc[0], q);
        }
    }
    let [a, b, c, d] = acc;
    _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d))
}

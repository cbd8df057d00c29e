//! Pixels against tiles: sums in registers, requantised and stored from there.
//!
//! ```text
//! Σ w·x = Σ w·(x + 128) − 128·Σ w        VPDPBUSD wants one unsigned factor; the second sum and the
//!                                        bias are what all sums of a row start from
//! for each two tiles, for each few positions:
//!     for each row of taps, for each quad of it: the tiles' weights, once;
//!         four elements of each position, broadcast, against both
//!     results of a position side by side: one store for as many as lie so
//! ```
//!
//! Sums wrap, so that only the whole sum has to fit 32 bits: x + 128 may well lead it out of them on the
//! way. Positions of a group may be in several rows of the output, so that small images fill groups.
#![allow(unsafe_code)]
// Registers, pointers and arrays of them share an index.
#![allow(clippy::needless_range_loop)]

use super::super::x86::{Clamp, ROWS};
use super::finish::{Rows, TILES, each, finish};
use super::grid::{Grid, Taps};
use super::image::ZERO;
use super::requantise::{self, Fast, Sixteen};
use super::store::FOUR;
use crate::format::layout::QUAD;
use crate::kernels::sink::Out;
use core::arch::x86_64::*;

/// Most positions of a group: their sums of two tiles leave registers for weights and elements.
pub(super) const MOST: usize = 12;

/// Rows of weights, and where results go.
pub(super) struct Product<'a> {
    /// As many quads for each tile.
    pub weights: &'a [[i8; 4 * ROWS]],
    pub quads: usize,
    /// One for each row.
    pub bias: &'a [i32],
    /// As many.
    pub scales: &'a [u32],
    pub out: Out<'a>,
    pub clamp: Clamp,
}

impl Product<'_> {
    /// Whether there is room for the results of `count` columns, and weights for all rows.
    pub fn is_sound(&self, count: usize) -> bool {
        let rows = self.bias.len();
        let out = match &self.out {
            Out::I8(out) => out.len(),
            Out::I16(out) => out.len(),
            Out::I32(out) => out.len(),
        };
        let quads = rows.div_ceil(ROWS).checked_mul(self.quads);
        quads.is_some_and(|quads| quads <= self.weights.len())
            && count.checked_mul(rows).is_some_and(|count| count <= out)
            && self.scales.len() == rows
    }
}

/// Calls `group::<tiles, count>`.
macro_rules! by_counts {
    ($arguments:tt by $tiles:expr, $count:expr; $($c:literal)+) => {
        match ($tiles, $count) {
            $((1, $c) => group::<1, $c> $arguments,)+
            $((2, $c) => group::<2, $c> $arguments,)+
            _ => {}
        }
    };
}

/// Every row against all positions; `None` where something is too short.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn multiply(product: &mut Product<'_>, grid: &Grid<'_>, taps: &Taps) -> Option<()> {
    let tiles = product.bias.len().div_ceil(ROWS);
    let is_whole = taps.pieces()?.checked_mul(taps.quads)? == product.quads;
    let end = grid.end(taps, taps.quads.checked_mul(QUAD)?)?;
    if !is_whole || end > grid.bytes.len() || !product.is_sound(grid.count) {
        return None;
    }
    for tile in (0..tiles).step_by(TILES) {
        let first = rows(product, tile)?;
        let both = [first, rows(product, tile + 1).unwrap_or(first)];
        let count = TILES.min(tiles - tile);
        let mut offsets = grid.start(0);
        let mut groups = grid.count.div_ceil(MOST);
        let mut position = 0;
        // Groups are as even as can be.
        while let Some(length) = (grid.count - position).checked_div(groups) {
            let mut pixels = [grid.bytes.as_ptr(); MOST];
            offsets.fill(&mut pixels, length);
            let at = (tile, position);
            // SAFETY: the tiles and their weights are there, and so are `length` positions from
            // `position` on, all their taps, and room for their results, as has been checked.
            unsafe {
                by_counts!((product, taps, &both, &pixels, at) by count, length;
                    1 2 3 4 5 6 7 8 9 10 11 12);
            }
            position += length;
            groups -= 1;
        }
    }
    Some(())
}

/// Those of a tile; `None` where there is none.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn rows(product: &Product<'_>, tile: usize) -> Option<Rows> {
    let sixteen = Sixteen::new(product.bias, product.scales, tile.checked_mul(ROWS)?)?;
    let start = tile.checked_mul(product.quads)?;
    let weights = product.weights.get(start..)?.get(..product.quads)?;
    let unit = _mm512_set1_epi8(ZERO as i8);
    // SAFETY: a quad is as long as a register.
    let add = |sum, quad: &[i8; 4 * ROWS]| unsafe {
        _mm512_dpbusd_epi32(sum, unit, _mm512_loadu_si512(quad.as_ptr().cast()))
    };
    // As many chains as a processor adds up at once.
    let [mut a, mut b, mut c, mut d] = [_mm512_setzero_si512(); FOUR];
    let (fours, rest) = weights.as_chunks::<FOUR>();
    for [first, second, third, fourth] in fours {
        (a, b) = (add(a, first), add(b, second));
        (c, d) = (add(c, third), add(d, fourth));
    }
    for quad in rest {
        a = add(a, quad);
    }
    let sum = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
    Some(Rows {
        start: _mm512_sub_epi32(sixteen.bias, sum),
        fast: Fast::new(&sixteen, product.clamp.zero_point),
        sixteen,
    })
}

/// `T` tiles from `at.0` on against `C` positions from `at.1` on.
///
/// # Safety
/// The product has the tiles and room for the results; `pixels` are where `C` positions start, and all
/// their taps can be read.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn group<const T: usize, const C: usize>(
    product: &mut Product<'_>,
    taps: &Taps,
    rows: &[Rows; TILES],
    pixels: &[*const u8; MOST],
    at: (usize, usize),
) {
    let mut acc = [[_mm512_setzero_si512(); C]; T];
    for t in 0..T {
        acc[t] = [rows[t].start; C];
    }
    // SAFETY: reads the taps of the positions, quad by quad, and as many quads of each tile.
    unsafe {
        let mut weights = product.weights.as_ptr().add(at.0 * product.quads);
        // One offset for all positions: their pointers stay in registers.
        let (mut row, mut part) = (0, 0);
        for _ in 0..taps.rows * taps.parts {
            let mut at = row + part * taps.part_pitch;
            let end = at + QUAD * taps.quads;
            while at < end {
                let mut w = [_mm512_setzero_si512(); T];
                for t in 0..T {
                    w[t] = _mm512_loadu_si512(weights.add(t * product.quads).cast());
                }
                weights = weights.add(1);
                for c in 0..C {
                    let x = pixels[c].add(at).cast::<i32>().read_unaligned();
                    let x = _mm512_set1_epi32(x);
                    for t in 0..T {
                        acc[t][c] = _mm512_dpbusd_epi32(acc[t][c], x, w[t]);
                    }
                }
                at += QUAD;
            }
            part += 1;
            if part == taps.parts {
                (row, part) = (row + taps.row_pitch, 0);
            }
        }
    }
    let is_fast = rows[0].fast.is_exact && rows[T - 1].fast.is_exact;
    // SAFETY: there is room for the results.
    unsafe {
        match &mut product.out {
            Out::I8(out) if is_fast => {
                let filters = product.bias.len();
                let out = out.as_mut_ptr().add(at.1 * filters + at.0 * ROWS);
                finish::<T, C>(&acc, rows, (out, filters), product.clamp.bounds);
            }
            _ => {
                for t in 0..T {
                    each!(C_AT of 0 1 2 3 4 5 6 7 8 9 10 11, below C, {
                        let at = (at.0 + t, at.1 + C_AT);
                        slow(acc[t][C_AT], &rows[t].sixteen, at, product);
                    });
                }
            }
        }
    }
}

/// Requantises and stores sums of tile `tile` at `position`, for any scale words and types.
///
/// # Safety
/// The product has room for them.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn slow(
    sums: __m512i,
    sixteen: &Sixteen,
    (tile, position): (usize, usize),
    product: &mut Product<'_>,
) {
    let clamp = requantise::Clamp::new(product.clamp);
    let at = position * product.bias.len() + tile * ROWS;
    let value = clamp.apply(sixteen.scale.requantise(sums));
    // SAFETY: there is room, as the caller says.
    unsafe { super::store::store(&mut product.out, at, sixteen.mask, value) };
}

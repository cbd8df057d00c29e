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
use super::image::ZERO;
use super::requantise::{self, Fast, Sixteen};
use super::store::{FOUR, store_four};
use crate::format::layout::QUAD;
use crate::kernels::sink::Out;
use core::arch::x86_64::*;

/// Most positions of a group: their sums of two tiles leave registers for weights and elements.
const MOST: usize = 12;
/// Most tiles of a group.
const TILES: usize = 2;

/// Where positions are in an image: equal steps in a row of the output, equal pitches between its rows.
pub(super) struct Grid<'a> {
    pub bytes: &'a [u8],
    /// Positions.
    pub count: usize,
    /// Positions of a row.
    pub width: usize,
    pub step: usize,
    pub pitch: usize,
}

impl Grid<'_> {
    /// Bytes up to the end of the last position's taps, runs of `run` bytes; `None` where there are none.
    pub fn end(&self, taps: &Taps, run: usize) -> Option<usize> {
        let last = self.count.checked_sub(1)?;
        let y = last.checked_div(self.width)?.checked_mul(self.pitch)?;
        let x = last.min(self.width - 1).checked_mul(self.step)?;
        let i = taps.rows.checked_sub(1)?.checked_mul(taps.row_pitch)?;
        let j = taps.parts.checked_sub(1)?.checked_mul(taps.part_pitch)?;
        let sum = y.checked_add(x)?.checked_add(i)?.checked_add(j)?;
        sum.checked_add(run)
    }

    /// Bytes where positions start, from position `first` on.
    #[inline]
    pub fn offsets(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        let y = first.checked_div(self.width).unwrap_or(0);
        let (width, step) = (self.width, self.step);
        let mut x = first - y * width;
        let mut offset = y * self.pitch + x * step;
        let turn = self.pitch.wrapping_sub(width * step);
        core::iter::from_fn(move || {
            let next = offset;
            (x, offset) = (x + 1, offset + step);
            if x == width {
                (x, offset) = (0, offset.wrapping_add(turn));
            }
            Some(next)
        })
    }
}

/// Where a position's taps are, from its first one on: rows of parts of quads.
pub(super) struct Taps {
    pub rows: usize,
    pub row_pitch: usize,
    pub parts: usize,
    pub part_pitch: usize,
    pub quads: usize,
}

impl Taps {
    /// Those of a column as it is gathered.
    pub fn column(quads: usize) -> Self {
        Self {
            rows: 1,
            row_pitch: 0,
            parts: 1,
            part_pitch: 0,
            quads,
        }
    }

    /// Rows and parts of rows.
    pub fn pieces(&self) -> Option<usize> {
        self.rows.checked_mul(self.parts)
    }
}

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

/// What a tile's sums start from, and how they are requantised.
#[derive(Clone, Copy)]
struct Rows {
    start: __m512i,
    sixteen: Sixteen,
    fast: Fast,
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
        let mut offsets = grid.offsets(0);
        let mut groups = grid.count.div_ceil(MOST);
        let mut position = 0;
        // Groups are as even as can be.
        while let Some(length) = (grid.count - position).checked_div(groups) {
            let mut pixels = [grid.bytes.as_ptr(); MOST];
            for (pixel, offset) in pixels.iter_mut().zip(offsets.by_ref().take(length)) {
                *pixel = pixel.wrapping_add(offset);
            }
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
    // As many chains as a processor adds up at once.
    let unit = _mm512_set1_epi8(ZERO as i8);
    let mut sums = [_mm512_setzero_si512(); FOUR];
    for quads in weights.chunks(FOUR) {
        for (sum, quad) in sums.iter_mut().zip(quads) {
            // SAFETY: a quad is as long as a register.
            let w = unsafe { _mm512_loadu_si512(quad.as_ptr().cast()) };
            *sum = _mm512_dpbusd_epi32(*sum, unit, w);
        }
    }
    let [a, b, c, d] = sums;
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
        for i in 0..taps.rows {
            for j in 0..taps.parts {
                let offset = i * taps.row_pitch + j * taps.part_pitch;
                let mut from = [pixels[0]; C];
                for c in 0..C {
                    from[c] = pixels[c].add(offset);
                }
                for q in 0..taps.quads {
                    let mut w = [_mm512_setzero_si512(); T];
                    for t in 0..T {
                        w[t] = _mm512_loadu_si512(weights.add(t * product.quads).cast());
                    }
                    weights = weights.add(1);
                    for c in 0..C {
                        let x = from[c].cast::<i32>().add(q).read_unaligned();
                        let x = _mm512_set1_epi32(x);
                        for t in 0..T {
                            acc[t][c] = _mm512_dpbusd_epi32(acc[t][c], x, w[t]);
                        }
                    }
                }
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
                    slow(&acc[t], &rows[t].sixteen, (at.0 + t, at.1), product);
                }
            }
        }
    }
}

/// Requantises and stores sums as int8, each position's `step` elements behind the one before.
///
/// # Safety
/// `out` has room for them; the processor has AVX-512 (F, BW, VL).
#[inline(always)]
unsafe fn finish<const T: usize, const C: usize>(
    acc: &[[__m512i; C]; T],
    rows: &[Rows; TILES],
    (out, step): (*mut i8, usize),
    (low, high): (i32, i32),
) {
    // SAFETY: the caller says that features and room are there.
    unsafe {
        let (low, high) = (_mm512_set1_epi8(low as i8), _mm512_set1_epi8(high as i8));
        // Every quarter has four lanes of each register: a register's go together.
        let order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
        let is_full = rows[T - 1].sixteen.mask == u16::MAX;
        let is_dense = is_full && step == T * ROWS;
        for first in (0..C).step_by(FOUR / T) {
            let count = (FOUR / T).min(C - first);
            let mut values = [_mm512_setzero_si512(); FOUR];
            for index in 0..FOUR {
                let (c, t) = (first + index / T, index % T);
                if c < C {
                    values[index] = rows[t].fast.requantise(acc[t][c]);
                }
            }
            let [a, b, c, d] = values;
            let (ab, cd) = (_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
            let packed = _mm512_packs_epi16(ab, cd);
            let packed = _mm512_max_epi8(_mm512_min_epi8(packed, high), low);
            let packed = _mm512_permutexvar_epi32(order, packed);
            let out = out.add(first * step);
            if is_dense {
                if count * T == FOUR {
                    _mm512_storeu_si512(out.cast(), packed);
                } else {
                    let mask = (1u16 << (count * T * 4)) - 1;
                    _mm512_mask_storeu_epi32(out.cast(), mask, packed);
                }
                continue;
            }
            if is_full && T == 2 {
                _mm256_storeu_si256(out.cast(), _mm512_castsi512_si256(packed));
                if count > 1 {
                    let second = _mm512_extracti64x4_epi64::<1>(packed);
                    _mm256_storeu_si256(out.add(step).cast(), second);
                }
                continue;
            }
            let quarters = [
                _mm512_castsi512_si128(packed),
                _mm512_extracti32x4_epi32::<1>(packed),
                _mm512_extracti32x4_epi32::<2>(packed),
                _mm512_extracti32x4_epi32::<3>(packed),
            ];
            for index in 0..FOUR {
                if index < count * T {
                    let to = out.add(index / T * step + index % T * ROWS);
                    // A store without a mask can be read back sooner.
                    match is_full || index % T + 1 < T {
                        true => _mm_storeu_si128(to.cast(), quarters[index]),
                        false => {
                            let mask = rows[T - 1].sixteen.mask;
                            _mm_mask_storeu_epi8(to, mask, quarters[index]);
                        }
                    }
                }
            }
        }
    }
}

/// Requantises and stores sums of tile `tile` from `position` on, for any scale words and types.
///
/// # Safety
/// The product has room for them.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn slow(
    sums: &[__m512i],
    sixteen: &Sixteen,
    (tile, position): (usize, usize),
    product: &mut Product<'_>,
) {
    let clamp = requantise::Clamp::new(product.clamp);
    let rows = product.bias.len();
    for (group, sums) in sums.chunks(FOUR).enumerate() {
        let mut values = [_mm512_setzero_si512(); FOUR];
        for (value, &sum) in values.iter_mut().zip(sums) {
            *value = sixteen.scale.requantise(sum);
        }
        let at = (position + group * FOUR) * rows + tile * ROWS;
        // SAFETY: there is room, as the caller says.
        unsafe {
            store_four(
                &mut product.out,
                (at, rows),
                sums.len(),
                sixteen.mask,
                values,
                &clamp,
            );
        }
    }
}

/// Results of sums that are whole, tiles from `tile` on, one position.
///
/// # Safety
/// The product has the tiles and room for the results from element `first` on.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) unsafe fn finish_row(
    sums: &[__m512i; FOUR],
    tiles: (usize, usize),
    first: usize,
    product: &mut Product<'_>,
) {
    let clamp = requantise::Clamp::new(product.clamp);
    let mut values = [_mm512_setzero_si512(); FOUR];
    let mut masks = [0; FOUR];
    for index in 0..tiles.1.min(FOUR) {
        let row = (tiles.0 + index) * ROWS;
        let Some(sixteen) = Sixteen::new(product.bias, product.scales, row) else {
            return;
        };
        values[index] = sixteen.requantise(sums[index]);
        masks[index] = sixteen.mask;
    }
    let at = first + tiles.0 * ROWS;
    // All but the last are full.
    let last = masks[tiles.1.min(FOUR).saturating_sub(1)];
    let full = if last == u16::MAX {
        tiles.1
    } else {
        tiles.1 - 1
    };
    // SAFETY: there is room, as the caller says.
    unsafe {
        store_four(&mut product.out, (at, ROWS), full, u16::MAX, values, &clamp);
        if full < tiles.1 {
            let rest = [values[full]; FOUR];
            store_four(
                &mut product.out,
                (at + full * ROWS, ROWS),
                1,
                last,
                rest,
                &clamp,
            );
        }
    }
}

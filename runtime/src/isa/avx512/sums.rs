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
use super::store::FOUR;
use crate::format::layout::QUAD;
use crate::kernels::sink::Out;
use core::arch::x86_64::*;

/// Most positions of a group: their sums of two tiles leave registers for weights and elements.
const MOST: usize = 12;
/// Most tiles of a group.
const TILES: usize = 2;
/// Half a tile's rows: what some first layers have.
const HALF: usize = ROWS / 2;

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
        let mut offsets = self.start(first);
        core::iter::from_fn(move || Some(offsets.next()))
    }

    /// [`Grid::offsets`] to go on with.
    #[inline]
    fn start(&self, first: usize) -> Offsets {
        let y = first.checked_div(self.width).unwrap_or(0);
        let x = first - y * self.width;
        Offsets {
            x,
            offset: y * self.pitch + x * self.step,
            width: self.width,
            step: self.step,
            turn: self.pitch.wrapping_sub(self.width * self.step),
        }
    }
}

/// Bytes where positions start.
struct Offsets {
    x: usize,
    offset: usize,
    width: usize,
    step: usize,
    /// From behind the last position of a row to the first of the next one.
    turn: usize,
}

impl Offsets {
    #[inline]
    fn next(&mut self) -> usize {
        let next = self.offset;
        (self.x, self.offset) = (self.x + 1, self.offset + self.step);
        if self.x == self.width {
            (self.x, self.offset) = (0, self.offset.wrapping_add(self.turn));
        }
        next
    }

    /// The next `count` of them, added to `pixels`.
    #[inline]
    fn fill(&mut self, pixels: &mut [*const u8; MOST], count: usize) {
        if self.x + count < self.width {
            // In one row: no need to look. Those behind `count` point anywhere and are not read.
            for pixel in pixels.iter_mut() {
                *pixel = pixel.wrapping_add(self.offset);
                self.offset += self.step;
            }
            self.offset -= (MOST - count) * self.step;
            self.x += count;
            return;
        }
        for pixel in pixels.iter_mut().take(count) {
            *pixel = pixel.wrapping_add(self.next());
        }
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

/// The body for each of the indices that are below the count, as many copies of it: sums whose index is no
/// variable stay in registers.
macro_rules! each {
    ($index:ident of $($at:literal)+, below $count:expr, $body:block) => {
        $({
            const $index: usize = $at;
            if $index < $count $body
        })+
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
        each!(GROUP of 0 1 2 3 4 5, below C.div_ceil(FOUR / T), {
            let first = GROUP * (FOUR / T);
            let mut values = [_mm512_setzero_si512(); FOUR];
            each!(INDEX of 0 1 2 3, below FOUR, {
                let (c, t) = (first + INDEX / T, INDEX % T);
                if c < C {
                    values[INDEX] = rows[t].fast.requantise(acc[t][c]);
                }
            });
            let [a, b, c, d] = values;
            let (ab, cd) = (_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
            let packed = _mm512_packs_epi16(ab, cd);
            let packed = _mm512_max_epi8(_mm512_min_epi8(packed, high), low);
            let packed = _mm512_permutexvar_epi32(order, packed);
            let count = (FOUR / T).min(C - first);
            store::<T>(packed, count, rows[T - 1].sixteen.mask, (out.add(first * step), step));
        });
    }
}

/// Stores quarters of a register, `T` for each of `count` positions; `mask` is that of the last tile.
///
/// # Safety
/// `out` has room for them; the processor has AVX-512 (F, BW, VL).
#[inline(always)]
unsafe fn store<const T: usize>(
    packed: __m512i,
    count: usize,
    mask: u16,
    (out, step): (*mut i8, usize),
) {
    // SAFETY: the caller says that features and room are there.
    unsafe {
        let is_full = mask == u16::MAX;
        if is_full && step == T * ROWS {
            // Nothing is between them.
            let lanes = u16::MAX >> (4 * (FOUR - count * T));
            return match lanes {
                u16::MAX => _mm512_storeu_si512(out.cast(), packed),
                lanes => _mm512_mask_storeu_epi32(out.cast(), lanes, packed),
            };
        }
        if T == 1 && step == HALF {
            // Neither, once the other halves of all registers are gone.
            let order = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 13, 12, 9, 8, 5, 4, 1, 0);
            let halves = _mm512_castsi512_si256(_mm512_permutexvar_epi32(order, packed));
            let lanes = u8::MAX >> (2 * (FOUR - count));
            return match lanes {
                u8::MAX => _mm256_storeu_si256(out.cast(), halves),
                lanes => _mm256_mask_storeu_epi32(out.cast(), lanes, halves),
            };
        }
        if is_full && T == 2 {
            _mm256_storeu_si256(out.cast(), _mm512_castsi512_si256(packed));
            if count > 1 {
                let second = _mm512_extracti64x4_epi64::<1>(packed);
                _mm256_storeu_si256(out.add(step).cast(), second);
            }
            return;
        }
        let quarters = [
            _mm512_castsi512_si128(packed),
            _mm512_extracti32x4_epi32::<1>(packed),
            _mm512_extracti32x4_epi32::<2>(packed),
            _mm512_extracti32x4_epi32::<3>(packed),
        ];
        for (index, &quarter) in quarters.iter().enumerate().take(count * T) {
            let to = out.add(index / T * step + index % T * ROWS);
            // A store without a mask can be read back sooner.
            match is_full || index % T + 1 < T {
                true => _mm_storeu_si128(to.cast(), quarter),
                false => _mm_mask_storeu_epi8(to, mask, quarter),
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

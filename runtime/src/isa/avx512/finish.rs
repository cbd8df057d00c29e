//! Sums of a few positions and one or two tiles, requantised to int8 and stored.
#![allow(unsafe_code)]

use super::super::x86::ROWS;
use super::requantise::{Fast, Sixteen};
use super::store::FOUR;
use core::arch::x86_64::*;

/// Most tiles of a group.
pub(super) const TILES: usize = 2;
/// Half a tile's rows: what some first layers have.
const HALF: usize = ROWS / 2;

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
pub(super) use each;

/// What a tile's sums start from, and how they are requantised.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub start: __m512i,
    pub sixteen: Sixteen,
    pub fast: Fast,
}

/// Requantises and stores sums as int8, each position's `step` elements behind the one before.
///
/// # Safety
/// `out` has room for them; the processor has AVX-512 (F, BW, VL).
#[inline(always)]
pub(super) unsafe fn finish<const T: usize, const C: usize>(
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

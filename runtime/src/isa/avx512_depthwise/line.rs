//! The bytes of four input lines, element by element.

use super::{BLOCKS, LANES, Line, Plan, QUAD};
use core::arch::x86_64::*;

/// An input line, or nothing but zero points.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// The first element, of the chunk's first channel.
    start: *const i8,
    /// All bits, or none.
    mask: u64,
}

impl Row {
    /// A line of zero points. Reads behind a mask of no bits touch no memory, but a processor takes hundreds
    /// of cycles to see that where there is none: `start` is what a line inside has.
    pub fn outside(start: *const i8) -> Self {
        Self { start, mask: 0 }
    }

    pub fn new(start: *const i8) -> Self {
        Self {
            start,
            mask: u64::MAX,
        }
    }
}

/// Puts the columns of a band together.
///
/// # Safety
/// Each row that is not outside has `chunk` channels at every position of an input line, and `line` has
/// room for the columns.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn fill(
    plan: &Plan,
    rows: &[Row; QUAD],
    chunk: usize,
    zero_point: i8,
    line: &mut Line,
) {
    let axis = &plan.along.axis;
    let outside = _mm512_set1_epi8(zero_point);
    let padding = _mm512_xor_si512(outside, _mm512_set1_epi8(-128));
    // The columns that the input has, and those around them. What is written goes on behind its end,
    // and the next part is written over it.
    let first = axis.before.min(plan.columns);
    let behind = (axis.before + axis.input).min(plan.columns);
    let quads = line.as_mut_ptr().cast::<i32>();
    let pad = |from: usize, to: usize| {
        for at in (from..to).step_by(LANES) {
            // SAFETY: at most sixteen elements and as many again behind the last column.
            unsafe { _mm512_storeu_si512(quads.add(at).cast(), padding) };
        }
    };
    pad(0, first * plan.chunk);
    let (runs, length) = match plan.along.input == chunk {
        // Pixel by pixel without a gap.
        true => (1, (behind - first) * chunk),
        false => (behind - first, chunk),
    };
    for run in 0..runs {
        for at in (0..length).step_by(BLOCKS * LANES) {
            let mask = u64::MAX >> (BLOCKS * LANES).saturating_sub(length - at);
            let from = run * plan.along.input + at;
            // SAFETY: the rows have the elements of the mask, and the line has room for all.
            unsafe {
                let to = quads.add((first + run) * plan.chunk + at);
                interleave(rows, from, mask, outside, to.cast());
            }
        }
    }
    pad(behind * plan.chunk, plan.columns * plan.chunk + LANES);
}

/// 64 elements from `from` on.
///
/// # Safety
/// Rows that are not outside have those of `mask`; `to` has room for all.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn interleave(
    rows: &[Row; QUAD],
    from: usize,
    mask: u64,
    outside: __m512i,
    to: *mut __m512i,
) {
    let flip = _mm512_set1_epi8(-128);
    // Of four words in each quarter, one goes to each result.
    let order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    let row = |row: &Row| {
        let start = row.start.wrapping_add(from);
        // SAFETY: the elements of the mask are there.
        let bytes = unsafe { _mm512_mask_loadu_epi8(outside, mask & row.mask, start) };
        _mm512_permutexvar_epi32(order, _mm512_xor_si512(bytes, flip))
    };
    let [a, b, c, d] = rows;
    let (a, b, c, d) = (row(a), row(b), row(c), row(d));
    let (ab, cd) = (_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d));
    let (ab_high, cd_high) = (_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d));
    // SAFETY: there is room for four registers.
    unsafe {
        _mm512_storeu_si512(to.cast(), _mm512_unpacklo_epi16(ab, cd));
        _mm512_storeu_si512(to.add(1).cast(), _mm512_unpackhi_epi16(ab, cd));
        _mm512_storeu_si512(to.add(2).cast(), _mm512_unpacklo_epi16(ab_high, cd_high));
        _mm512_storeu_si512(to.add(3).cast(), _mm512_unpackhi_epi16(ab_high, cd_high));
    }
}

//! Copies of images for VPDPBUSD, which wants one unsigned factor: activations with their sign bit
//! flipped, which are x + 128.
//!
//! All goes in pieces of a whole register. What a piece writes behind its row, the next row writes again;
//! behind the last one there is room.
#![allow(unsafe_code)]

use super::super::Convolution;
use super::grid::{Grid, Taps};
use crate::format::layout::QUAD;
use crate::kernels::tiled::image::Image;
use core::arch::x86_64::*;

/// Bytes of a register.
const WIDE: usize = 64;
/// Most pieces of a column that is gathered.
const PIECES: usize = 64;
/// A flipped zero.
pub(super) const ZERO: u8 = 0x80;

/// Copies `input`, with what is outside of it, to the front of `copy`; `None` where they are too short.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn copy(
    layer: &Convolution<'_, i8>,
    image: &Image,
    input: &[i8],
    copy: &mut [u8],
) -> Option<()> {
    let window = &layer.window;
    let channels = window.channels;
    let pitch = image.width.checked_mul(channels)?;
    let end = image.height.checked_mul(pitch)?.checked_add(WIDE)?;
    let to = copy.get_mut(..end)?.as_mut_ptr();
    let outside = _mm512_set1_epi8(layer.outside as i8 ^ ZERO as i8);
    // Of an image whose window is the pixel itself, all rows are one.
    let (rows, row) = match window.is_identity() {
        true => (1, pitch),
        false => (window.y.input, window.x.input.checked_mul(channels)?),
    };
    if input.len() < rows.checked_mul(row)? {
        return None;
    }
    let left = window.x.before.checked_mul(channels)?.min(pitch);
    let inside = row.min(pitch - left);
    for y in 0..image.height {
        let source = y.checked_sub(window.y.before).filter(|&y| y < rows);
        let (left, inside) = match source {
            Some(_) => (left, inside),
            None => (pitch, 0),
        };
        // SAFETY: writes the row's `pitch` bytes, up to a register more, which the copy has; reads
        // `inside` elements of a row of the input, which it has.
        unsafe {
            let to = to.add(y * pitch);
            fill(to, left, outside);
            let from = input.as_ptr().add(source.unwrap_or(0) * row);
            flip(to.add(left), from, inside);
            let behind = left + inside;
            fill(to.add(behind), pitch - behind, outside);
        }
    }
    Some(())
}

/// Stores `value` to the `count` bytes at `to`, in whole registers.
///
/// # Safety
/// These bytes and a register more may be written.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn fill(to: *mut u8, count: usize, value: __m512i) {
    for at in (0..count).step_by(WIDE) {
        // SAFETY: a register from within the bytes on.
        unsafe { _mm512_storeu_si512(to.add(at).cast(), value) };
    }
}

/// Copies `count` elements with their sign bits flipped, in whole registers.
///
/// # Safety
/// `from` has them; as many bytes and a register more may be written at `to`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn flip(to: *mut u8, from: *const i8, count: usize) {
    let sign = _mm512_set1_epi8(ZERO as i8);
    let whole = count - count % WIDE;
    for at in (0..whole).step_by(WIDE) {
        // SAFETY: whole registers of what there is.
        unsafe {
            let x = _mm512_loadu_si512(from.add(at).cast());
            _mm512_storeu_si512(to.add(at).cast(), _mm512_xor_si512(x, sign));
        }
    }
    if whole < count {
        let mask = u64::MAX >> (WIDE - (count - whole));
        // SAFETY: reads the elements behind `whole` alone.
        unsafe {
            let x = _mm512_maskz_loadu_epi8(mask, from.add(whole));
            _mm512_storeu_si512(to.add(whole).cast(), _mm512_xor_si512(x, sign));
        }
    }
}

/// A part of a register of a column: what of a run goes there.
#[derive(Clone, Copy, Default)]
struct Piece {
    /// Where the register would start in the image, from a position's first tap on; wraps.
    from: usize,
    lanes: u64,
    /// Whether the register is complete.
    is_last: bool,
}

/// The pieces of a column, which are those of all its runs; `None` where they are too many.
fn pieces_of<'a>(taps: &Taps, run: usize, all: &'a mut [Piece]) -> Option<&'a [Piece]> {
    let (mut count, mut k) = (0, 0);
    for i in 0..taps.rows {
        for j in 0..taps.parts {
            let source = i * taps.row_pitch + j * taps.part_pitch;
            let mut done = 0;
            while done < run {
                let lane = k % WIDE;
                let length = (WIDE - lane).min(run - done);
                k += length;
                *all.get_mut(count)? = Piece {
                    from: (source + done).wrapping_sub(lane),
                    lanes: u64::MAX >> (WIDE - length) << lane,
                    is_last: k.is_multiple_of(WIDE),
                };
                (count, done) = (count + 1, done + length);
            }
        }
    }
    all.get_mut(count.checked_sub(1)?)?.is_last = true;
    all.get(..count)
}

/// Puts `count` columns from position `first` on one behind the other, whole quads each, and says where
/// they are; `None` where image or columns are too short.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn gather<'a>(
    grid: &Grid<'_>,
    taps: &Taps,
    run: usize,
    (first, count): (usize, usize),
    columns: &'a mut [u8],
) -> Option<Grid<'a>> {
    let k = taps.pieces()?.checked_mul(run)?;
    let column = k.div_ceil(QUAD).checked_mul(QUAD)?;
    // What a column's last pieces write behind its quads, the next one writes again.
    let end = column.checked_mul(count)?.checked_add(WIDE)?;
    let behind = grid.end(taps, run)?;
    if columns.len() < end || grid.bytes.len() < behind || first.checked_add(count)? > grid.count {
        return None;
    }
    let mut pieces = [Piece::default(); PIECES];
    let pieces = pieces_of(taps, run, &mut pieces)?;
    let offsets = grid.offsets(first).take(count);
    // SAFETY: the lanes that are read are positions' runs, which are in the grid; the columns have room
    // for all of them and a register more.
    unsafe {
        let (from, to) = (grid.bytes.as_ptr(), columns.as_mut_ptr());
        match *pieces {
            [a] if k <= WIDE => short([a], offsets, from, (to, column)),
            [a, b] if k <= WIDE => short([a, b], offsets, from, (to, column)),
            [a, b, c] if k <= WIDE => short([a, b, c], offsets, from, (to, column)),
            _ => long(pieces, offsets, from, (to, column)),
        }
    }
    Some(Grid {
        bytes: columns,
        count,
        width: count,
        step: column,
        pitch: 0,
    })
}

/// Columns of one register and a few pieces, whose lanes stay in registers of their own.
///
/// # Safety
/// The pieces' lanes exist from each of `offsets` behind `from` on; there is room for as many columns, each
/// `step` bytes behind the one before, and a register more.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn short<const P: usize>(
    pieces: [Piece; P],
    offsets: impl Iterator<Item = usize>,
    from: *const u8,
    (mut to, step): (*mut u8, usize),
) {
    // Whatever weights meet them, elements behind the last tap count nothing.
    let zero = _mm512_set1_epi8(ZERO as i8);
    for offset in offsets {
        let from = from.wrapping_add(offset);
        let mut x = zero;
        // SAFETY: as the caller says.
        unsafe {
            for piece in pieces {
                x = _mm512_mask_loadu_epi8(x, piece.lanes, from.wrapping_add(piece.from).cast());
            }
            _mm512_storeu_si512(to.cast(), x);
            to = to.add(step);
        }
    }
}

/// Columns of any length.
///
/// # Safety
/// That of [`short`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn long(
    pieces: &[Piece],
    offsets: impl Iterator<Item = usize>,
    from: *const u8,
    (mut to, step): (*mut u8, usize),
) {
    let zero = _mm512_set1_epi8(ZERO as i8);
    for offset in offsets {
        let from = from.wrapping_add(offset);
        let (mut x, mut at) = (zero, 0);
        // SAFETY: as the caller says.
        unsafe {
            for piece in pieces {
                x = _mm512_mask_loadu_epi8(x, piece.lanes, from.wrapping_add(piece.from).cast());
                if piece.is_last {
                    _mm512_storeu_si512(to.add(at).cast(), x);
                    (x, at) = (zero, at + WIDE);
                }
            }
            to = to.add(step);
        }
    }
}

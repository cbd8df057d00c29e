//! Columns on AVX-512: int8 as they are, int16 with the middle elements of each quad swapped.
#![allow(unsafe_code)]

use super::x86::values;
use super::{Place, Taps};
use core::arch::x86_64::*;

/// Stores quads as they are.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
    let Some(values) = values(block, quad, place, 4, part.len()) else {
        return;
    };
    for (values, part) in values.chunks_mut(64).zip(part.chunks(64)) {
        let mask = u64::MAX >> (64 - part.len());
        // SAFETY: both chunks have as many bytes as the mask has bits.
        unsafe {
            let x = _mm512_maskz_loadu_epi8(mask, part.as_ptr());
            _mm512_mask_storeu_epi8(values.as_mut_ptr().cast(), mask, x);
        }
    }
}

/// Stores quads in the order x₀ x₂ x₁ x₃.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
    let Some(values) = values(block, quad, place, 8, 2 * part.len()) else {
        return;
    };
    for (values, part) in values.chunks_mut(64).zip(part.chunks(32)) {
        let mask = u32::MAX >> (32 - part.len());
        // SAFETY: both chunks have two bytes for each bit of the mask.
        unsafe {
            let x = _mm512_maskz_loadu_epi16(mask, part.as_ptr());
            let x = _mm512_shufflehi_epi16::<0b11_01_10_00>(x);
            let x = _mm512_shufflelo_epi16::<0b11_01_10_00>(x);
            _mm512_mask_storeu_epi16(values.as_mut_ptr().cast(), mask, x);
        }
    }
}

/// Stores the columns under windows side by side; `None` where taps do not lie side by side.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn columns_i8(taps: &Taps<'_, i8>, place: Place, block: &mut [u8]) -> Option<()> {
    let &Taps {
        window,
        position: (y, x),
        count,
        image,
        outside,
    } = taps;
    let (axis, channels) = (&window.x, window.channels);
    let column = place.quads * 4;
    let columns = values(block, 0, place, 4, column * count)?;
    let (row, pitch) = (axis.kernel * channels, axis.input * channels);
    if axis.dilation != 1
        || column < window.y.kernel * row
        || image.len() < window.y.input * pitch
        || x + count > axis.output
    {
        return None;
    }
    // Behind the last tap there are zeros, whatever weights meet them.
    let taps = window.y.kernel * row;
    for column in columns.chunks_exact_mut(column.max(1)).take(count) {
        column.iter_mut().skip(taps).for_each(|byte| *byte = 0);
    }
    let outside = _mm512_set1_epi8(outside);
    let whole = below(row, 0);
    for i in 0..window.y.kernel {
        let source = window.y.source(y, i);
        let image = image.as_ptr().wrapping_add(source.unwrap_or(0) * pitch);
        let mut to: *mut i8 = columns.as_mut_ptr().cast();
        to = to.wrapping_add(i * row);
        for x in x..x + count {
            // Taps from the first in the image to the first behind it.
            let start = x * axis.stride;
            let first = axis.before.saturating_sub(start);
            let last = (axis.input + axis.before).saturating_sub(start);
            let is_inside = first == 0 && last >= axis.kernel;
            let from = image.wrapping_add(start * channels);
            let from = from.wrapping_sub(axis.before * channels);
            if row <= 64 && (is_inside || source.is_none()) {
                let inside = if source.is_some() { whole } else { 0 };
                // SAFETY: the image has all of the taps' row; the column has a row of taps.
                unsafe {
                    let pixels = _mm512_mask_loadu_epi8(outside, inside, from);
                    _mm512_mask_storeu_epi8(to, whole, pixels);
                }
            } else {
                let last = if source.is_some() {
                    last.min(axis.kernel) * channels
                } else {
                    0
                };
                for at in (0..row).step_by(64) {
                    let inside = below(last, at) & !below(first * channels, at);
                    // SAFETY: `inside` has the bytes of the taps' row that are in the image; the
                    // column has a row of taps.
                    unsafe {
                        let from = from.wrapping_add(at);
                        let pixels = _mm512_mask_loadu_epi8(outside, inside, from);
                        _mm512_mask_storeu_epi8(to.add(at), below(row, at), pixels);
                    }
                }
            }
            to = to.wrapping_add(column);
        }
    }
    Some(())
}

/// Bits of those of the 64 bytes from `at` on that are below `end`.
#[inline]
fn below(end: usize, at: usize) -> u64 {
    match end.saturating_sub(at) {
        length @ 0..64 => (1 << length) - 1,
        _ => u64::MAX,
    }
}

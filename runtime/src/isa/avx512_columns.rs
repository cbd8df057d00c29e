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

/// Stores the column under a window; `None` where its taps do not lie side by side.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn column_i8(taps: &Taps<'_>, place: Place, block: &mut [u8]) -> Option<()> {
    let &Taps {
        window,
        position: (y, x),
        image,
        outside,
    } = taps;
    let (axis, channels) = (&window.x, window.channels);
    let column = values(block, 0, place, 4, place.quads * 4)?;
    // Bytes of a row of taps: those before the image, those in it, those behind it.
    let row = axis.kernel * channels;
    let start = x * axis.stride;
    let first = axis.before.saturating_sub(start).min(axis.kernel) * channels;
    let last = (axis.input + axis.before)
        .saturating_sub(start)
        .min(axis.kernel)
        * channels;
    let pitch = axis.input * channels;
    if axis.dilation != 1
        || column.len() < window.y.kernel * row
        || image.len() < window.y.input * pitch
    {
        return None;
    }
    let outside = _mm512_set1_epi8(outside);
    let mut to: *mut i8 = column.as_mut_ptr().cast();
    for i in 0..window.y.kernel {
        let (source, last) = match window.y.source(y, i) {
            Some(source) => (source, last),
            None => (0, 0),
        };
        // Where the row's first tap is, or would be.
        let from = image
            .as_ptr()
            .wrapping_add(source * pitch + start * channels);
        let from = from.wrapping_sub(axis.before * channels);
        for at in (0..row).step_by(64) {
            let inside = below(last, at) & !below(first, at);
            // SAFETY: `inside` has the bytes of the row that are in the image, which has this row;
            // the column has `row` bytes for each row of taps.
            unsafe {
                let pixels = _mm512_mask_loadu_epi8(outside, inside, from.wrapping_add(at));
                _mm512_mask_storeu_epi8(to.add(at), below(row, at), pixels);
            }
        }
        // SAFETY: up to the end of the column.
        to = unsafe { to.add(row) };
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

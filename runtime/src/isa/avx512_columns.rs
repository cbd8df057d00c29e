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
    if axis.dilation != 1 {
        return None;
    }
    let mut column = values(block, 0, place, 4, place.quads * 4)?;
    // Elements of a row of taps before the image, in it and behind it.
    let start = x * axis.stride;
    let before = axis.before.saturating_sub(start).min(axis.kernel);
    let end = (axis.input + axis.before)
        .saturating_sub(start)
        .min(axis.kernel);
    let inside = end.saturating_sub(before) * channels;
    let (before, row) = (before * channels, axis.kernel * channels);
    let first = (start * channels + before).saturating_sub(axis.before * channels);
    let behind = row - before - inside;
    for i in 0..window.y.kernel {
        let (taps, rest) = column.split_at_mut_checked(row)?;
        column = rest;
        let source = window.y.source(y, i);
        let pixels = source.and_then(|source| {
            let start = source * axis.input * channels + first;
            image.get(start..)?.get(..inside)
        });
        let Some(pixels) = pixels else {
            fill(taps, outside);
            continue;
        };
        let (front, taps) = taps.split_at_mut_checked(before)?;
        let (taps, back) = taps.split_at_mut_checked(inside)?;
        copy(pixels, taps);
        if before + behind > 0 {
            fill(front, outside);
            fill(back, outside);
        }
    }
    Some(())
}

/// Copies `from`, which is as long as `to`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn copy(from: &[i8], to: &mut [u8]) {
    for (to, from) in to.chunks_mut(64).zip(from.chunks(64)) {
        let mask = u64::MAX >> (64 - from.len().min(to.len()));
        // SAFETY: both chunks have a byte for each bit of the mask.
        unsafe {
            let x = _mm512_maskz_loadu_epi8(mask, from.as_ptr());
            _mm512_mask_storeu_epi8(to.as_mut_ptr().cast(), mask, x);
        }
    }
}

/// Fills `to`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn fill(to: &mut [u8], value: i8) {
    let value = _mm512_set1_epi8(value);
    for to in to.chunks_mut(64) {
        let mask = u64::MAX >> (64 - to.len());
        // SAFETY: the chunk has a byte for each bit of the mask.
        unsafe { _mm512_mask_storeu_epi8(to.as_mut_ptr().cast(), mask, value) };
    }
}

//! Columns for blocks: int8 as they are, int16 with the middle elements of each quad swapped.
#![allow(unsafe_code)]

use super::super::Place;
use super::super::x86::values;
use core::arch::x86_64::*;

/// Stores quads as they are.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(in crate::isa) fn prepare_i8(part: &[i8], quad: usize, place: Place, block: &mut [u8]) {
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
pub(in crate::isa) fn prepare_i16(part: &[i16], quad: usize, place: Place, block: &mut [u8]) {
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

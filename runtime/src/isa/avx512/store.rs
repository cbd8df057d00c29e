//! Sixteen results at once, on their way from registers to memory.
#![allow(unsafe_code)]

use super::requantise::Clamp;
use crate::kernels::sink::Out;
use core::arch::x86_64::*;

/// Registers that are stored together.
pub(in crate::isa) const FOUR: usize = 4;

/// Clamps the lanes of the first `count` of `values` that `mask` has and stores them, each register
/// from an element on: the first one and what the next ones are apart.
///
/// A part of its callers, whose registers it takes over.
///
/// # Safety
/// The elements exist, and the processor has AVX-512 (F, BW, VL).
#[inline(always)]
pub(in crate::isa) unsafe fn store_four(
    out: &mut Out<'_>,
    (at, step): (usize, usize),
    count: usize,
    mask: u16,
    values: [__m512i; FOUR],
    clamp: &Clamp,
) {
    // SAFETY: the caller says that the elements and the features are there.
    unsafe {
        let Out::I8(bytes) = out else {
            for (index, &value) in values.iter().enumerate() {
                if index < count {
                    store(out, at + index * step, mask, clamp.apply(value));
                }
            }
            return;
        };
        // Saturation on the way is far from the bounds, which are those of int8 at most.
        let [a, b, c, d] = values;
        let (ab, cd) = (_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
        let ab = _mm512_adds_epi16(ab, clamp.zero_point_i16);
        let cd = _mm512_adds_epi16(cd, clamp.zero_point_i16);
        let packed = _mm512_packs_epi16(ab, cd);
        let packed = _mm512_max_epi8(_mm512_min_epi8(packed, clamp.high_i8), clamp.low_i8);
        // Every quarter has four lanes of each register: a register's go together.
        let order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
        let packed = _mm512_permutexvar_epi32(order, packed);
        let quarters = [
            _mm512_castsi512_si128(packed),
            _mm512_extracti32x4_epi32::<1>(packed),
            _mm512_extracti32x4_epi32::<2>(packed),
            _mm512_extracti32x4_epi32::<3>(packed),
        ];
        let full = mask == u16::MAX;
        for (index, &quarter) in quarters.iter().enumerate() {
            if index < count {
                let out = bytes.as_mut_ptr().add(at + index * step);
                // A store without a mask can be read back sooner.
                match full {
                    true => _mm_storeu_si128(out.cast(), quarter),
                    false => _mm_mask_storeu_epi8(out, mask, quarter),
                }
            }
        }
    }
}

/// Stores the lanes of `value` that `mask` has, from element `at` on.
///
/// # Safety
/// The elements exist.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(in crate::isa) unsafe fn store(out: &mut Out<'_>, at: usize, mask: u16, value: __m512i) {
    // A store without a mask can be read back sooner.
    let full = mask == u16::MAX;
    // SAFETY: of the elements from `at` on, those that are stored exist.
    unsafe {
        match out {
            Out::I8(out) => {
                let (out, value) = (out.as_mut_ptr().add(at), _mm512_cvtepi32_epi8(value));
                match full {
                    true => _mm_storeu_si128(out.cast(), value),
                    false => _mm_mask_storeu_epi8(out, mask, value),
                }
            }
            Out::I16(out) => {
                let (out, value) = (out.as_mut_ptr().add(at), _mm512_cvtepi32_epi16(value));
                match full {
                    true => _mm256_storeu_si256(out.cast(), value),
                    false => _mm256_mask_storeu_epi16(out, mask, value),
                }
            }
            Out::I32(out) => _mm512_mask_storeu_epi32(out.as_mut_ptr().add(at), mask, value),
        }
    }
}

//! Requantisation of sixteen lanes at once, exactly, for every scale word.
#![allow(unsafe_code)]

use super::super::x86::{self, ROWS};
use core::arch::x86_64::*;

/// What requantised sums are clamped to, and then added.
#[derive(Clone, Copy)]
pub(in crate::isa) struct Clamp {
    low: __m512i,
    high: __m512i,
    zero_point: __m512i,
    /// The same for packed results of int8, whose zero point is added before.
    pub zero_point_i16: __m512i,
    pub low_i8: __m512i,
    pub high_i8: __m512i,
}

impl Clamp {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn new(clamp: x86::Clamp) -> Self {
        Self {
            low: _mm512_set1_epi32(clamp.low),
            high: _mm512_set1_epi32(clamp.high),
            zero_point: _mm512_set1_epi32(clamp.zero_point),
            zero_point_i16: _mm512_set1_epi16(clamp.zero_point as i16),
            low_i8: _mm512_set1_epi8(clamp.bounds.0 as i8),
            high_i8: _mm512_set1_epi8(clamp.bounds.1 as i8),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn apply(&self, value: __m512i) -> __m512i {
        let value = _mm512_min_epi32(_mm512_max_epi32(value, self.low), self.high);
        _mm512_add_epi32(value, self.zero_point)
    }
}

/// Sixteen rows' bias and scale words.
#[derive(Clone, Copy)]
pub(in crate::isa) struct Sixteen {
    pub bias: __m512i,
    /// A bit for each row that there is.
    pub mask: u16,
    pub scale: Scale,
}

impl Sixteen {
    /// Rows from `row` on; `None` where there is none.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn new(bias: &[i32], scales: &[u32], row: usize) -> Option<Self> {
        let (bias, scales) = (bias.get(row..)?, scales.get(row..)?);
        let rows = bias.len().min(scales.len());
        let mask = u16::MAX.checked_shr(ROWS.saturating_sub(rows) as u32)?;
        // SAFETY: `mask` has a bit for each row that both slices have, sixteen at most.
        let (bias, words) = unsafe {
            (
                _mm512_maskz_loadu_epi32(mask, bias.as_ptr()),
                _mm512_maskz_loadu_epi32(mask, scales.as_ptr().cast()),
            )
        };
        let scale = Scale::new(words);
        Some(Self { bias, mask, scale })
    }

    /// [`Scale::requantise`] of `sum` and the bias.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn requantise(&self, sum: __m512i) -> __m512i {
        self.scale.requantise(_mm512_add_epi32(sum, self.bias))
    }
}

/// Scale words of sixteen lanes.
///
/// ```text
/// t ≥ 33:  requantise(acc) = (⌊acc · m / 2³²⌋ + 2ᵗ⁻³³) >> (t − 32)      in 32 bits
/// ```
#[derive(Clone, Copy)]
pub(in crate::isa) struct Scale {
    even: Halves,
    odd: Halves,
    /// What is added to the high words of the products, and their shift.
    rounding: __m512i,
    shift: __m512i,
    /// Whether every shift is 33 or more.
    high: bool,
}

impl Scale {
    /// One word for each lane.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(words: __m512i) -> Self {
        let t = _mm512_and_si512(words, _mm512_set1_epi32(0xFF));
        let shift = _mm512_sub_epi32(t, _mm512_set1_epi32(32));
        let half = _mm512_sub_epi32(shift, _mm512_set1_epi32(1));
        // Lanes without a word have t = 0, and no result.
        let low = _mm512_cmplt_epi32_mask(t, _mm512_set1_epi32(33));
        Self {
            even: Halves::new(words),
            odd: Halves::new(_mm512_srli_epi64::<32>(words)),
            rounding: _mm512_sllv_epi32(_mm512_set1_epi32(1), half),
            shift,
            high: low & _mm512_test_epi32_mask(words, words) == 0,
        }
    }

    /// The same word for all lanes.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn all(word: u32) -> Self {
        Self::new(_mm512_set1_epi32(word as i32))
    }

    /// [`crate::rounding::Scale::requantise`] of each lane.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn requantise(&self, sum: __m512i) -> __m512i {
        let behind = _mm512_srli_epi64::<32>(sum);
        if self.high {
            let even = _mm512_mul_epi32(sum, self.even.multiplier);
            let odd = _mm512_mul_epi32(behind, self.odd.multiplier);
            // High words: of the odd lanes where they are, of the even ones beside.
            let words = _mm512_mask_shuffle_epi32::<0b11_11_01_01>(odd, 0x5555, even);
            return _mm512_srav_epi32(_mm512_add_epi32(words, self.rounding), self.shift);
        }
        let (even, odd) = (self.even.requantise(sum), self.odd.requantise(behind));
        // Even lanes of the first, even lanes of the second in the odd ones.
        let merge = _mm512_set_epi32(30, 14, 28, 12, 26, 10, 24, 8, 22, 6, 20, 4, 18, 2, 16, 0);
        _mm512_permutex2var_epi32(even, merge, odd)
    }
}

/// Scale words of the even lanes, taken apart into 64 bits each.
#[derive(Clone, Copy)]
struct Halves {
    multiplier: __m512i,
    rounding: __m512i,
    shift: __m512i,
}

impl Halves {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(words: __m512i) -> Self {
        let shift = _mm512_and_si512(words, _mm512_set1_epi64(0xFF));
        let one = _mm512_set1_epi64(1);
        Self {
            multiplier: _mm512_andnot_si512(_mm512_set1_epi64(0xFF), words),
            rounding: _mm512_srli_epi64::<1>(_mm512_sllv_epi64(one, shift)),
            shift,
        }
    }

    /// [`crate::rounding::Scale::requantise`] of the even lanes of `sum`, in 64 bits each.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn requantise(self, sum: __m512i) -> __m512i {
        let product = _mm512_mul_epi32(sum, self.multiplier);
        _mm512_srav_epi64(_mm512_add_epi64(product, self.rounding), self.shift)
    }
}

/// [`Scale`] with the zero point in what is added to the products, where everything fits 32 bits.
///
/// ```text
/// requantise(acc) + z = (⌊acc · m / 2³²⌋ + 2ᵗ⁻³³ + z · 2ᵗ⁻³²) >> (t − 32)
/// ```
#[derive(Clone, Copy)]
pub(in crate::isa) struct Fast {
    even: __m512i,
    odd: __m512i,
    rounding: __m512i,
    shift: __m512i,
    /// Whether it is so: else results are wrong.
    pub is_exact: bool,
}

impl Fast {
    /// Largest shift, and magnitude of a zero point, whose sum with a product's high word, below 2³⁰ in
    /// magnitude, fits.
    const MAX_SHIFT: i32 = 20;
    const MAX_ZERO_POINT: u32 = 1 << 8;

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn new(sixteen: &Sixteen, zero_point: i32) -> Self {
        let scale = &sixteen.scale;
        let zero_points = _mm512_sllv_epi32(_mm512_set1_epi32(zero_point), scale.shift);
        let large = _mm512_cmpgt_epi32_mask(scale.shift, _mm512_set1_epi32(Self::MAX_SHIFT));
        Self {
            even: scale.even.multiplier,
            odd: scale.odd.multiplier,
            rounding: _mm512_add_epi32(scale.rounding, zero_points),
            shift: scale.shift,
            is_exact: scale.high
                && large & sixteen.mask == 0
                && zero_point.unsigned_abs() <= Self::MAX_ZERO_POINT,
        }
    }

    /// [`Scale::requantise`] of each lane, and the zero point.
    ///
    /// A part of its callers.
    ///
    /// # Safety
    /// The processor has AVX-512 (F).
    #[inline(always)]
    pub unsafe fn requantise(&self, sum: __m512i) -> __m512i {
        // SAFETY: the caller says that the features are there.
        unsafe {
            let even = _mm512_mul_epi32(sum, self.even);
            let odd = _mm512_mul_epi32(_mm512_srli_epi64::<32>(sum), self.odd);
            // High words: of the odd lanes where they are, of the even ones beside.
            let words = _mm512_mask_shuffle_epi32::<0b11_11_01_01>(odd, 0x5555, even);
            _mm512_srav_epi32(_mm512_add_epi32(words, self.rounding), self.shift)
        }
    }
}

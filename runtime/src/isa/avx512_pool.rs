//! Means of int8 windows on AVX-512: a lane is a channel.
//!
//! ```text
//! ⌊S / n + ½⌋ = ⌊u / 2n⌋ − 256          u = 2·S + n + 512·n, not negative and below 2²⁶
//! ⌊u / d⌋     = ⌊u · m / 2ᵏ⌋            k = 26 + ⌈log₂ d⌉, m = ⌈2ᵏ / d⌉
//! ```
//!
//! The sum S is of values without their zero point, so that |S| ≤ 255·n; n is below 2¹⁶. The quotient is
//! exact, for u · (m · d − 2ᵏ) stays below 2ᵏ.
#![allow(unsafe_code)]

use crate::kernels::pool::Taps;
use core::arch::x86_64::*;

/// Channels of a register.
const LANES: usize = 16;
/// Registers of channels side by side that go through the taps together.
const TOGETHER: usize = 4;

/// See [`super::elementwise::means`]; `None`, with nothing done, where taps are outside the image.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn means(taps: &Taps, image: &[i8], zero: i32, out: &mut [i8]) -> Option<()> {
    let inside = taps.lines.checked_mul(taps.columns)?;
    let last = taps.lines.checked_sub(1)?.checked_mul(taps.pitch)?;
    let reach = taps.columns.checked_sub(1)?.checked_mul(taps.stride)?;
    let end = taps.first.checked_add(last)?.checked_add(reach)?;
    let end = end.checked_add(out.len())?;
    if end > image.len() || !(inside..1 << 16).contains(&taps.all) {
        return None;
    }
    let mean = Mean::new(taps.all as u32, inside as i32, zero);
    let start = image.as_ptr().wrapping_add(taps.first);
    let mut channel = 0;
    while channel < out.len() {
        let left = out.len() - channel;
        // SAFETY: every tap has as many channels from here on as are left, and so has the output.
        unsafe {
            let (start, out) = (start.add(channel), out.as_mut_ptr().add(channel));
            if left >= TOGETHER * LANES {
                some::<TOGETHER>(start, taps, u16::MAX, &mean, out);
                channel += TOGETHER * LANES;
            } else {
                let mask = u16::MAX >> LANES.saturating_sub(left);
                some::<1>(start, taps, mask, &mean, out);
                channel += LANES;
            }
        }
    }
    Some(())
}

/// Means of the channels of `N` registers, those of `mask` in each.
///
/// # Safety
/// Taps from `start` on have these channels, and so has `out`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn some<const N: usize>(
    start: *const i8,
    taps: &Taps,
    mask: u16,
    mean: &Mean,
    out: *mut i8,
) {
    let mut sums = [_mm512_setzero_si512(); N];
    for line in 0..taps.lines {
        for column in 0..taps.columns {
            let at = line * taps.pitch + column * taps.stride;
            for (part, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the channels of the mask are there.
                let x = unsafe { _mm_maskz_loadu_epi8(mask, start.add(at + part * LANES)) };
                *sum = _mm512_add_epi32(*sum, _mm512_cvtepi8_epi32(x));
            }
        }
    }
    for (part, &sum) in sums.iter().enumerate() {
        let bytes = _mm512_cvtepi32_epi8(mean.of(sum));
        // SAFETY: the channels of the mask are there.
        unsafe { _mm_mask_storeu_epi8(out.add(part * LANES), mask, bytes) };
    }
}

/// What makes a mean of a sum.
struct Mean {
    /// From the sum to u.
    add: __m512i,
    multiplier: __m512i,
    shift: __m128i,
    /// From the quotient to the mean with its zero point.
    zero: __m512i,
}

impl Mean {
    /// Of `count` taps, of which `inside` have a value.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(count: u32, inside: i32, zero: i32) -> Self {
        let divisor = 2 * u64::from(count.max(1));
        let shift = 26 + divisor.next_power_of_two().trailing_zeros();
        let multiplier = (1u64 << shift).div_ceil(divisor);
        Self {
            add: _mm512_set1_epi32(513 * count as i32 - 2 * inside * zero),
            multiplier: _mm512_set1_epi64(multiplier as i64),
            shift: _mm_cvtsi32_si128(shift as i32),
            zero: _mm512_set1_epi32(zero - 256),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn of(&self, sum: __m512i) -> __m512i {
        let u = _mm512_add_epi32(_mm512_slli_epi32::<1>(sum), self.add);
        let half = |u| _mm512_srl_epi64(_mm512_mul_epu32(u, self.multiplier), self.shift);
        let (even, odd) = (half(u), half(_mm512_srli_epi64::<32>(u)));
        let quotient = _mm512_or_si512(even, _mm512_slli_epi64::<32>(odd));
        _mm512_add_epi32(quotient, self.zero)
    }
}

#[cfg(test)]
mod tests {
    use super::super::x86::Avx512;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The ends of what a window may sum to, and what lies around the halves.
        #[test]
        fn quotients_are_exact(count in 1u32..1 << 16, zero in -128i32..=127, seed in any::<[u32; 16]>()) {
            if !Avx512::is_here() {
                std::eprintln!("skipped: this processor has no AVX-512");
                return Ok(());
            }
            let n = count as i32;
            let sums: [i32; 16] = core::array::from_fn(|lane| match lane {
                0 => -128 * n,
                1 => 127 * n,
                _ => {
                    let halves = (seed[lane] >> 8) as i32 % 255 - 127;
                    // Around a half of a step from the zero point.
                    (n * zero + (halves * n) / 2 + seed[lane] as i32 % 3 - 1).max(-128 * n).min(127 * n)
                }
            });
            // SAFETY: the processor has the features; as long as registers.
            let found = unsafe {
                let mut found = [0i32; 16];
                let mean = Mean::new(count, n, zero);
                let means = mean.of(_mm512_loadu_si512(sums.as_ptr().cast()));
                _mm512_storeu_si512(found.as_mut_ptr().cast(), means);
                found
            };
            for (sum, found) in sums.into_iter().zip(found) {
                let (sum, n) = (i64::from(sum) - i64::from(zero) * i64::from(n), i64::from(n));
                let expected = (2 * sum + n).div_euclid(2 * n) + i64::from(zero);
                prop_assert_eq!(i64::from(found), expected, "{} / {}", sum, n);
            }
        }
    }
}

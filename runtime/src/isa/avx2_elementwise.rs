//! Elementwise operators and means on AVX2: loops that the compiler makes vectors of, and quantisation.
#![allow(unsafe_code)]

use super::elementwise::Sum;
use super::x86;
use crate::kernels::arithmetic::sum;
use crate::kernels::pool::Taps;
use crate::kernels::sink::{Out, Sink};
use core::arch::x86_64::*;

/// Floats of a register.
const LANES: usize = 8;
/// Channels that go through the taps of a window together.
const CHANNELS: usize = 32;

/// Sums of int8 in 32 bits; how many, all or none.
#[target_feature(enable = "avx2")]
pub(super) fn add(sum: &Sum<'_>, sink: &mut Sink<'_>) -> Option<usize> {
    let done = sum::add(sum, sum.count, sink);
    (done > 0).then_some(done)
}

/// See [`super::elementwise::means`]; the quotient is that of [`super::avx512_pool`].
#[target_feature(enable = "avx2")]
pub(super) fn means(taps: &Taps, image: &[i8], zero: i32, out: &mut [i8]) -> Option<()> {
    let inside = taps.lines.checked_mul(taps.columns)?;
    if inside == 0 || !(inside..1 << 16).contains(&taps.all) {
        return None;
    }
    let divisor = 2 * taps.all as u64;
    let shift = 26 + divisor.next_power_of_two().trailing_zeros();
    let multiplier = (1u64 << shift).div_ceil(divisor);
    let add = 513 * taps.all as i32 - 2 * inside as i32 * zero;
    let mut first = taps.first;
    for out in out.chunks_mut(CHANNELS) {
        let mut sums = [0i32; CHANNELS];
        let mut line = first;
        for _ in 0..taps.lines {
            let mut at = line;
            for _ in 0..taps.columns {
                let from = image.get(at..)?;
                match from.first_chunk::<CHANNELS>() {
                    // Behind the last channels stand those of the next pixel, which are not stored.
                    Some(from) => {
                        for (sum, &x) in sums.iter_mut().zip(from) {
                            *sum += i32::from(x);
                        }
                    }
                    None => {
                        for (sum, &x) in sums.iter_mut().zip(from.get(..out.len())?) {
                            *sum += i32::from(x);
                        }
                    }
                }
                at = at.wrapping_add(taps.stride);
            }
            line = line.wrapping_add(taps.pitch);
        }
        for (out, &sum) in out.iter_mut().zip(&sums) {
            let u = (2 * sum + add) as u32;
            let quotient = (u64::from(u) * multiplier) >> shift;
            *out = (quotient as i32 + zero - 256) as i8;
        }
        first = first.wrapping_add(CHANNELS);
    }
    Some(())
}

/// Quantised values of the first elements; how many.
#[target_feature(enable = "avx2")]
pub(super) fn quantise(x: &[f32], scale: f32, sink: &mut Sink<'_>) -> Option<usize> {
    let clamp = x86::Clamp::of(sink);
    let (low, high) = (_mm256_set1_epi32(clamp.low), _mm256_set1_epi32(clamp.high));
    let zero_point = _mm256_set1_epi32(clamp.zero_point);
    let mut out = x86::part(sink, 0, x.len())?;
    // Far beyond 16 bits, within 32.
    let (most, least) = (_mm256_set1_ps(1e9), _mm256_set1_ps(-1e9));
    let scale = _mm256_set1_ps(scale);
    let (half, sign) = (_mm256_set1_ps(0.5), _mm256_set1_ps(-0.0));
    let (eights, _) = x.as_chunks::<LANES>();
    for (index, x) in eights.iter().enumerate() {
        // SAFETY: eight floats.
        let real = _mm256_div_ps(unsafe { _mm256_loadu_ps(x.as_ptr()) }, scale);
        let number = _mm256_cmp_ps::<_CMP_ORD_Q>(real, real);
        // A half of real's sign: where that is −0, the result is 0 either way.
        let half = _mm256_or_ps(_mm256_and_ps(real, sign), half);
        let real = _mm256_min_ps(_mm256_max_ps(_mm256_add_ps(real, half), least), most);
        let value = _mm256_cvttps_epi32(_mm256_and_ps(real, number));
        let value = _mm256_min_epi32(_mm256_max_epi32(value, low), high);
        let value = _mm256_add_epi32(value, zero_point);
        let halves = (
            _mm256_castsi256_si128(value),
            _mm256_extracti128_si256::<1>(value),
        );
        // Nothing saturates: the values are those of the output.
        let words = _mm_packs_epi32(halves.0, halves.1);
        let at = index * LANES;
        // SAFETY: the output is as long as x.
        unsafe {
            match &mut out {
                Out::I8(out) => {
                    let out = out.as_mut_ptr().add(at);
                    _mm_storel_epi64(out.cast(), _mm_packs_epi16(words, words));
                }
                Out::I16(out) => _mm_storeu_si128(out.as_mut_ptr().add(at).cast(), words),
                Out::I32(_) => return None,
            }
        }
    }
    Some(eights.len() * LANES)
}

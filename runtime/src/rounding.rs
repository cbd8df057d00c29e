//! The one definition of rounding, used on the device and offline.
//!
//! A requantisation multiplies a 32-bit accumulator by a real factor below one. The factor is a
//! *scale word*: bits 31..8 are the top 24 bits of a Q31 multiplier in `[2³⁰, 2³¹)` (its low eight
//! bits are zero), bits 7..0 are the right shift `t` in `31..=62`:
//!
//! ```text
//! factor = multiplier / 2ᵗ            requantise(acc) = ⌊(acc · multiplier + 2ᵗ⁻¹) / 2ᵗ⌋
//! ```
//!
//! One rounding, half towards plus infinity, in 64 bits. The method is the integer-only
//! requantisation of Jacob et al., "Quantization and Training of Neural Networks for Efficient
//! Integer-Arithmetic-Only Inference" (2018), section 2.2, with a single rounding. With `t ≥ 33`
//! only the high word of the product matters, so that one SMMUL, one addition and one shift do.

use crate::math;

/// A requantisation factor in `(0, 1)`, as one 32-bit word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale(u32);

impl Scale {
    /// Smallest shift: keeps the result of any 32-bit accumulator within 32 bits.
    pub const MIN_SHIFT: u32 = 31;
    /// Largest shift.
    pub const MAX_SHIFT: u32 = 62;

    /// The scale in a word from a file; `None` where multiplier or shift is out of range.
    #[must_use]
    pub const fn from_word(word: u32) -> Option<Self> {
        if word.wrapping_sub(Self::LEAST) & Self::BEYOND == 0 {
            Some(Self(word))
        } else {
            None
        }
    }

    /// The least word. Those above it that are scales are so by less than 2³⁰, and by less than 32 in
    /// their shift: where the subtraction of a shift borrows, it leaves high bits, too.
    const LEAST: u32 = 1 << 30 | Self::MIN_SHIFT;
    const BEYOND: u32 = 0b11 << 30 | 0b111 << 5;

    /// Whether all `words` are scales; without a branch for each, as loading checks them by the thousand.
    pub(crate) fn are_sound(words: &[u32]) -> bool {
        let each = |word: u32| word.wrapping_sub(Self::LEAST);
        // Four a round: a round itself costs as much as one. Flash counts more on the smallest cores.
        let (fours, rest) = match cfg!(isa = "thumb1") {
            true => (&[][..], words),
            false => words.as_chunks(),
        };
        let four = |all, &[a, b, c, d]: &[u32; 4]| all | each(a) | each(b) | each(c) | each(d);
        let all = rest.iter().fold(0, |all, &word| all | each(word));
        fours.iter().fold(all, four) & Self::BEYOND == 0
    }

    /// A scale word as it stands in a file that `load` has checked.
    #[must_use]
    pub(crate) const fn loaded(word: u32) -> Self {
        Self(word)
    }

    /// The word, as a file holds it.
    #[must_use]
    pub const fn word(self) -> u32 {
        self.0
    }

    /// The scale nearest to `factor`, for use offline; `None` unless `2⁻³² ≤ factor < 1`.
    ///
    /// Works on the bits of the double, so that every host gives the same word.
    #[must_use]
    pub const fn nearest(factor: f64) -> Option<Self> {
        let bits = factor.to_bits();
        // Sign and exponent; a double is 1.mantissa · 2^(exponent − 1023).
        let exponent = (bits >> 52) as i64 - 1023;
        let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
        // 53 bits to 23 (multiplier bits 30..8), half up.
        let mut top = (mantissa + (1 << 29)) >> 30;
        let mut shift = 30 - exponent;
        if top == 1 << 23 {
            top >>= 1;
            shift -= 1;
        }
        if shift < Self::MIN_SHIFT as i64 || shift > Self::MAX_SHIFT as i64 {
            return None;
        }
        Some(Self((top as u32) << 8 | shift as u32))
    }

    /// The factor that the word stands for.
    #[must_use]
    pub fn factor(self) -> f64 {
        let (multiplier, shift) = (self.0 & !0xFF, self.0 & 0xFF);
        f64::from(multiplier) / (1u64 << shift.min(Self::MAX_SHIFT)) as f64
    }

    /// `accumulator` times the factor, rounded half up.
    #[inline(always)]
    #[must_use]
    pub const fn requantise(self, accumulator: i32) -> i32 {
        if cfg!(target_pointer_width = "64") {
            self.requantise_wide(accumulator)
        } else {
            self.requantise_narrow(accumulator)
        }
    }

    /// [`Scale::requantise`] as it is defined.
    #[inline(always)]
    const fn requantise_wide(self, accumulator: i32) -> i32 {
        let multiplier = (self.0 & !0xFF) as i64;
        let shift = self.0 & 0x3F;
        // |product| ≤ 2⁶² and the rounding term is at most 2⁶¹: no overflow.
        ((accumulator as i64 * multiplier + ((1i64 << shift) >> 1)) >> shift) as i32
    }

    /// [`Scale::requantise`] without shifts of 64 bits by a number that varies, which are calls on a
    /// chip: `⌊(p + 2ᵗ⁻¹) / 2ᵗ⌋ = ⌊(⌊p / 2ᵗ⁻¹⌋ + 1) / 2⌋`.
    #[inline(always)]
    const fn requantise_narrow(self, accumulator: i32) -> i32 {
        // Below 2³¹: signed, it is one operand of a signed multiplication.
        let multiplier = (self.0 & !0xFF) as i32 as i64;
        let product = accumulator as i64 * multiplier;
        let shift = (self.0 & 0xFF).wrapping_sub(33);
        if shift < 32 {
            return (((product >> 32) as i32 >> shift) + 1) >> 1;
        }
        Self::round_early(product, shift)
    }

    /// The same with t = 32, where `shift` is −1, or t = 31.
    #[cold]
    #[inline(never)]
    const fn round_early(product: i64, shift: u32) -> i32 {
        let halved = if shift == u32::MAX {
            product >> 1
        } else {
            product
        };
        ((halved + (1 << 30)) >> 31) as i32
    }
}

/// `value / scale` rounded half away from zero, plus `zero_point`, clamped to `low..=high`.
///
/// NaN becomes the zero point.
#[must_use]
pub fn quantise(value: f32, scale: f32, zero_point: i32, low: i32, high: i32) -> i32 {
    let real = value / scale;
    let rounded = if real < 0.0 { real - 0.5 } else { real + 0.5 } as i32;
    rounded.saturating_add(zero_point).max(low).min(high)
}

/// `value / scale` rounded half to even, plus `zero_point`, limited to `low..=high`: what ONNX's
/// QuantizeLinear defines, and what its implementations make of NaN, `low`.
#[must_use]
pub fn to_grid(value: f32, scale: f32, zero_point: i32, low: i32, high: i32) -> i32 {
    let real = value / scale;
    if real.is_nan() {
        return low;
    }
    let rounded = math::round_even(real) as i32;
    rounded.saturating_add(zero_point).max(low).min(high)
}

/// Real value of `quantised`.
#[must_use]
pub fn dequantise(quantised: i32, scale: f32, zero_point: i32) -> f32 {
    quantised.wrapping_sub(zero_point) as f32 * scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_round_up() {
        let half = Scale::nearest(0.5).unwrap();
        let results = [-3, -2, -1, 0, 1, 2, 3].map(|acc| half.requantise(acc));
        assert_eq!(results, [-1, -1, 0, 0, 1, 1, 2]);
    }

    #[test]
    fn factors_outside_the_range_are_refused() {
        for factor in [0.0, 1.0, 2.0, -0.5, f64::NAN, f64::INFINITY, 1e-12] {
            assert_eq!(Scale::nearest(factor), None, "{factor}");
        }
        assert_eq!(Scale::from_word(0x4000_0000 | 30), None);
        assert_eq!(Scale::from_word(0x4000_0000 | 63), None);
        assert_eq!(Scale::from_word(0x3FFF_FF00 | 40), None);
        assert_eq!(Scale::from_word(0x8000_0000 | 40), None);
        assert_eq!(Scale::from_word(0xC000_0000 | 40), None);
        for shift in 0..=255 {
            for top in [0x3FFF_FF00, 0x4000_0000, 0x7FFF_FF00, 0x8000_0000] {
                let sound = (31..=62).contains(&shift) && top >> 30 == 1;
                assert_eq!(
                    Scale::from_word(top | shift).is_some(),
                    sound,
                    "{top:x} {shift}"
                );
                let words = [0x4000_0000 | 31, top | shift, 0x7FFF_FF00 | 62];
                assert_eq!(Scale::are_sound(&words), sound);
            }
        }
    }

    #[test]
    fn halves_of_a_grid_go_to_the_even_neighbour() {
        let q = |x| to_grid(x, 0.5, 3, -128, 127);
        let values = [0.25, 0.75, 1.25, -0.25, -0.75, -0.0, 0.249_999_99];
        assert_eq!(values.map(q), [3, 5, 5, 3, 1, 3, 3]);
        let ends = [f32::INFINITY, 1e30, -1e30, f32::NEG_INFINITY, f32::NAN];
        assert_eq!(ends.map(q), [127, 127, -128, -128, -128]);
        assert_eq!(to_grid(1e30, 1.0, 0, i32::MIN, i32::MAX), i32::MAX);
        assert_eq!(to_grid(-1e30, 1.0, -1, i32::MIN, i32::MAX), i32::MIN);
    }

    proptest! {
        #[test]
        fn requantise_is_the_rounded_product(acc: i32, factor in 1e-9f64..0.999_999) {
            let scale = Scale::nearest(factor).unwrap();
            prop_assert_eq!(Scale::from_word(scale.word()), Some(scale));
            prop_assert!((scale.factor() / factor - 1.0).abs() < 1.3e-7);
            // The naive twin: exact in 128 bits.
            let (multiplier, shift) = (i128::from(scale.word() & !0xFF), scale.word() & 0xFF);
            let product = i128::from(acc) * multiplier * 2 + (1i128 << shift);
            let expected = product.div_euclid(1i128 << (shift + 1));
            prop_assert_eq!(i128::from(scale.requantise_wide(acc)), expected);
            prop_assert_eq!(i128::from(scale.requantise_narrow(acc)), expected);
        }

        #[test]
        fn both_ways_round_alike_at_every_shift(acc: i32, top in 1u32 << 22..1 << 23, shift in 31u32..=62) {
            let scale = Scale::from_word(top << 8 | shift).unwrap();
            for acc in [acc, acc >> 16, i32::MIN, i32::MAX, -1, 0, 1] {
                prop_assert_eq!(scale.requantise_narrow(acc), scale.requantise_wide(acc));
            }
        }

        #[test]
        fn quantise_inverts_dequantise(q in -128i32..=127, zero_point in -128i32..=127, scale in 1e-4f32..10.0) {
            prop_assert_eq!(quantise(dequantise(q, scale, zero_point), scale, zero_point, -128, 127), q);
        }
    }
}

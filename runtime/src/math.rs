//! Every float function that the crate uses, by full path: with `std` linked, a plain `x.exp()`
//! silently becomes the platform's, whose last bits differ by target.
//!
//! `libm` serves where results are compared between targets; [`rough`] is `micromath`, a few
//! hundred bytes of code, where a small stated error does no harm. Both are plain Rust arithmetic
//! in a fixed order, so their bits are the same everywhere.

/// Natural exponential.
#[must_use]
pub fn exp(x: f32) -> f32 {
    libm::expf(x)
}

/// Natural logarithm.
#[must_use]
pub fn ln(x: f32) -> f32 {
    libm::logf(x)
}

/// Square root, correctly rounded.
#[must_use]
pub fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}

/// Hyperbolic tangent.
#[must_use]
pub fn tanh(x: f32) -> f32 {
    libm::tanhf(x)
}

/// Logistic function `1 / (1 + e⁻ˣ)`.
#[must_use]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

/// `eˣ − 1`, accurate where x is near zero.
#[must_use]
pub fn expm1(x: f32) -> f32 {
    libm::expm1f(x)
}

/// `ln(1 + x)`, accurate where x is near zero.
#[must_use]
pub fn log1p(x: f32) -> f32 {
    libm::log1pf(x)
}

/// `a` to the power of `b`.
#[must_use]
pub fn pow(a: f32, b: f32) -> f32 {
    libm::powf(a, b)
}

/// Remainder of the division rounded towards zero; it has the sign of `a`.
///
/// The result is exact, so that there is one right answer. Not `libm`'s, in which panic paths are
/// left: a long division of the significands, eight bits of the quotient at a time.
#[must_use]
pub fn fmod(a: f32, b: f32) -> f32 {
    if !a.is_finite() || b.is_nan() || b == 0.0 {
        return f32::NAN;
    }
    let ((mut rest, from), (divisor, to)) = (significand(a), significand(b));
    // The lesser one, or any by infinity, is what remains.
    let Some(mut left) = from.checked_sub(to) else {
        return a;
    };
    rest = rest.checked_rem(divisor).unwrap_or(0);
    while left > 0 {
        let shift = if left < 8 { left } else { 8 };
        // 24 bits and eight: no overflow.
        rest = (rest << shift).checked_rem(divisor).unwrap_or(0);
        left -= shift;
    }
    // 2^(to − 150), below 2⁻¹²⁶ a subnormal; the product is exact.
    let unit = if to > 23 {
        (to - 23) << 23
    } else {
        (1 << to) >> 1
    };
    (rest as f32 * f32::from_bits(unit)).copysign(a)
}

/// `|x|` as an integer below 2²⁴ and a biased exponent, in units of 2⁻¹⁵⁰.
fn significand(x: f32) -> (u32, u32) {
    let (exponent, fraction) = ((x.to_bits() >> 23) & 0xFF, x.to_bits() & 0x7F_FFFF);
    if exponent == 0 {
        (fraction, 1)
    } else {
        (fraction | 1 << 23, exponent)
    }
}

/// Error function.
#[must_use]
pub fn erf(x: f32) -> f32 {
    libm::erff(x)
}

/// Sine. `libm` reduces the argument in binary64, in software where the chip has none.
#[must_use]
pub fn sin(x: f32) -> f32 {
    libm::sinf(x)
}

/// Cosine, like [`sin`].
#[must_use]
pub fn cos(x: f32) -> f32 {
    libm::cosf(x)
}

/// Greatest integer that is not above `x`.
#[must_use]
pub fn floor(x: f32) -> f32 {
    libm::floorf(x)
}

/// Least integer that is not below `x`.
#[must_use]
pub fn ceil(x: f32) -> f32 {
    libm::ceilf(x)
}

/// Nearest integer, halves to the even one.
#[must_use]
pub fn round_even(x: f32) -> f32 {
    libm::roundevenf(x)
}

/// `ln(1 + eˣ)`; without overflow, as the exponential is taken of `−|x|`.
#[must_use]
pub fn softplus(x: f32) -> f32 {
    max(x, 0.0) + log1p(exp(-x.abs()))
}

/// The greater; `a` where either is NaN. Explicit comparison: zeros keep their order everywhere.
#[must_use]
pub fn max(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// The lesser; `a` where either is NaN.
#[must_use]
pub fn min(a: f32, b: f32) -> f32 {
    if b < a { b } else { a }
}

/// `x`; NaN as the one canonical NaN. Sign and payload of a NaN that an operation makes or passes
/// on differ by processor, so that every kernel that calculates ends with this.
#[must_use]
pub fn canonical(x: f32) -> f32 {
    if x.is_nan() {
        f32::from_bits(0x7FC0_0000)
    } else {
        x
    }
}

/// `x` between `low` and `high`; NaN as the canonical one. A NaN bound does not clamp.
#[must_use]
pub fn clamp(x: f32, low: f32, high: f32) -> f32 {
    canonical(min(max(x, low), high))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn remainder_is_the_exact_one(a: u32, b: u32, exponent in -24i32..24) {
            // Any bits, and pairs whose exponents are close.
            let (a, b) = (f32::from_bits(a), f32::from_bits(b));
            let near = a * exponent as f32;
            for (a, b) in [(a, b), (a, near), (near, a), (a, f32::from_bits(b.to_bits() & 0xFF_FFFF))] {
                let (value, expected) = (super::fmod(a, b), libm::fmodf(a, b));
                prop_assert_eq!(
                    super::canonical(value).to_bits(),
                    super::canonical(expected).to_bits(),
                    "{} by {}", a, b
                );
            }
        }
    }
}

/// Fast approximations, for sampling.
pub mod rough {
    use micromath::F32Ext;

    /// Natural logarithm, absolute error below 0.001 on `[2⁻²⁴, 1]`.
    ///
    /// `micromath` takes a rough reciprocal of arguments below one, so the argument is moved above.
    #[must_use]
    pub fn ln(x: f32) -> f32 {
        F32Ext::ln(x * 16_777_216.0) - 24.0 * core::f32::consts::LN_2
    }

    /// Cosine, absolute error below 0.002.
    #[must_use]
    pub fn cos(x: f32) -> f32 {
        F32Ext::cos(x)
    }

    /// Square root, relative error below 0.002: `micromath`'s first guess is off by up to 6 %, one
    /// step of Newton's method repairs it.
    #[must_use]
    pub fn sqrt(x: f32) -> f32 {
        let guess = F32Ext::sqrt(x);
        if guess > 0.0 {
            0.5 * (guess + x / guess)
        } else {
            0.0
        }
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn errors_stay_below_the_stated_ones() {
            for step in 1..=100_000 {
                let x = step as f32 / 100_000.0;
                assert!((super::ln(x) - crate::math::ln(x)).abs() < 0.001, "ln {x}");
                let angle = x * core::f32::consts::TAU;
                assert!(
                    (super::cos(angle) - libm::cosf(angle)).abs() < 0.002,
                    "cos {angle}"
                );
                let square = 25.0 * x;
                let root = crate::math::sqrt(square);
                assert!(
                    (super::sqrt(square) / root - 1.0).abs() < 0.002,
                    "sqrt {square}"
                );
            }
        }
    }
}

//! The two kinds of scores, and the only additions that they know.
//!
//! ```text
//! a ⊕ b = forbidden where a or b is, else a + b, as near to it as an admissible score can be
//! a ⊖ b = forbidden where a is, else a − b in the same way
//! ```
//!
//! Admissible are −(2³¹ − 1) … 2³¹ − 1 as i32 and all finite numbers as f32. So no sum overflows,
//! no NaN arises, and nothing that is allowed becomes forbidden by being very bad.

use crate::math;
use core::fmt::Debug;

/// What is forbidden, as i32. As f32 it is −∞; NaN counts as forbidden too.
pub const FORBIDDEN: i32 = i32::MIN;

/// Units of a fixed-point score in a nat.
const UNITS: f32 = 65536.0;
/// Greatest fixed-point score that [`fixed`] gives: 4096 nats.
const GREATEST: f32 = 4096.0 * UNITS;

/// A score in nats as a fixed-point number: the nearest 1/65536, halves to the even one, within
/// ±4096 nats; −∞ and NaN are [`FORBIDDEN`].
#[must_use]
pub fn fixed(score: f32) -> i32 {
    if score.is_forbidden() {
        return FORBIDDEN;
    }
    // The product is exact or infinite.
    math::round_even(math::clamp(score * UNITS, -GREATEST, GREATEST)) as i32
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i32 {}
    impl Sealed for f32 {}
}

/// A score: i32 in units of 1/65536 nat, or f32 in nats.
pub trait Score: Copy + PartialOrd + Debug + sealed::Sealed {
    /// The score of what may not be.
    const FORBIDDEN: Self;
    /// The score that changes nothing.
    const ZERO: Self;
    /// The score of a whole text.
    type Total: Copy + PartialOrd + Debug + Default;
    /// A running sum that loses nothing by length.
    type Sum: Copy + Debug + Default;

    /// Whether this is forbidden.
    #[must_use]
    fn is_forbidden(self) -> bool;
    /// `self ⊕ other`.
    #[must_use]
    fn plus(self, other: Self) -> Self;
    /// `self ⊖ other`; `other` is not forbidden.
    #[must_use]
    fn minus(self, other: Self) -> Self;
    /// The score in nats; −∞ where it is forbidden.
    #[must_use]
    fn nats(self) -> f32;
    /// Adds this to a sum.
    fn add_to(self, sum: &mut Self::Sum);
    /// The value of a sum.
    #[must_use]
    fn total(sum: Self::Sum) -> Self::Total;
}

impl Score for i32 {
    const FORBIDDEN: Self = FORBIDDEN;
    const ZERO: Self = 0;
    type Total = i64;
    type Sum = i64;

    #[inline(always)]
    fn is_forbidden(self) -> bool {
        self == FORBIDDEN
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        if self == FORBIDDEN || other == FORBIDDEN {
            return FORBIDDEN;
        }
        self.saturating_add(other).max(-i32::MAX)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        if self == FORBIDDEN {
            return FORBIDDEN;
        }
        self.saturating_sub(other).max(-i32::MAX)
    }

    #[inline(always)]
    fn nats(self) -> f32 {
        if self == FORBIDDEN {
            return f32::NEG_INFINITY;
        }
        self as f32 / UNITS
    }

    #[inline(always)]
    fn add_to(self, sum: &mut i64) {
        *sum = sum.saturating_add(i64::from(self));
    }

    #[inline(always)]
    fn total(sum: i64) -> i64 {
        sum
    }
}

/// A compensated sum (Neumaier, 1974): the roundings are summed beside it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compensated {
    sum: f32,
    lost: f32,
}

/// The nearest finite number.
#[inline(always)]
fn finite(x: f32) -> f32 {
    math::min(math::max(x, -f32::MAX), f32::MAX)
}

impl Score for f32 {
    const FORBIDDEN: Self = f32::NEG_INFINITY;
    const ZERO: Self = 0.0;
    type Total = f32;
    type Sum = Compensated;

    #[inline(always)]
    fn is_forbidden(self) -> bool {
        self.is_nan() || self == f32::NEG_INFINITY
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        if self.is_forbidden() || other.is_forbidden() {
            return f32::NEG_INFINITY;
        }
        finite(finite(self) + finite(other))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        if self.is_forbidden() {
            return f32::NEG_INFINITY;
        }
        finite(self - other)
    }

    #[inline(always)]
    fn nats(self) -> f32 {
        if self.is_forbidden() {
            return f32::NEG_INFINITY;
        }
        finite(self)
    }

    fn add_to(self, sum: &mut Compensated) {
        let term = finite(self);
        let next = finite(sum.sum + term);
        let lost = if sum.sum.abs() >= term.abs() {
            (sum.sum - next) + term
        } else {
            (term - next) + sum.sum
        };
        sum.sum = next;
        sum.lost = finite(sum.lost + lost);
    }

    fn total(sum: Compensated) -> f32 {
        finite(sum.sum + sum.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_points_are_the_nearest() {
        assert_eq!(fixed(0.0), 0);
        assert_eq!(fixed(1.0), 65536);
        // Halves go to the even one.
        assert_eq!(
            [0.5, 1.5, 2.5, -0.5].map(|x| fixed(x / 65536.0)),
            [0, 2, 2, 0]
        );
        assert_eq!(fixed(5000.0), 1 << 28);
        assert_eq!(fixed(-5000.0), -1 << 28);
        assert_eq!(fixed(f32::INFINITY), 1 << 28);
        assert_eq!(fixed(-f32::MAX), -1 << 28);
        assert_eq!(fixed(f32::NEG_INFINITY), FORBIDDEN);
        assert_eq!(fixed(f32::NAN), FORBIDDEN);
    }

    #[test]
    fn what_is_forbidden_stays_so_and_nothing_else_becomes_so() {
        let all = [FORBIDDEN, FORBIDDEN + 1, -1, 0, 1, i32::MAX];
        for a in all {
            for b in all {
                let none = a == FORBIDDEN || b == FORBIDDEN;
                assert_eq!(a.plus(b).is_forbidden(), none);
                assert_eq!(a.minus(b).is_forbidden(), a == FORBIDDEN);
                if !none {
                    let bound = i64::from(i32::MAX);
                    let nearest = |exact: i64| exact.max(-bound).min(bound);
                    let (wide, other) = (i64::from(a), i64::from(b));
                    assert_eq!(i64::from(a.plus(b)), nearest(wide + other));
                    assert_eq!(i64::from(a.minus(b)), nearest(wide - other));
                }
            }
        }
        let all = [
            f32::NAN,
            f32::NEG_INFINITY,
            -f32::MAX,
            0.0,
            f32::MAX,
            f32::INFINITY,
        ];
        for a in all {
            for b in all {
                let none = a.is_forbidden() || b.is_forbidden();
                assert_eq!(a.plus(b) == f32::NEG_INFINITY, none);
                assert_eq!(a.plus(b).is_finite(), !none);
                assert_eq!(a.nats().is_finite(), !a.is_forbidden());
            }
        }
    }

    #[test]
    fn long_sums_lose_nothing() {
        let mut sum = Compensated::default();
        for term in [1e8, 1.0, -1e8, 0.5] {
            term.add_to(&mut sum);
        }
        assert_eq!(f32::total(sum), 1.5);
        assert_eq!(f32::INFINITY.plus(-f32::MAX), 0.0);
        // Hostile terms neither overflow nor give NaN.
        let mut sum = Compensated::default();
        for _ in 0..3 {
            f32::MAX.add_to(&mut sum);
        }
        assert_eq!(f32::total(sum), f32::MAX);
    }
}

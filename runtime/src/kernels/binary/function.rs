//! The elementwise functions of two numbers, shared with the compiler's folding.

use crate::math;

/// Elementwise functions of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Function {
    /// a + b.
    Add = 0,
    /// a − b.
    Sub = 1,
    /// a · b.
    Mul = 2,
    /// a / b; integers drop the fraction, and give 0 for b = 0.
    Div = 3,
    /// a to the power of b.
    Pow = 4,
    /// The lesser; NaN where either is.
    Min = 5,
    /// The greater; NaN where either is.
    Max = 6,
    /// Remainder with the sign of b; integers give 0 for b = 0.
    Mod = 7,
    /// Remainder with the sign of a; integers give 0 for b = 0.
    Fmod = 8,
    /// a = b.
    Equal = 9,
    /// a > b.
    Greater = 10,
    /// a < b.
    Less = 11,
    /// a ≥ b.
    GreaterOrEqual = 12,
    /// a ≤ b.
    LessOrEqual = 13,
    /// Both.
    And = 14,
    /// Either or both.
    Or = 15,
    /// Either, not both.
    Xor = 16,
    /// a where a ≥ 0, else b · a.
    PRelu = 17,
}

impl Function {
    /// All functions, in the order of their codes.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Pow,
        Self::Min,
        Self::Max,
        Self::Mod,
        Self::Fmod,
        Self::Equal,
        Self::Greater,
        Self::Less,
        Self::GreaterOrEqual,
        Self::LessOrEqual,
        Self::And,
        Self::Or,
        Self::Xor,
        Self::PRelu,
    ];

    /// The power, which links a logarithm and an exponential: a bit for its code.
    pub(super) const POWER: u32 = 1 << Self::Pow as u32;
    /// The remainders, likewise.
    pub(super) const REMAINDERS: u32 = 1 << Self::Mod as u32 | 1 << Self::Fmod as u32;

    /// The function with this code.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }

    /// Whether its result is a truth value.
    #[must_use]
    pub fn compares(self) -> bool {
        (Self::Equal as u32..=Self::Xor as u32).contains(&(self as u32))
    }

    /// Whether it takes numbers: `And`, `Or` and `Xor` do not.
    #[must_use]
    pub fn takes_numbers(self) -> bool {
        !matches!(self, Self::And | Self::Or | Self::Xor)
    }

    /// Whether it takes truth values.
    #[must_use]
    pub fn takes_bools(self) -> bool {
        self == Self::Equal || !self.takes_numbers()
    }

    /// Its value for floats; truth values are 1 and 0. NaN results are canonical.
    #[must_use]
    pub fn apply_f32(self, a: f32, b: f32) -> f32 {
        match self {
            Self::Pow => self.power_f32(a, b),
            Self::Mod | Self::Fmod => self.remainder_f32(a, b),
            _ => self.basic_f32(a, b),
        }
    }

    /// [`Function::apply_f32`] of [`Function::POWER`].
    pub(super) fn power_f32(self, a: f32, b: f32) -> f32 {
        math::canonical(math::pow(a, b))
    }

    /// [`Function::apply_f32`] of [`Function::REMAINDERS`].
    pub(super) fn remainder_f32(self, a: f32, b: f32) -> f32 {
        math::canonical(match self {
            Self::Mod => floored_remainder(a, b),
            _ => math::fmod(a, b),
        })
    }

    /// [`Function::apply_f32`] of all others.
    pub(in crate::kernels) fn basic_f32(self, a: f32, b: f32) -> f32 {
        math::canonical(match self {
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            Self::Min if b < a || b.is_nan() => b,
            Self::Max if b > a || b.is_nan() => b,
            Self::Min | Self::Max => a,
            Self::PRelu if a >= 0.0 => a,
            Self::PRelu => b * a,
            _ => f32::from(u8::from(self.truth(a, b))),
        })
    }

    /// Its value for integers, wrapping; truth values are 1 and 0.
    #[inline(never)]
    #[must_use]
    pub fn apply_i32(self, a: i32, b: i32) -> i32 {
        match self {
            Self::Add => a.wrapping_add(b),
            Self::Sub => a.wrapping_sub(b),
            Self::Mul => a.wrapping_mul(b),
            Self::Div => quotient(a, b),
            Self::Pow => power(a, b),
            Self::Min => a.min(b),
            Self::Max => a.max(b),
            Self::Mod => {
                let rest = remainder(a, b);
                if rest != 0 && (rest < 0) != (b < 0) {
                    rest.wrapping_add(b)
                } else {
                    rest
                }
            }
            Self::Fmod => remainder(a, b),
            Self::PRelu if a >= 0 => a,
            Self::PRelu => b.wrapping_mul(a),
            _ => i32::from(self.truth(a, b)),
        }
    }

    /// A comparison, or a function of truth values; a number is true where it is not zero.
    fn truth<T: PartialOrd + Default>(self, a: T, b: T) -> bool {
        let zero = T::default();
        match self {
            Self::Equal => a == b,
            Self::Greater => a > b,
            Self::Less => a < b,
            Self::GreaterOrEqual => a >= b,
            Self::LessOrEqual => a <= b,
            Self::And => a != zero && b != zero,
            Self::Or => a != zero || b != zero,
            _ => (a != zero) != (b != zero),
        }
    }
}

/// `a − b · ⌊a / b⌋` without its rounding: zero has the sign of b, too.
fn floored_remainder(a: f32, b: f32) -> f32 {
    let rest = math::fmod(a, b);
    if rest == 0.0 {
        0.0f32.copysign(b)
    } else if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// `a / b` without its fraction.
fn quotient(a: i32, b: i32) -> i32 {
    // Only MIN / −1 and x / 0 have no quotient: the first one wraps.
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None if b == 0 => 0,
        None => i32::MIN,
    }
}

/// What `quotient` leaves.
fn remainder(a: i32, b: i32) -> i32 {
    a.checked_rem(b).unwrap_or(0)
}

/// a times itself, b times; of negative powers what is left of `1 / aⁿ` without its fraction.
fn power(a: i32, b: i32) -> i32 {
    match (u32::try_from(b), a) {
        (Ok(b), _) => a.wrapping_pow(b),
        (Err(_), 1) => 1,
        (Err(_), -1) => 1 - 2 * (b & 1),
        (Err(_), _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Function::{self, *};
    use proptest::prelude::*;

    #[test]
    fn codes_count_from_zero() {
        for (function, code) in Function::ALL.into_iter().zip(0..) {
            assert_eq!(function as u32, code);
            assert_eq!(Function::from_code(code), Some(function));
        }
        assert_eq!(Function::from_code(18), None);
    }

    #[test]
    fn floats() {
        let (nan, infinity) = (f32::NAN, f32::INFINITY);
        for (function, a, b, expected) in [
            (Add, 1.5, 2.0, 3.5),
            (Sub, 1.5, 2.0, -0.5),
            (Mul, 1.5, 2.0, 3.0),
            (Div, 1.0, -0.0, -infinity),
            (Div, 0.0, 0.0, nan),
            (Pow, 2.0, 10.0, 1024.0),
            (Pow, -2.0, 0.5, nan),
            (Pow, nan, 0.0, 1.0),
            (Min, nan, 1.0, nan),
            (Min, 1.0, nan, nan),
            (Min, 2.0, 1.0, 1.0),
            (Max, 1.0, nan, nan),
            (Max, nan, 1.0, nan),
            (Max, 0.0, -0.0, 0.0),
            (Mod, -7.0, 3.0, 2.0),
            (Mod, 7.0, -3.0, -2.0),
            (Mod, -6.0, 3.0, 0.0),
            (Mod, 6.0, -3.0, -0.0),
            (Mod, 1.0, 0.0, nan),
            (Mod, -1.0, infinity, infinity),
            (Fmod, -7.0, 3.0, -1.0),
            (Fmod, 7.0, -3.0, 1.0),
            (Equal, nan, nan, 0.0),
            (Equal, 0.0, -0.0, 1.0),
            (GreaterOrEqual, 2.0, 2.0, 1.0),
            (LessOrEqual, nan, 2.0, 0.0),
            (PRelu, -2.0, 0.25, -0.5),
            (PRelu, 2.0, 0.25, 2.0),
            (PRelu, nan, 0.25, nan),
        ] {
            let value = function.apply_f32(a, b).to_bits();
            assert_eq!(value, expected.to_bits(), "{function:?}({a}, {b})");
        }
    }

    #[test]
    fn integers() {
        for (function, a, b, expected) in [
            (Add, i32::MAX, 1, i32::MIN),
            (Sub, i32::MIN, 1, i32::MAX),
            (Mul, 1 << 30, 4, 0),
            (Div, 7, 0, 0),
            (Div, -7, 2, -3),
            (Div, i32::MIN, -1, i32::MIN),
            (Mod, -7, 3, 2),
            (Mod, 7, -3, -2),
            (Mod, 7, 0, 0),
            (Mod, i32::MIN, -1, 0),
            (Fmod, -7, 3, -1),
            (Fmod, -7, 0, 0),
            (Pow, 3, 4, 81),
            (Pow, -2, 3, -8),
            (Pow, 0, 0, 1),
            (Pow, 2, -1, 0),
            (Pow, 0, -1, 0),
            (Pow, 1, -5, 1),
            (Pow, -1, -5, -1),
            (Pow, -1, i32::MIN, 1),
            (PRelu, -3, 2, -6),
            (Greater, 3, 2, 1),
            (Less, 3, 2, 0),
        ] {
            assert_eq!(function.apply_i32(a, b), expected, "{function:?}({a}, {b})");
        }
        for (a, b, [and, or, xor, equal]) in [
            (0, 0, [0, 0, 0, 1]),
            (0, 1, [0, 1, 1, 0]),
            (1, 0, [0, 1, 1, 0]),
            (1, 1, [1, 1, 0, 1]),
        ] {
            let values = [And, Or, Xor, Equal].map(|function| function.apply_i32(a, b));
            assert_eq!(values, [and, or, xor, equal]);
        }
    }

    proptest! {
        #[test]
        fn powers_are_repeated_products(a: i32, b in 0i32..200) {
            let product = (0..b).fold(1i32, |product, _| product.wrapping_mul(a));
            prop_assert_eq!(Pow.apply_i32(a, b), product);
        }

        #[test]
        fn remainders_complete_their_quotients(a: i32, b: i32) {
            prop_assume!(b != 0);
            let (a64, b64) = (i64::from(a), i64::from(b));
            prop_assert_eq!(i64::from(Fmod.apply_i32(a, b)), a64 % b64);
            let floor = a64.div_euclid(b64) - i64::from(b64 < 0 && a64.rem_euclid(b64) != 0);
            prop_assert_eq!(i64::from(Mod.apply_i32(a, b)), a64 - b64 * floor);
        }
    }
}

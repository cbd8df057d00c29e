//! The elementwise functions of one real number, shared with the compiler's tables and folding.

use crate::math;
use core::f32::consts::FRAC_1_SQRT_2;

/// √(2/π).
const SQRT_2_OVER_PI: f32 = 0.797_884_6;

/// Elementwise functions; FORMAT.md fixes the order of operations of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Function {
    /// Logistic function.
    Sigmoid = 0,
    /// Hyperbolic tangent.
    Tanh = 1,
    /// Natural exponential.
    Exp = 2,
    /// max(x, 0).
    Relu = 3,
    /// −x.
    Neg = 4,
    /// Magnitude.
    Abs = 5,
    /// −1, 0 or 1.
    Sign = 6,
    /// Square root.
    Sqrt = 7,
    /// Natural logarithm.
    Log = 8,
    /// Error function.
    Erf = 9,
    /// Greatest integer not above x.
    Floor = 10,
    /// Least integer not below x.
    Ceil = 11,
    /// Nearest integer, halves to the even one.
    Round = 12,
    /// Sine.
    Sin = 13,
    /// Cosine.
    Cos = 14,
    /// 1 / x.
    Reciprocal = 15,
    /// ln(1 + eˣ).
    Softplus = 16,
    /// x / (1 + |x|).
    Softsign = 17,
    /// α · x + β between 0 and 1.
    HardSigmoid = 18,
    /// x times x / 6 + 0.5 between 0 and 1.
    HardSwish = 19,
    /// α · (eˣ − 1) below zero, else x.
    Elu = 20,
    /// β · α · (eˣ − 1) up to zero, else β · x.
    Selu = 21,
    /// α · x below zero, else x.
    LeakyRelu = 22,
    /// max(x, 0) + min(α · (e^(x / α) − 1), 0).
    Celu = 23,
    /// x above α, else 0.
    ThresholdedRelu = 24,
    /// x · Φ(x), by the error function.
    Gelu = 25,
    /// x · Φ(x), approximated by the hyperbolic tangent.
    GeluTanh = 26,
    /// x · tanh(softplus(x)).
    Mish = 27,
    /// x · σ(α · x).
    Swish = 28,
    /// x between α and β.
    Clip = 29,
    /// 1 for zero, else 0: the function of truth values.
    Not = 30,
}

/// Functions that link the same code, so that a model links no other: each has a kernel of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Arithmetic and comparisons: those of no other group.
    Basic,
    /// The square root.
    Sqrt,
    /// Of the exponential.
    Exp,
    /// Of the hyperbolic tangent.
    Tanh,
    /// Of the exponential less one.
    Expm1,
    /// The logarithm.
    Log,
    /// Of the error function.
    Erf,
    /// Of the logarithm of one plus an exponential.
    Softplus,
    /// Sine and cosine.
    Sin,
}

impl Group {
    /// All groups.
    const ALL: [Self; 9] = [
        Self::Basic,
        Self::Sqrt,
        Self::Exp,
        Self::Tanh,
        Self::Expm1,
        Self::Log,
        Self::Erf,
        Self::Softplus,
        Self::Sin,
    ];

    /// Its functions, a bit for each code.
    pub const fn functions(self) -> u32 {
        use Function as F;
        match self {
            Self::Basic => {
                let (mut rest, mut others) = (Self::ALL.as_slice(), 0);
                while let [group, tail @ ..] = rest {
                    if !matches!(group, Self::Basic) {
                        others |= group.functions();
                    }
                    rest = tail;
                }
                !others
            }
            Self::Sqrt => set(&[F::Sqrt]),
            Self::Exp => set(&[F::Exp, F::Sigmoid, F::Swish]),
            Self::Tanh => set(&[F::Tanh, F::GeluTanh]),
            Self::Expm1 => set(&[F::Elu, F::Selu, F::Celu]),
            Self::Log => set(&[F::Log]),
            Self::Erf => set(&[F::Erf, F::Gelu]),
            Self::Softplus => set(&[F::Softplus, F::Mish]),
            Self::Sin => set(&[F::Sin, F::Cos]),
        }
    }
}

/// The codes of functions, a bit for each.
const fn set(functions: &[Function]) -> u32 {
    let (mut rest, mut set) = (functions, 0);
    while let [function, tail @ ..] = rest {
        set |= 1 << *function as u32;
        rest = tail;
    }
    set
}

impl Function {
    /// All functions, in the order of their codes.
    pub const ALL: [Self; 31] = [
        Self::Sigmoid,
        Self::Tanh,
        Self::Exp,
        Self::Relu,
        Self::Neg,
        Self::Abs,
        Self::Sign,
        Self::Sqrt,
        Self::Log,
        Self::Erf,
        Self::Floor,
        Self::Ceil,
        Self::Round,
        Self::Sin,
        Self::Cos,
        Self::Reciprocal,
        Self::Softplus,
        Self::Softsign,
        Self::HardSigmoid,
        Self::HardSwish,
        Self::Elu,
        Self::Selu,
        Self::LeakyRelu,
        Self::Celu,
        Self::ThresholdedRelu,
        Self::Gelu,
        Self::GeluTanh,
        Self::Mish,
        Self::Swish,
        Self::Clip,
        Self::Not,
    ];

    /// The function with this code.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }

    /// Whether it takes these parameters: bounds of `Clip` in order and not NaN, others finite.
    #[must_use]
    pub fn takes(self, alpha: f32, beta: f32) -> bool {
        match self {
            // False where either is NaN.
            Self::Clip => alpha <= beta,
            _ => alpha.is_finite() && beta.is_finite(),
        }
    }

    /// The group to which it belongs.
    fn group(self) -> Group {
        let bit = 1 << self as u32;
        let mut others = Group::ALL.into_iter().skip(1);
        others
            .find(|group| group.functions() & bit != 0)
            .unwrap_or(Group::Basic)
    }

    /// Its value. NaN gives a NaN of any payload, but for `Not`.
    #[must_use]
    pub fn apply(self, x: f32, alpha: f32, beta: f32) -> f32 {
        let apply = match self.group() {
            Group::Basic => Self::basic,
            Group::Sqrt => Self::sqrt,
            Group::Exp => Self::exp,
            Group::Tanh => Self::tanh,
            Group::Expm1 => Self::expm1,
            Group::Log => Self::log,
            Group::Erf => Self::erf,
            Group::Softplus => Self::softplus,
            Group::Sin => Self::sin,
        };
        apply(self, x, alpha, beta)
    }

    /// [`Function::apply`] of [`Group::Basic`].
    pub(super) fn basic(self, x: f32, alpha: f32, beta: f32) -> f32 {
        match self {
            Self::Relu => math::max(x, 0.0),
            Self::Neg => -x,
            Self::Abs => x.abs(),
            Self::Sign if x > 0.0 => 1.0,
            Self::Sign if x < 0.0 => -1.0,
            // +0 for both zeros.
            Self::Sign => x + 0.0,
            Self::Floor => math::floor(x),
            Self::Ceil => math::ceil(x),
            Self::Round => math::round_even(x),
            Self::Reciprocal => 1.0 / x,
            Self::Softsign => x / (1.0 + x.abs()),
            Self::HardSigmoid => math::clamp(alpha * x + beta, 0.0, 1.0),
            Self::HardSwish => x * math::clamp(x / 6.0 + 0.5, 0.0, 1.0),
            Self::LeakyRelu if x < 0.0 => alpha * x,
            Self::LeakyRelu => x,
            Self::ThresholdedRelu if x <= alpha => 0.0,
            Self::ThresholdedRelu => x,
            Self::Clip => math::clamp(x, alpha, beta),
            // `Not`, the last of the group.
            _ => f32::from(u8::from(x == 0.0)),
        }
    }

    pub(super) fn sqrt(self, x: f32, _: f32, _: f32) -> f32 {
        math::sqrt(x)
    }

    pub(super) fn exp(self, x: f32, alpha: f32, _: f32) -> f32 {
        match self {
            Self::Exp => math::exp(x),
            Self::Sigmoid => math::sigmoid(x),
            _ => x * math::sigmoid(alpha * x),
        }
    }

    pub(super) fn tanh(self, x: f32, _: f32, _: f32) -> f32 {
        match self {
            Self::Tanh => math::tanh(x),
            _ => {
                let inner = SQRT_2_OVER_PI * (x + 0.044_715 * (x * x * x));
                0.5 * x * (1.0 + math::tanh(inner))
            }
        }
    }

    pub(super) fn expm1(self, x: f32, alpha: f32, beta: f32) -> f32 {
        match self {
            Self::Elu if x < 0.0 => alpha * math::expm1(x),
            Self::Elu => x,
            Self::Selu if x <= 0.0 => beta * (alpha * math::expm1(x)),
            Self::Selu => beta * x,
            _ => math::max(x, 0.0) + math::min(alpha * math::expm1(x / alpha), 0.0),
        }
    }

    pub(super) fn log(self, x: f32, _: f32, _: f32) -> f32 {
        math::ln(x)
    }

    pub(super) fn erf(self, x: f32, _: f32, _: f32) -> f32 {
        match self {
            Self::Erf => math::erf(x),
            _ => 0.5 * x * (1.0 + math::erf(x * FRAC_1_SQRT_2)),
        }
    }

    pub(super) fn softplus(self, x: f32, _: f32, _: f32) -> f32 {
        match self {
            Self::Softplus => math::softplus(x),
            _ => x * math::tanh(math::softplus(x)),
        }
    }

    pub(super) fn sin(self, x: f32, _: f32, _: f32) -> f32 {
        match self {
            Self::Sin => math::sin(x),
            _ => math::cos(x),
        }
    }

    /// Its value of an integer, wrapping; `None` for functions without an integer form.
    #[must_use]
    pub fn apply_i32(self, x: i32) -> Option<i32> {
        Some(match self {
            Self::Neg => x.wrapping_neg(),
            Self::Abs => x.wrapping_abs(),
            Self::Sign => x.signum(),
            Self::Relu => x.max(0),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, Group};

    #[test]
    fn codes_count_from_zero() {
        for (function, code) in Function::ALL.into_iter().zip(0..) {
            assert_eq!(function as u32, code);
            assert_eq!(Function::from_code(code), Some(function));
        }
        assert_eq!(Function::from_code(31), None);
    }

    #[test]
    fn each_function_is_in_one_group() {
        for function in Function::ALL {
            let bit = 1 << function as u32;
            let holds = |group: &Group| group.functions() & bit != 0;
            let groups: std::vec::Vec<Group> = Group::ALL.into_iter().filter(holds).collect();
            assert_eq!(groups, [function.group()], "{function:?}");
        }
    }

    /// The definitions in binary64, written out again.
    fn exact(function: Function, x: f64, a: f64, b: f64) -> f64 {
        use Function::*;
        let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
        let softplus = |x: f64| libm::log1p(libm::exp(x));
        let unit = |x: f64| x.clamp(0.0, 1.0);
        match function {
            Sigmoid => sigmoid(x),
            Tanh => libm::tanh(x),
            Exp => libm::exp(x),
            Relu => x.max(0.0),
            Neg => -x,
            Abs => libm::fabs(x),
            Sign => f64::from((x > 0.0) as i8 - (x < 0.0) as i8),
            Sqrt => libm::sqrt(x),
            Log => libm::log(x),
            Erf => libm::erf(x),
            Floor => libm::floor(x),
            Ceil => libm::ceil(x),
            Round => libm::rint(x),
            Sin => libm::sin(x),
            Cos => libm::cos(x),
            Reciprocal => 1.0 / x,
            Softplus => softplus(x),
            Softsign => x / (1.0 + x.abs()),
            HardSigmoid => unit(a * x + b),
            HardSwish => x * unit(x / 6.0 + 0.5),
            Elu => {
                if x < 0.0 {
                    a * (libm::exp(x) - 1.0)
                } else {
                    x
                }
            }
            Selu => b * if x <= 0.0 { a * libm::exp(x) - a } else { x },
            LeakyRelu => {
                if x < 0.0 {
                    a * x
                } else {
                    x
                }
            }
            Celu => x.max(0.0) + (a * (libm::exp(x / a) - 1.0)).min(0.0),
            ThresholdedRelu => {
                if x > a {
                    x
                } else {
                    0.0
                }
            }
            Gelu => x * 0.5 * libm::erfc(-x / core::f64::consts::SQRT_2),
            GeluTanh => {
                let inner = libm::sqrt(2.0 / core::f64::consts::PI) * (x + 0.044715 * x * x * x);
                0.5 * x * (1.0 + libm::tanh(inner))
            }
            Mish => x * libm::tanh(softplus(x)),
            Swish => x * sigmoid(a * x),
            Clip => x.max(a).min(b),
            Not => f64::from(u8::from(x == 0.0)),
        }
    }

    #[test]
    fn values_are_those_of_the_definitions() {
        for function in Function::ALL {
            for step in -4000..=4000 {
                let x = step as f32 / 256.0;
                if x < 0.0 && matches!(function, Function::Sqrt | Function::Log) {
                    assert!(function.apply(x, 0.0, 0.0).is_nan());
                    continue;
                }
                let (a, b) = (0.75, 1.25);
                let value = f64::from(function.apply(x, a, b));
                let expected = exact(function, x.into(), a.into(), b.into());
                // 1e-6 relative, or of the terms that cancel: Gelu's is x · (1 + erf).
                let near = (value - expected).abs() <= 1e-6 * (1.0 + expected.abs());
                assert!(
                    near || value == expected,
                    "{function:?}({x}) = {value}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn far_from_zero_nothing_overflows_that_has_a_limit() {
        use Function::*;
        let values = [
            (Softplus, 1e30, 1e30),
            (Softplus, -1e30, 0.0),
            (Softplus, f32::INFINITY, f32::INFINITY),
            (Mish, 1e30, 1e30),
            (Elu, -1e30, -1.0),
            (Selu, -1e30, -2.0),
            (Celu, -1e30, -1.0),
            (Round, 2.5, 2.0),
            (Round, -3.5, -4.0),
            (Sign, -0.0, 0.0),
            (ThresholdedRelu, 1.0, 0.0),
            (Clip, 7.0, 2.0),
            (Reciprocal, -0.0, f32::NEG_INFINITY),
            (Log, 0.0, f32::NEG_INFINITY),
        ];
        for (function, x, expected) in values {
            let value = function.apply(x, 1.0, 2.0);
            assert_eq!(
                value.to_bits(),
                expected.to_bits(),
                "{function:?}({x}) = {value}"
            );
        }
    }

    #[test]
    fn integers_wrap() {
        use Function::*;
        for (function, x, expected) in [
            (Neg, i32::MIN, i32::MIN),
            (Abs, i32::MIN, i32::MIN),
            (Abs, -5, 5),
            (Sign, -9, -1),
            (Sign, 0, 0),
            (Relu, -1, 0),
            (Relu, 3, 3),
        ] {
            assert_eq!(function.apply_i32(x), Some(expected));
        }
        assert_eq!(Exp.apply_i32(0), None);
    }

    #[test]
    fn parameters_are_finite_and_bounds_ordered() {
        let (infinity, nan) = (f32::INFINITY, f32::NAN);
        assert!(Function::Clip.takes(-infinity, infinity));
        assert!(!Function::Clip.takes(1.0, 0.0));
        assert!(!Function::Clip.takes(nan, 0.0) && !Function::Clip.takes(0.0, nan));
        assert!(Function::Elu.takes(2.0, 1.0));
        assert!(!Function::Elu.takes(infinity, 0.0) && !Function::Elu.takes(0.0, nan));
    }
}

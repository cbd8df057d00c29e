//! One element at a time, as the operators' formulas read.

use crate::graph::{Binary, Unary};

pub(super) fn unary(kind: Unary, v: f64) -> f64 {
    let sigmoid = |v: f64| 1.0 / (1.0 + libm::exp(-v));
    let softplus = |v: f64| libm::log1p(libm::exp(-v.abs())) + if v > 0.0 { v } else { 0.0 };
    let parameter = f64::from;
    match kind {
        Unary::Relu if v < 0.0 => 0.0,
        Unary::Relu => v,
        Unary::Sigmoid => sigmoid(v),
        Unary::Tanh => libm::tanh(v),
        Unary::Exp => libm::exp(v),
        Unary::Neg => -v,
        Unary::Abs => v.abs(),
        Unary::Sign if v == 0.0 => 0.0,
        Unary::Sign => libm::copysign(1.0, v),
        Unary::Sqrt => libm::sqrt(v),
        Unary::Log => libm::log(v),
        Unary::Erf => libm::erf(v),
        Unary::Floor => libm::floor(v),
        Unary::Ceil => libm::ceil(v),
        Unary::Round => libm::rint(v),
        Unary::Sin => libm::sin(v),
        Unary::Cos => libm::cos(v),
        Unary::Reciprocal => 1.0 / v,
        Unary::Softplus => softplus(v),
        Unary::Softsign => v / (1.0 + v.abs()),
        Unary::HardSigmoid(a, b) => (parameter(a) * v + parameter(b)).clamp(0.0, 1.0),
        Unary::HardSwish => v * (v / 6.0 + 0.5).clamp(0.0, 1.0),
        Unary::Elu(a) if v < 0.0 => parameter(a) * libm::expm1(v),
        Unary::Elu(_) => v,
        Unary::Selu(a, g) if v < 0.0 => parameter(g) * parameter(a) * libm::expm1(v),
        Unary::Selu(_, g) => parameter(g) * v,
        Unary::LeakyRelu(a) if v < 0.0 => parameter(a) * v,
        Unary::LeakyRelu(_) => v,
        Unary::Celu(a) if v < 0.0 => parameter(a) * libm::expm1(v / parameter(a)),
        Unary::Celu(_) => v,
        Unary::ThresholdedRelu(a) if v > parameter(a) => v,
        Unary::ThresholdedRelu(_) => 0.0,
        Unary::Gelu => v / 2.0 * (1.0 + libm::erf(v / libm::sqrt(2.0))),
        Unary::GeluTanh => {
            let inner = libm::sqrt(2.0 / std::f64::consts::PI) * (v + 0.044_715 * v * v * v);
            v / 2.0 * (1.0 + libm::tanh(inner))
        }
        Unary::Mish => v * libm::tanh(softplus(v)),
        Unary::Swish(a) => v * sigmoid(parameter(a) * v),
        Unary::Not => 1.0 - v,
    }
}

/// `whole` divides towards zero.
pub(super) fn binary(kind: Binary, a: f64, b: f64, whole: bool) -> f64 {
    let truth = |holds: bool| f64::from(u8::from(holds));
    match kind {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div if whole => libm::trunc(a / b),
        Binary::Div => a / b,
        Binary::Pow => libm::pow(a, b),
        Binary::Min if a < b || a.is_nan() => a,
        Binary::Min => b,
        Binary::Max if a > b || a.is_nan() => a,
        Binary::Max => b,
        Binary::Mod => a - b * libm::floor(a / b),
        Binary::Fmod => libm::fmod(a, b),
        Binary::Equal => truth(a == b),
        Binary::Greater => truth(a > b),
        Binary::Less => truth(a < b),
        Binary::GreaterOrEqual => truth(a >= b),
        Binary::LessOrEqual => truth(a <= b),
        Binary::And => truth(a != 0.0 && b != 0.0),
        Binary::Or => truth(a != 0.0 || b != 0.0),
        Binary::Xor => truth((a != 0.0) != (b != 0.0)),
        Binary::PRelu if a < 0.0 => a * b,
        Binary::PRelu => a,
    }
}

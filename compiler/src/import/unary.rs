//! Elementwise operators of one operand: a kind and its parameters, with ONNX's defaults.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Unary, ValueId};

pub(super) fn unary(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let kind = kind(site)?;
    let x = site.input(0)?;
    Ok(vec![site.unary(kind, x)?])
}

fn kind(site: &mut Site<'_>) -> Result<Unary> {
    Ok(match site.op_type() {
        "Abs" => Unary::Abs,
        "Ceil" => Unary::Ceil,
        "Celu" => Unary::Celu(site.float("alpha", 1.0)?),
        "Cos" => Unary::Cos,
        "Elu" => Unary::Elu(site.float("alpha", 1.0)?),
        "Erf" => Unary::Erf,
        "Exp" => Unary::Exp,
        "Floor" => Unary::Floor,
        "Gelu" => match site.text("approximate", "none")?.as_str() {
            "none" => Unary::Gelu,
            "tanh" => Unary::GeluTanh,
            other => return Err(Error::input(format!("approximate {other} is unknown"))),
        },
        "HardSigmoid" => {
            let slope = site.float("alpha", 0.2)?;
            Unary::HardSigmoid(slope, site.float("beta", 0.5)?)
        }
        "HardSwish" => Unary::HardSwish,
        "LeakyRelu" => Unary::LeakyRelu(site.float("alpha", 0.01)?),
        "Log" => Unary::Log,
        "Mish" => Unary::Mish,
        "Neg" => Unary::Neg,
        "Not" => Unary::Not,
        "Reciprocal" => Unary::Reciprocal,
        "Relu" => Unary::Relu,
        "Round" => Unary::Round,
        "Selu" => {
            // The constants that make activations normalise themselves; once in fewer digits.
            let (alpha, gamma) = match site.version() {
                ..6 => (1.6732, 1.0507),
                _ => (1.673_263_2, 1.050_701),
            };
            let alpha = site.float("alpha", alpha)?;
            Unary::Selu(alpha, site.float("gamma", gamma)?)
        }
        "Sigmoid" => Unary::Sigmoid,
        "Sign" => Unary::Sign,
        "Sin" => Unary::Sin,
        "Softplus" => Unary::Softplus,
        "Softsign" => Unary::Softsign,
        "Sqrt" => Unary::Sqrt,
        "Swish" => Unary::Swish(site.float("alpha", 1.0)?),
        "Tanh" => Unary::Tanh,
        "ThresholdedRelu" => Unary::ThresholdedRelu(site.float("alpha", 1.0)?),
        other => return Err(Error::input(format!("{other} is no elementwise operator"))),
    })
}

//! Functions of the gates of recurrent operators, by ONNX's names.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Unary, ValueId};

/// A function of a gate, with its parameters.
#[derive(Clone, PartialEq)]
pub(super) struct Activation {
    name: String,
    alpha: f32,
    beta: f32,
}

/// The functions of every direction. Parameters are consumed by those that have them.
pub(super) fn functions(
    site: &mut Site<'_>,
    default: &[&str],
    directions: usize,
) -> Result<Vec<Vec<Activation>>> {
    let listed = site.texts("activations")?;
    let alphas = site.floats("activation_alpha")?.unwrap_or_default();
    let betas = site.floats("activation_beta")?.unwrap_or_default();
    let names = listed.unwrap_or_else(|| {
        let all = std::iter::repeat_n(default, directions).flatten();
        all.map(|&name| name.to_owned()).collect()
    });
    if names.len() != directions * default.len() {
        return Err(Error::input(format!(
            "activations {names:?} for {directions} directions"
        )));
    }
    let (mut alphas, mut betas) = (alphas.into_iter(), betas.into_iter());
    let mut activation = |name: &String| {
        let (alpha, beta) = match name.to_ascii_lowercase().as_str() {
            "affine" | "scaledtanh" => (Some(1.0), Some(if name.len() == 6 { 0.0 } else { 1.0 })),
            "hardsigmoid" => (Some(0.2), Some(0.5)),
            "leakyrelu" => (Some(0.01), None),
            "elu" | "thresholdedrelu" => (Some(1.0), None),
            "relu" | "tanh" | "sigmoid" | "softsign" | "softplus" => (None, None),
            _ => return Err(Error::input(format!("activation {name} is unknown"))),
        };
        let take = |list: &mut std::vec::IntoIter<f32>, default: Option<f32>| match default {
            Some(default) => list.next().unwrap_or(default),
            None => 0.0,
        };
        Ok(Activation {
            name: name.to_ascii_lowercase(),
            alpha: take(&mut alphas, alpha),
            beta: take(&mut betas, beta),
        })
    };
    let all: Vec<Activation> = names.iter().map(&mut activation).collect::<Result<_>>()?;
    Ok(all.chunks(default.len()).map(<[_]>::to_vec).collect())
}

impl Activation {
    /// The function of `x`.
    pub(super) fn apply(&self, site: &mut Site<'_>, x: ValueId) -> Result<ValueId> {
        let (name, alpha, beta) = (&self.name, self.alpha, self.beta);
        let function = match name.as_str() {
            "affine" => {
                let (alpha, beta) = (site.scalar(alpha)?, site.scalar(beta)?);
                let scaled = site.mul(x, alpha)?;
                return site.add(scaled, beta);
            }
            "scaledtanh" => {
                let (alpha, beta) = (site.scalar(alpha)?, site.scalar(beta)?);
                let scaled = site.mul(x, beta)?;
                let tanh = site.unary(Unary::Tanh, scaled)?;
                return site.mul(tanh, alpha);
            }
            "hardsigmoid" => Unary::HardSigmoid(alpha, beta),
            "leakyrelu" => Unary::LeakyRelu(alpha),
            "elu" => Unary::Elu(alpha),
            "thresholdedrelu" => Unary::ThresholdedRelu(alpha),
            "relu" => Unary::Relu,
            "tanh" => Unary::Tanh,
            "softsign" => Unary::Softsign,
            "softplus" => Unary::Softplus,
            _ => Unary::Sigmoid,
        };
        site.unary(function, x)
    }
}

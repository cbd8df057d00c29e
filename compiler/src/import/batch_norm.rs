//! BatchNormalization at inference.
//!
//! `y = (x − mean) · scale / √(variance + ε) + bias` per channel is `x · m + a`: two constants,
//! which `simplify` moves into a product before them. Statistics that are computed at run time
//! are combined there.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Tensor, Unary, ValueId};

pub(super) fn parse(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let epsilon = site.float("epsilon", 1e-5)?;
    site.float("momentum", 0.9)?; // of the training statistics
    // Before operator set 7 an attribute of its own asked for inference.
    let inference = site.int("is_test", 0)? != 0 || site.version() > 6;
    site.ints("consumed_inputs")?; // where results were to be stored
    if site.int("training_mode", 0)? != 0 || !inference {
        return Err(Error::input("batch normalisation in training mode")
            .hint("export the model for inference"));
    }
    if site.int("spatial", 1)? == 0 {
        return Err(
            Error::input("batch statistics for each element (spatial = 0)")
                .hint("export with an operator set of 9 or newer"),
        );
    }
    let x = site.input(0)?;
    let rank = site.shape(0)?.len();
    let operands = [1, 2, 3, 4].map(|index| site.input(index));
    let [scale, bias, mean, variance] = operands;
    let operands = [scale?, bias?, mean?, variance?];
    let (factor, addend) = match folded(site, &operands, epsilon)? {
        Some((factor, addend)) => (site.constant(factor), site.constant(addend)),
        None => at_run_time(site, &operands, epsilon)?,
    };
    let factor = site.per_channel(factor, rank)?;
    let addend = site.per_channel(addend, rank)?;
    let scaled = site.mul(x, factor)?;
    let y = site.add(scaled, addend)?;
    if site.shape_of(y) != site.shape_of(x) {
        return Err(Error::input(format!(
            "statistics for {:?} do not fit {:?}",
            site.shape_of(factor),
            site.shape_of(x)
        )));
    }
    Ok(vec![y])
}

/// Factor and addend per channel, where all statistics are constants.
fn folded(
    site: &Site<'_>,
    operands: &[ValueId; 4],
    epsilon: f32,
) -> Result<Option<(Tensor, Tensor)>> {
    let known = operands.map(|id| site.graph.constant(id).and_then(Tensor::as_f32));
    let [Some(scale), Some(bias), Some(mean), Some(variance)] = known else {
        return Ok(None);
    };
    let count = scale.len();
    if [bias.len(), mean.len(), variance.len()] != [count; 3] {
        return Err(Error::input("the statistics differ in length"));
    }
    let factor = |(s, v): (&f32, &f32)| s / libm::sqrtf(v + epsilon);
    let factors: Vec<f32> = scale.iter().zip(variance).map(factor).collect();
    if factors.iter().any(|factor| !factor.is_finite()) {
        return Err(Error::input("a variance is zero or negative")
            .hint("training went astray, most likely; export a checkpoint from before that"));
    }
    let shifts = bias.iter().zip(mean).zip(&factors);
    let addends = shifts.map(|((b, m), f)| b - m * f).collect();
    let tensor = |values| Tensor::f32(&[count], values);
    Ok(Some((tensor(factors)?, tensor(addends)?)))
}

fn at_run_time(
    site: &mut Site<'_>,
    &[scale, bias, mean, variance]: &[ValueId; 4],
    epsilon: f32,
) -> Result<(ValueId, ValueId)> {
    let epsilon = site.scalar(epsilon)?;
    let sum = site.add(variance, epsilon)?;
    let deviation = site.unary(Unary::Sqrt, sum)?;
    let factor = site.div(scale, deviation)?;
    let shift = site.mul(mean, factor)?;
    Ok((factor, site.sub(bias, shift)?))
}

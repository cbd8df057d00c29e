//! Operators that pass their operand on: identity, and dropout outside training.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Data, Dtype, ValueId};

pub(super) fn identity(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    Ok(vec![site.input(0)?])
}

/// Nothing is dropped, so the mask is all true. In training mode that holds for a ratio of 0.
pub(super) fn dropout(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    site.int("seed", 0)?;
    let ratio = match site.known(1, "ratio")? {
        Some(tensor) => tensor.as_f32().and_then(|items| items.first().copied()),
        None => Some(site.float("ratio", 0.5)?),
    };
    let training = match site.known(2, "training_mode")? {
        Some(tensor) => *tensor.data() != Data::Bool([false].into()),
        None => site.version() < 7 && site.int("is_test", 0)? == 0,
    };
    if training && ratio != Some(0.0) {
        return Err(Error::input("dropout in training mode").hint("export the model for inference"));
    }
    let x = site.input(0)?;
    if site.output_count() < 2 {
        return Ok(vec![x]);
    }
    if site.version() < 10 {
        return Err(Error::input("the mask of an old dropout is a float"));
    }
    let shape = site.shape(0)?;
    let mask = vec![1; site.value(0)?.len()];
    let mask = site.integers(Dtype::Bool, &shape, &mask)?;
    Ok(vec![x, mask])
}

//! Limits: known floats are one `Clip`; integers and limits from run time are `Max`, then `Min`.
//!
//! Where the limits cross, everything becomes the upper one: that is what the order says.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Binary, Clamp, Dtype, Op, ValueId};

pub(super) fn clip(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let x = site.input(0)?;
    if site.version() < 11 {
        let low = site.float("min", f32::NEG_INFINITY)?;
        let high = site.float("max", f32::INFINITY)?;
        return fixed(site, low, high);
    }
    let bounds = [site.optional(1), site.optional(2)];
    let known = |id: &ValueId| site.graph.constant(*id).is_some();
    if site.dtype(0)? == Dtype::F32 && bounds.iter().flatten().all(known) {
        let low = limit(site, 1, "min")?.unwrap_or(f32::NEG_INFINITY);
        let high = limit(site, 2, "max")?.unwrap_or(f32::INFINITY);
        return fixed(site, low, high);
    }
    let mut y = x;
    for (bound, kind) in bounds.into_iter().zip([Binary::Max, Binary::Min]) {
        if let Some(bound) = bound {
            // A bound of one element must not add an axis.
            let bound = site.reshape(bound, vec![])?;
            y = site.binary(kind, y, bound)?;
        }
    }
    Ok(vec![y])
}

fn fixed(site: &mut Site<'_>, low: f32, high: f32) -> Result<Vec<ValueId>> {
    if low.is_nan() || high.is_nan() {
        return Err(Error::input("a limit is not a number"));
    }
    let low = if low > high { high } else { low };
    let x = site.input(0)?;
    Ok(vec![site.emit(Op::Clip(Clamp { low, high }), &[Some(x)])?])
}

fn limit(site: &Site<'_>, index: usize, what: &str) -> Result<Option<f32>> {
    let Some(tensor) = site.known(index, what)? else {
        return Ok(None);
    };
    match tensor.as_f32() {
        Some(&[value]) => Ok(Some(value)),
        _ => Err(Error::input(format!("{what} is not one float"))),
    }
}

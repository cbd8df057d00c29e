//! Constants: given, filled, or counted.

use super::site::Site;
use super::tensor;
use crate::error::{Error, Result};
use crate::graph::{Dtype, Limits, Tensor, ValueId};
use crate::onnx::AttributeType;

pub(super) fn constant(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let found = if let Some(a) = site.attribute("value", AttributeType::Tensor)? {
        let proto = a.t.as_ref().ok_or_else(|| Error::input("an empty value"))?;
        tensor::convert(proto, None, &site.graph.limits)?
    } else if let Some(a) = site.attribute("value_int", AttributeType::Int)? {
        Tensor::i64(&[], vec![a.i])?
    } else if let Some(a) = site.attribute("value_float", AttributeType::Float)? {
        Tensor::f32(&[], vec![a.f])?
    } else if let Some(a) = site.attribute("value_floats", AttributeType::Floats)? {
        Tensor::f32(&[a.floats.len()], a.floats.clone())?
    } else if let Some(list) = site.ints("value_ints")? {
        Tensor::i64(&[list.len()], list)?
    } else {
        return Err(Error::input("a constant without a dense numeric value"));
    };
    Ok(vec![site.constant(found)])
}

/// One element, zero unless given, repeated.
pub(super) fn constant_of_shape(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let value = match site.attribute("value", AttributeType::Tensor)? {
        Some(a) => {
            let proto = a.t.as_ref().ok_or_else(|| Error::input("an empty value"))?;
            tensor::convert(proto, None, &site.graph.limits)?
        }
        None => Tensor::f32(&[1], vec![0.0])?,
    };
    if value.len() != 1 {
        return Err(Error::input("value is not one element"));
    }
    let list = site.known_ints(0, "shape")?;
    let list = list.ok_or_else(|| Error::input("the shape is missing"))?;
    let dim = |&dim: &i64| usize::try_from(dim).map_err(|_| Error::input("a negative dimension"));
    let shape: Vec<usize> = list.iter().map(dim).collect::<Result<_>>()?;
    let count = site.graph.limits.check_shape(&shape, value.dtype())?;
    let filled = value.picked(shape, &vec![0; count])?;
    site.graph.count_folded(&filled)?;
    Ok(vec![site.constant(filled)])
}

/// Evenly spaced numbers from `start` up to, without, `limit`.
pub(super) fn range(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    site.int("stash_type", 1)?; // precision of 16-bit floats, which are kept in 32 bits
    let [start, limit, delta] = ["start", "limit", "delta"];
    let known = |index, what| {
        let found = site.known(index, what)?.filter(|tensor| tensor.len() == 1);
        found.ok_or_else(|| Error::input(format!("{what} is not one number")))
    };
    let bounds = [known(0, start)?, known(1, limit)?, known(2, delta)?];
    let limits = site.graph.limits;
    let tensor = match bounds.map(|tensor| tensor.as_f32()) {
        [Some(&[start]), Some(&[limit]), Some(&[delta])] => {
            let span = (f64::from(limit) - f64::from(start)) / f64::from(delta);
            let count = count(libm::ceil(span), &limits)?;
            let item = |i| start + i as f32 * delta;
            Tensor::f32(&[count], (0..count).map(item).collect())?
        }
        _ => {
            let whole = bounds.map(|tensor| tensor.to_i64().map(|list| list[0]));
            let [Some(start), Some(limit), Some(delta)] = whole else {
                return Err(Error::input("a range of mixed types"));
            };
            let span = (limit as f64 - start as f64) / delta as f64;
            let count = count(libm::ceil(span), &limits)?;
            let item = |i| start.wrapping_add(delta.wrapping_mul(i as i64));
            let items: Vec<i64> = (0..count).map(item).collect();
            Tensor::of(bounds[0].dtype(), &[count], &items)?
        }
    };
    site.graph.count_folded(&tensor)?;
    Ok(vec![site.constant(tensor)])
}

/// How many numbers a range has; a step of zero gives no such number.
fn count(span: f64, limits: &Limits) -> Result<usize> {
    if span.is_nan() || span > limits.tensor_bytes as f64 {
        return Err(Error::input("a range without end"));
    }
    let count = span.max(0.0) as usize;
    limits.check_shape(&[count], Dtype::I64)?;
    Ok(count)
}

//! Padding. Negative amounts crop first; a constant surrounds with [`Op::Pad`]; the other modes
//! read elements again: a gather along each padded axis, by indices that are known.
//!
//! ```text
//! index of position p, n elements, p counted from the first of them:
//! edge:    clamp(p, 0, n−1)
//! wrap:    p mod n
//! reflect: p mod 2(n−1), mirrored in its upper half
//! ```

use super::site::{self, Site, axis};
use crate::error::{Error, Result};
use crate::graph::{Dtype, Op, Pad, ValueId};

/// Elements before and behind an axis.
type Amount = (i64, i64);

/// No axis is padded by more: beyond any limit, and far from overflow.
const MOST: u64 = 1 << 30;

pub(super) fn pad(site: &mut Site<'_>) -> Result<Vec<ValueId>> {
    let amounts = amounts(site)?;
    let mode = site.text("mode", "constant")?;
    let value = if mode == "constant" {
        value(site)?
    } else {
        0.0
    };
    site.float("value", 0.0)?;
    let x = cropped(site, &amounts)?;
    let grown: Vec<Amount> = amounts.iter().map(|a| (a.0.max(0), a.1.max(0))).collect();
    if grown.iter().all(|&amount| amount == (0, 0)) {
        return Ok(vec![x]);
    }
    if mode == "constant" {
        let pad = Pad {
            before: grown.iter().map(|a| a.0 as usize).collect(),
            after: grown.iter().map(|a| a.1 as usize).collect(),
            step: vec![1; grown.len()],
            value,
        };
        return Ok(vec![site.emit(Op::Pad(pad), &[Some(x)])?]);
    }
    let mut y = x;
    for (axis, amount) in grown.into_iter().enumerate() {
        if amount != (0, 0) {
            let length = site.graph.shape(y)[axis];
            let indices = indices(&mode, length, amount, site)?;
            y = site.emit(Op::Gather { axis }, &[Some(y), Some(indices)])?;
        }
    }
    Ok(vec![y])
}

/// Pads of every axis; ONNX lists all beginnings, then all ends.
fn amounts(site: &mut Site<'_>) -> Result<Vec<Amount>> {
    let rank = site.shape(0)?.len();
    let list = site.ints_or_known("pads", 1)?;
    let list = list.ok_or_else(|| Error::input("pads is missing"))?;
    let axes: Vec<usize> = match site.known_ints(3, "axes")? {
        Some(listed) => {
            site::axes(&listed, rank)?; // refuses repetition
            let resolved = listed.iter().map(|&a| axis(a, rank));
            resolved.collect::<Result<_>>()?
        }
        None => (0..rank).collect(),
    };
    let huge = |pad: &i64| pad.unsigned_abs() > MOST;
    if list.len() != 2 * axes.len() || list.iter().any(huge) {
        return Err(Error::input(format!(
            "pads {list:?} for {} axes",
            axes.len()
        )));
    }
    let mut amounts = vec![(0, 0); rank];
    for (index, &axis) in axes.iter().enumerate() {
        amounts[axis] = (list[index], list[axes.len() + index]);
    }
    Ok(amounts)
}

/// What surrounds: a float attribute before operator set 11, then an operand of the data's type.
fn value(site: &mut Site<'_>) -> Result<f32> {
    let Some(tensor) = site.known(2, "constant_value")? else {
        return site.float("value", 0.0);
    };
    let found = match (tensor.as_f32(), tensor.as_bool(), tensor.to_i64()) {
        (Some(&[value]), ..) => Some(value),
        (_, Some(&[truth]), _) => Some(f32::from(u8::from(truth))),
        (.., Some(list)) if list.len() == 1 => {
            let value = list[0] as f32;
            Some(value).filter(|&value| value as i64 == list[0])
        }
        _ => None,
    };
    found.ok_or_else(|| Error::input("constant_value is not one number that a float holds"))
}

/// Negative amounts taken away.
fn cropped(site: &mut Site<'_>, amounts: &[Amount]) -> Result<ValueId> {
    let x = site.input(0)?;
    if amounts.iter().all(|amount| amount.0 >= 0 && amount.1 >= 0) {
        return Ok(x);
    }
    let shape = site.shape(0)?;
    let cut = |pad: i64| pad.min(0).unsigned_abs() as usize;
    let left = |(&dim, &(before, after)): (&usize, &Amount)| {
        let rest = dim.checked_sub(cut(before))?;
        rest.checked_sub(cut(after)).filter(|&rest| rest > 0)
    };
    let lengths: Option<Vec<usize>> = shape.iter().zip(amounts).map(left).collect();
    let lengths = lengths.ok_or_else(|| Error::input("the padding takes everything away"))?;
    let slice = Op::Slice {
        starts: amounts.iter().map(|&(before, _)| cut(before)).collect(),
        steps: vec![1; lengths.len()],
        lengths,
    };
    site.emit(slice, &[Some(x)])
}

/// Which elements of an axis a padded one repeats.
fn indices(mode: &str, length: usize, amount: Amount, site: &mut Site<'_>) -> Result<ValueId> {
    let n = length as i64;
    let period = (2 * (n - 1)).max(1);
    let pick: &dyn Fn(i64) -> i64 = match mode {
        "edge" => &|p| p.clamp(0, n - 1),
        "wrap" => &|p| p.rem_euclid(n),
        "reflect" => &|p| {
            let p = p.rem_euclid(period);
            p.min(period - p).min(n - 1)
        },
        other => return Err(Error::input(format!("mode {other} is unknown"))),
    };
    let total = (amount.0 + amount.1 + n) as usize;
    site.graph.limits.check_shape(&[total], Dtype::I64)?;
    let items: Vec<i64> = (-amount.0..n + amount.1).map(pick).collect();
    site.integers(Dtype::I64, &[total], &items)
}

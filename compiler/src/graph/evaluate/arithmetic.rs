//! Elementwise arithmetic on constants: what shapes and indices are computed with.
//!
//! Integers of every width go through 64 bits; a result that leaves its type is not folded.

use super::stretched_order;
use crate::error::Result;
use crate::graph::output::broadcast;
use crate::graph::{Binary, Data, Tensor, Unary};
use std::cmp::Ordering;

pub(super) fn binary(kind: Binary, a: &Tensor, b: &Tensor) -> Result<Option<Tensor>> {
    let shape = broadcast(a.shape(), b.shape())?;
    let (left, right) = (
        stretched_order(a.shape(), &shape),
        stretched_order(b.shape(), &shape),
    );
    let pairs = || left.iter().copied().zip(right.iter().copied());
    if let (Some(x), Some(y)) = (a.as_bool(), b.as_bool()) {
        let truths: Option<_> = pairs().map(|(i, j)| logic(kind, x[i], y[j])).collect();
        return truths
            .map(|truths| Tensor::new(shape, Data::Bool(truths)))
            .transpose();
    }
    let holds = truth(kind);
    let data = match (a.as_f32(), b.as_f32(), a.to_i64(), b.to_i64()) {
        (Some(a), Some(b), ..) => match holds {
            Some(holds) => {
                let order = pairs().map(|(i, j)| holds(a[i].partial_cmp(&b[j])));
                Data::Bool(order.collect())
            }
            None => match pairs().map(|(i, j)| float(kind, a[i], b[j])).collect() {
                Some(items) => Data::F32(items),
                None => return Ok(None),
            },
        },
        (.., Some(x), Some(y)) if a.dtype() == b.dtype() => match holds {
            Some(holds) => {
                let order = pairs().map(|(i, j)| holds(x[i].partial_cmp(&y[j])));
                Data::Bool(order.collect())
            }
            None => {
                let items = pairs().map(|(i, j)| integer(kind, x[i], y[j]));
                let items: Option<Vec<i64>> = items.collect();
                return Ok(items.and_then(|items| Tensor::of(a.dtype(), &shape, &items).ok()));
            }
        },
        _ => return Ok(None),
    };
    Tensor::new(shape, data).map(Some)
}

/// The few functions that shapes pass through.
pub(super) fn unary(kind: Unary, x: &Tensor) -> Result<Option<Tensor>> {
    let shape = x.shape().to_vec();
    if let (Unary::Not, Some(items)) = (kind, x.as_bool()) {
        let data = Data::Bool(items.iter().map(|item| !item).collect());
        return Tensor::new(shape, data).map(Some);
    }
    if let Some(items) = x.as_f32() {
        let f: fn(f32) -> f32 = match kind {
            Unary::Neg => |v| -v,
            Unary::Abs => f32::abs,
            Unary::Floor => libm::floorf,
            Unary::Ceil => libm::ceilf,
            _ => return Ok(None),
        };
        return Tensor::f32(&shape, items.iter().map(|&v| f(v)).collect()).map(Some);
    }
    let f: fn(i64) -> Option<i64> = match kind {
        Unary::Neg => i64::checked_neg,
        Unary::Abs => i64::checked_abs,
        Unary::Sign => |v| Some(v.signum()),
        Unary::Relu => |v| Some(v.max(0)),
        _ => return Ok(None),
    };
    let items = x.to_i64().unwrap_or_default();
    let items: Option<Vec<i64>> = items.into_iter().map(f).collect();
    Ok(items.and_then(|items| Tensor::of(x.dtype(), &shape, &items).ok()))
}

/// `a` where the condition holds, else `b`; all have been found to broadcast to `shape`.
pub(super) fn choose(
    condition: &Tensor,
    a: &Tensor,
    b: &Tensor,
    shape: &[usize],
) -> Result<Option<Tensor>> {
    let Some(holds) = condition.as_bool() else {
        return Ok(None);
    };
    let which = stretched_order(condition.shape(), shape);
    let (left, right) = (
        stretched_order(a.shape(), shape),
        stretched_order(b.shape(), shape),
    );
    // Both behind each other, so that one picking serves every type.
    let Some(both) = Tensor::joined(&[a, b]) else {
        return Ok(None);
    };
    let pick = |(&at, (&i, &j)): (&usize, (&usize, &usize))| {
        if holds[at] { i } else { a.len() + j }
    };
    let order: Vec<usize> = which
        .iter()
        .zip(left.iter().zip(&right))
        .map(pick)
        .collect();
    both.picked(shape.to_vec(), &order).map(Some)
}

type Holds = fn(Option<Ordering>) -> bool;

/// What a comparison says of an order; none exists beside what is not a number.
fn truth(kind: Binary) -> Option<Holds> {
    Some(match kind {
        Binary::Equal => |order| order.is_some_and(|order| order.is_eq()),
        Binary::Greater => |order| order.is_some_and(|order| order.is_gt()),
        Binary::Less => |order| order.is_some_and(|order| order.is_lt()),
        Binary::GreaterOrEqual => |order| order.is_some_and(|order| order.is_ge()),
        Binary::LessOrEqual => |order| order.is_some_and(|order| order.is_le()),
        _ => return None,
    })
}

fn logic(kind: Binary, a: bool, b: bool) -> Option<bool> {
    Some(match kind {
        Binary::And => a && b,
        Binary::Or => a || b,
        Binary::Xor => a != b,
        Binary::Equal => a == b,
        _ => return None,
    })
}

fn float(kind: Binary, a: f32, b: f32) -> Option<f32> {
    Some(match kind {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Min => qibu::math::min(a, b),
        Binary::Max => qibu::math::max(a, b),
        _ => return None,
    })
}

fn integer(kind: Binary, a: i64, b: i64) -> Option<i64> {
    match kind {
        Binary::Add => a.checked_add(b),
        Binary::Sub => a.checked_sub(b),
        Binary::Mul => a.checked_mul(b),
        Binary::Div => a.checked_div(b),
        Binary::Min => Some(a.min(b)),
        Binary::Max => Some(a.max(b)),
        Binary::Fmod => a.checked_rem(b),
        Binary::Mod => {
            let rest = a.checked_rem(b)?;
            let strays = rest != 0 && (rest < 0) != (b < 0);
            if strays {
                rest.checked_add(b)
            } else {
                Some(rest)
            }
        }
        _ => None,
    }
}

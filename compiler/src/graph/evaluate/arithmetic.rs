//! Elementwise arithmetic on constants: what shapes are computed with.

use super::stretched_order;
use crate::error::Result;
use crate::graph::output::broadcast;
use crate::graph::{Binary, Data, Tensor};

pub(super) fn binary(kind: Binary, a: &Tensor, b: &Tensor) -> Result<Option<Tensor>> {
    let shape = broadcast(a.shape(), b.shape())?;
    let (left, right) = (
        stretched_order(a.shape(), &shape),
        stretched_order(b.shape(), &shape),
    );
    let pairs = || left.iter().copied().zip(right.iter().copied());
    let data = match (a.data(), b.data()) {
        (Data::F32(a), Data::F32(b)) => match truth(kind) {
            Some(holds) => Data::Bool(
                pairs()
                    .map(|(i, j)| holds(a[i].partial_cmp(&b[j])))
                    .collect(),
            ),
            None => {
                let results: Option<Vec<f32>> =
                    pairs().map(|(i, j)| float(kind, a[i], b[j])).collect();
                match results {
                    Some(items) => Data::F32(items.into()),
                    None => return Ok(None),
                }
            }
        },
        (Data::I64(a), Data::I64(b)) => match truth(kind) {
            Some(holds) => Data::Bool(
                pairs()
                    .map(|(i, j)| holds(a[i].partial_cmp(&b[j])))
                    .collect(),
            ),
            None => {
                let results: Option<Vec<i64>> =
                    pairs().map(|(i, j)| integer(kind, a[i], b[j])).collect();
                match results {
                    Some(items) => Data::I64(items.into()),
                    None => return Ok(None),
                }
            }
        },
        _ => return Ok(None),
    };
    Tensor::new(shape, data).map(Some)
}

type Holds = fn(Option<std::cmp::Ordering>) -> bool;

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

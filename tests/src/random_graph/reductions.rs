//! Reductions over any axes, running sums, and what brings a row to a common size.

use super::growth::Growth;
use super::{Grow, Value};
use qibu_compiler::onnx::attribute;

pub(super) const TABLE: &[Grow] = &[reduce, reduce, reduce, softmax, softmax, cumulative];

fn reduce(growth: &mut Growth) -> Option<()> {
    let mut x = growth.real(|_| true)?;
    let rank = x.shape.len();
    if rank == 0 {
        return None;
    }
    let axes = match growth.pick(6) {
        0 => (0..rank).collect(),
        1 if rank == 4 => vec![2, 3],
        _ => growth.some(rank),
    };
    let count: usize = axes.iter().map(|&axis| x.shape[axis]).product();
    let names = [
        "ReduceMean",
        "ReduceMean",
        "ReduceMax",
        "ReduceMin",
        "ReduceSum",
        "ReduceProd",
        "ReduceL1",
        "ReduceL2",
        "ReduceSumSquare",
        "ReduceLogSum",
        "ReduceLogSumExp",
    ];
    let op = growth.one(&names);
    match op {
        "ReduceProd" if count > 6 => return None,
        "ReduceProd" => x = growth.tamed(x, 1.5),
        "ReduceLogSum" => x = growth.positive(&x),
        "ReduceSumSquare" => x = growth.tamed(x, 2.0),
        _ => {}
    }
    let most = count as f32;
    let bound = match op {
        "ReduceSum" | "ReduceL1" => x.bound * most,
        "ReduceProd" => 12.0,
        "ReduceL2" => x.bound * qibu::math::sqrt(most),
        "ReduceSumSquare" => x.bound * x.bound * most,
        "ReduceLogSum" => 6.0,
        "ReduceLogSumExp" => x.bound + 6.0,
        _ => x.bound,
    };
    let keep = growth.chance(50);
    let mut attributes = vec![];
    if !keep || growth.chance(50) {
        attributes.push(attribute::int("keepdims", keep.into()));
    }
    let all = axes.len() == rank && growth.chance(50);
    let listed: Vec<i64> = axes.iter().map(|&axis| growth.signed(axis, rank)).collect();
    let y = if all {
        growth.node(op, &[&x.name], attributes)
    } else {
        let list = growth.list(&listed);
        growth.node(op, &[&x.name, &list], attributes)
    };
    let shape: Vec<usize> = (0..rank)
        .filter(|axis| keep || !axes.contains(axis))
        .map(|axis| {
            if axes.contains(&axis) {
                1
            } else {
                x.shape[axis]
            }
        })
        .collect();
    growth.result(y, &shape, &Value { bound, ..x.clone() });
    Some(())
}

fn softmax(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let rank = x.shape.len();
    let axis = growth.pick(rank);
    let (op, bound) = growth.one(&[("Softmax", 1.0), ("Softmax", 1.0), ("LogSoftmax", 16.0)]);
    let signed = growth.signed(axis, rank);
    let y = growth.node(op, &[&x.name], vec![attribute::int("axis", signed)]);
    growth.result(y, &x.shape, &Value { bound, ..x.clone() });
    Some(())
}

fn cumulative(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let axis = growth.pick(x.shape.len());
    let signed = growth.signed(axis, x.shape.len());
    let list = growth.whole_constant(&[], &[signed]);
    let flag = |growth: &mut Growth, name: &str| attribute::int(name, growth.pick(2) as i64);
    let attributes = vec![flag(growth, "exclusive"), flag(growth, "reverse")];
    let y = growth.node("CumSum", &[&x.name, &list], attributes);
    let bound = x.bound * x.shape[axis] as f32;
    growth.result(y, &x.shape, &Value { bound, ..x.clone() });
    Some(())
}

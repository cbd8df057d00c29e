//! Matrix products, with weights and between values, and a small attention.

use super::elementwise::broadcast;
use super::growth::Growth;
use super::{Grow, Value};
use qibu_compiler::onnx::attribute;

pub(super) const TABLE: &[Grow] = &[dense, dense, left, gemm, gemm, run_time, own, attention];

/// Weights that keep the magnitude of a sum of `terms`.
pub(super) fn fan_in(terms: usize) -> f32 {
    1.7 / qibu::math::sqrt(terms as f32)
}

/// x·w, perhaps + b, perhaps with an activation.
fn dense(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let inner = *x.shape.last()?;
    let outer = growth.between(1, 9);
    let weights = if x.shape.len() > 2 && growth.chance(15) {
        // One matrix for each of the leading axes.
        let mut shape = x.shape[..x.shape.len() - 2].to_vec();
        shape.extend([inner, outer]);
        growth.weights(&shape, fan_in(inner))
    } else {
        growth.weights(&[inner, outer], fan_in(inner))
    };
    let mut y = growth.node("MatMul", &[&x.name, &weights], vec![]);
    if growth.chance(60) {
        let bias = growth.weights(&[outer], 0.5);
        y = match growth.chance(70) {
            true => growth.node("Add", &[&y, &bias], vec![]),
            false => growth.node("Add", &[&bias, &y], vec![]),
        };
    }
    if growth.chance(40) {
        y = growth.node("Relu", &[&y], vec![]);
    }
    let mut shape = x.shape.clone();
    *shape.last_mut()? = outer;
    growth.result(
        y,
        &shape,
        &Value {
            bound: 1.5 * x.bound + 0.5,
            ..x.clone()
        },
    );
    Some(())
}

/// w·x.
fn left(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let vector = x.shape.len() == 1;
    let inner = x.shape[if vector { 0 } else { x.shape.len() - 2 }];
    let outer = growth.between(1, 6);
    let row = growth.chance(20);
    let weights = match row {
        true => growth.weights(&[inner], fan_in(inner)),
        false => growth.weights(&[outer, inner], fan_in(inner)),
    };
    let y = growth.node("MatMul", &[&weights, &x.name], vec![]);
    let mut shape = x.shape.clone();
    let axis = if vector { 0 } else { shape.len() - 2 };
    match row {
        true => {
            shape.remove(axis);
        }
        false => shape[axis] = outer,
    }
    growth.result(
        y,
        &shape,
        &Value {
            bound: 1.5 * x.bound,
            ..x.clone()
        },
    );
    Some(())
}

fn gemm(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| shape.len() == 2)?;
    let mut attributes = vec![];
    let (turned, weights_turned) = (growth.chance(25), growth.chance(50));
    let (rows, inner) = match turned {
        true => (x.shape[1], x.shape[0]),
        false => (x.shape[0], x.shape[1]),
    };
    let outer = growth.between(1, 9);
    let shape = if weights_turned {
        [outer, inner]
    } else {
        [inner, outer]
    };
    let weights = growth.weights(&shape, fan_in(inner));
    if turned {
        attributes.push(attribute::int("transA", 1));
    }
    if weights_turned {
        attributes.push(attribute::int("transB", 1));
    }
    if growth.chance(30) {
        attributes.push(attribute::float("alpha", 0.7));
    }
    if growth.chance(30) {
        attributes.push(attribute::float("beta", -1.3));
    }
    let addend = match growth.pick(6) {
        0 => None,
        1 => Some(growth.weights(&[], 0.5)),
        2 => Some(growth.weights(&[rows, 1], 0.5)),
        3 => Some(growth.weights(&[rows, outer], 0.5)),
        _ => Some(growth.weights(&[outer], 0.5)),
    };
    let mut inputs = vec![x.name.as_str(), &weights];
    inputs.extend(addend.as_deref());
    let mut y = growth.node("Gemm", &inputs, attributes);
    if growth.chance(40) {
        y = growth.node("Relu", &[&y], vec![]);
    }
    growth.result(
        y,
        &[rows, outer],
        &Value {
            bound: 1.5 * x.bound + 0.7,
            ..x.clone()
        },
    );
    Some(())
}

/// Two values that happen to multiply.
fn run_time(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|shape| shape.len() > 1)?;
    let rank = a.shape.len();
    let inner = a.shape[rank - 1];
    let fits = |shape: &[usize]| {
        let split = shape.len().checked_sub(2);
        split.is_some_and(|at| {
            shape[at] == inner && broadcast(&shape[..at], &a.shape[..rank - 2]).is_some()
        })
    };
    let b = match growth.real(fits) {
        Some(b) => b,
        None => {
            let outer = growth.between(1, 5);
            growth.input(&[inner, outer], super::Kind::Real)
        }
    };
    let b = growth.tamed(b, 2.0);
    let y = growth.node("MatMul", &[&a.name, &b.name], vec![]);
    let split = b.shape.len() - 2;
    let mut shape = broadcast(&b.shape[..split], &a.shape[..rank - 2])?;
    shape.extend([a.shape[rank - 2], b.shape[split + 1]]);
    let bound = a.bound * b.bound * qibu::math::sqrt(inner as f32);
    let stepped = a.stepped || b.stepped;
    growth.result(
        y,
        &shape,
        &Value {
            bound,
            stepped,
            ..Value::default()
        },
    );
    Some(())
}

/// A value against itself, transposed.
fn own(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|shape| shape.len() > 1)?;
    let a = growth.tamed(a, 2.0);
    let rank = a.shape.len();
    let mut turned: Vec<i64> = (0..rank as i64).collect();
    turned.swap(rank - 1, rank - 2);
    let b = growth.node(
        "Transpose",
        &[&a.name],
        vec![attribute::ints("perm", &turned)],
    );
    let left = growth.chance(50);
    let (first, second, side) = match left {
        true => (&a.name, &b, a.shape[rank - 2]),
        false => (&b, &a.name, a.shape[rank - 1]),
    };
    let y = growth.node("MatMul", &[first, second], vec![]);
    let mut shape = a.shape.clone();
    (shape[rank - 1], shape[rank - 2]) = (side, side);
    growth.result(
        y,
        &shape,
        &Value {
            bound: 16.0,
            ..a.clone()
        },
    );
    Some(())
}

/// softmax(q·kᵀ/√d)·v, all three from x.
fn attention(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| shape.len() == 3)?;
    let (inner, width) = (x.shape[2], growth.between(2, 5));
    let mut project = || {
        let weights = growth.weights(&[inner, width], fan_in(inner));
        growth.node("MatMul", &[&x.name, &weights], vec![])
    };
    let (q, k, v) = (project(), project(), project());
    let k = growth.node(
        "Transpose",
        &[&k],
        vec![attribute::ints("perm", &[0, 2, 1])],
    );
    let scores = growth.node("MatMul", &[&q, &k], vec![]);
    let factor = growth.real_constant(&[], vec![1.0 / qibu::math::sqrt(width as f32)]);
    let scores = growth.node("Mul", &[&scores, &factor], vec![]);
    let weights = growth.node("Softmax", &[&scores], vec![attribute::int("axis", -1)]);
    let y = growth.node("MatMul", &[&weights, &v], vec![]);
    let shape = [x.shape[0], x.shape[1], width];
    growth.result(
        y,
        &shape,
        &Value {
            bound: 1.5 * x.bound,
            ..x.clone()
        },
    );
    Some(())
}

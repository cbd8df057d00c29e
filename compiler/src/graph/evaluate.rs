//! Values known at compile time: the few operators that shapes and weights pass through.
//!
//! Anything else with constant operands stays a node, which `simplify::fold_by_running` has the
//! runtime compute: folding must not become a second engine.

mod arithmetic;
mod grid;
mod reduce;

use super::{Data, Dtype, Op, Tensor};
use crate::error::Result;

/// The result of `op` on constants, or `None` where it is not one of the foldable operators.
///
/// `shape` is what [`Op::output`] has computed and checked against the limits.
pub(super) fn evaluate(op: &Op, operands: &[&Tensor], shape: &[usize]) -> Result<Option<Tensor>> {
    let (Some(&x), other) = (operands.first(), operands.get(1)) else {
        return Ok(None);
    };
    let folded = match op {
        Op::Identity => Some(x.clone()),
        Op::Reshape { .. } => Some(x.reshaped(shape)?),
        Op::Transpose { permutation } => Some(x.transposed(permutation)),
        Op::Slice { starts, steps, .. } => {
            let order = sliced_order(x.shape(), starts, shape, steps);
            Some(x.picked(shape.to_vec(), &order)?)
        }
        Op::Cast { to } => cast(x, *to)?,
        Op::Gather { axis } => match other {
            Some(indices) => gather(x, indices, *axis, shape)?,
            None => None,
        },
        Op::Concat { axis } => concat(operands, *axis, shape)?,
        Op::Binary(kind) => match other {
            Some(other) => arithmetic::binary(*kind, x, other)?,
            None => None,
        },
        Op::ToGrid(grid, to) => grid::to(grid, *to, x)?,
        Op::FromGrid(grid) => grid::from(grid, x)?,
        Op::Unary(kind) => arithmetic::unary(*kind, x)?,
        Op::Where => match operands {
            [condition, a, b] => arithmetic::choose(condition, a, b, shape)?,
            _ => None,
        },
        Op::Reduce { kind, axes, .. } => reduce::reduce(*kind, axes, x, shape)?,
        Op::Expand { .. } => Some(x.picked(shape.to_vec(), &stretched_order(x.shape(), shape))?),
        _ => None,
    };
    Ok(folded)
}

/// Flat index of each element of a slice.
fn sliced_order(
    shape: &[usize],
    starts: &[usize],
    lengths: &[usize],
    steps: &[isize],
) -> Vec<usize> {
    let mut order = vec![0usize];
    for axis in 0..shape.len() {
        let at = |index: usize| (starts[axis] as isize + index as isize * steps[axis]) as usize;
        order = order
            .iter()
            .flat_map(|&base| (0..lengths[axis]).map(move |i| base * shape[axis] + at(i)))
            .collect();
    }
    order
}

fn cast(x: &Tensor, to: Dtype) -> Result<Option<Tensor>> {
    if x.dtype() == to {
        return Ok(Some(x.clone()));
    }
    let values = match (x.to_i64(), x.as_bool(), x.as_f32()) {
        (Some(values), ..) => values,
        (_, Some(truths), _) => truths.iter().map(|&truth| i64::from(truth)).collect(),
        (.., Some(floats)) if to == Dtype::Bool => {
            floats.iter().map(|&v| i64::from(v != 0.0)).collect()
        }
        // Truncation; outside this range the result is open.
        (.., Some(floats)) if floats.iter().all(|v| v.abs() < 9e18) => {
            floats.iter().map(|&v| v as i64).collect()
        }
        _ => return Ok(None),
    };
    let narrow = || values.iter().map(|&value| i32::try_from(value).ok());
    let data = match to {
        Dtype::I64 => Data::I64(values.into()),
        Dtype::F32 => Data::F32(values.iter().map(|&value| value as f32).collect()),
        Dtype::Bool => Data::Bool(values.iter().map(|&value| value != 0).collect()),
        Dtype::I32 => match narrow().collect::<Option<Vec<i32>>>() {
            Some(items) => Data::I32(items.into()),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Tensor::new(x.shape().to_vec(), data).map(Some)
}

fn gather(x: &Tensor, indices: &Tensor, axis: usize, shape: &[usize]) -> Result<Option<Tensor>> {
    let length = x.shape()[axis];
    let Some(indices) = indices.to_i64() else {
        return Ok(None);
    };
    let resolve = |&index: &i64| {
        let wrapped = if index < 0 {
            index.checked_add(i64::try_from(length).ok()?)?
        } else {
            index
        };
        usize::try_from(wrapped)
            .ok()
            .filter(|&index| index < length)
    };
    let Some(rows) = indices.iter().map(resolve).collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let inner: usize = x.shape()[axis + 1..].iter().product();
    let outer: usize = x.shape()[..axis].iter().product();
    let mut order = Vec::new();
    for block in 0..outer {
        for &row in &rows {
            let base = (block * length + row) * inner;
            order.extend(base..base + inner);
        }
    }
    x.picked(shape.to_vec(), &order).map(Some)
}

/// Joins tensors of one type along any axis.
fn concat(operands: &[&Tensor], axis: usize, shape: &[usize]) -> Result<Option<Tensor>> {
    let Some(all) = Tensor::joined(operands) else {
        return Ok(None);
    };
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let mut order = Vec::new();
    for block in 0..outer {
        let mut start = 0;
        for operand in operands {
            let width = operand.shape()[axis] * inner;
            order.extend(start + block * width..start + (block + 1) * width);
            start += operand.len();
        }
    }
    all.picked(shape.to_vec(), &order).map(Some)
}

/// For each element of `target`, the flat index in a tensor of `shape` broadcast to it.
pub(crate) fn stretched_order(shape: &[usize], target: &[usize]) -> Vec<usize> {
    let missing = target.len() - shape.len();
    let mut order = vec![0usize];
    for (axis, &length) in target.iter().enumerate() {
        let own = if axis < missing {
            1
        } else {
            shape[axis - missing]
        };
        order = order
            .iter()
            .flat_map(|&base| (0..length).map(move |i| base * own + if own == 1 { 0 } else { i }))
            .collect();
    }
    order
}

//! Operators that compositions are made of, for the interpreter: all types, as doubles.

use super::interpreter::{each, flat};
use crate::graph::{Data, Dtype, Grid, Norm, Op, Tensor};

/// Elements of any type, each of which a double holds.
fn numbers(tensor: &Tensor) -> Vec<f64> {
    match tensor.data() {
        Data::F32(items) => items.iter().map(|&v| v.into()).collect(),
        Data::Bool(items) => items.iter().map(|&v| f64::from(u8::from(v))).collect(),
        _ => tensor.to_i64().unwrap().iter().map(|&v| v as f64).collect(),
    }
}

fn tensor(shape: &[usize], values: &[f64], dtype: Dtype) -> Tensor {
    let data = match dtype {
        Dtype::F32 => Data::F32(values.iter().map(|&v| v as f32).collect()),
        Dtype::I64 => Data::I64(values.iter().map(|&v| v as i64).collect()),
        Dtype::I32 => Data::I32(values.iter().map(|&v| v as i32).collect()),
        Dtype::I8 => Data::I8(values.iter().map(|&v| v as i8).collect()),
        Dtype::U8 => Data::U8(values.iter().map(|&v| v as u8).collect()),
        Dtype::Bool => Data::Bool(values.iter().map(|&v| v != 0.0).collect()),
    };
    Tensor::new(shape.to_vec(), data).unwrap()
}

pub(super) fn compute(op: &Op, x: &[&Tensor], out: &[usize], dtype: Dtype) -> Vec<Tensor> {
    let values = match op {
        Op::Normalise(n) => {
            let width = *out.last().unwrap();
            let all = numbers(x[0]);
            let rows = all.chunks(width);
            rows.flat_map(|row| normalised(row, n.by, n.epsilon.into()))
                .collect()
        }
        Op::MatMul | Op::Products => each(out, |at| {
            let rank = out.len();
            let depth = *x[0].shape().last().unwrap();
            let mut sum = 0.0;
            for k in 0..depth {
                let mut b = at.to_vec();
                let (row, column) = (at[rank - 2], at[rank - 1]);
                let mut a = at.to_vec();
                (a[rank - 2], a[rank - 1]) = (row, k);
                (b[rank - 2], b[rank - 1]) = match op {
                    Op::MatMul => (k, column),
                    _ => (column, k),
                };
                sum += matrix_element(x[0], &a) * matrix_element(x[1], &b);
            }
            sum
        }),
        Op::Snap(grid) => on_grid(grid, x[0], |v, s, z| (steps(v, s, z, grid) - z) * s),
        Op::ToGrid(grid, _) => on_grid(grid, x[0], |v, s, z| steps(v, s, z, grid)),
        Op::FromGrid(grid) => on_grid(grid, x[0], |v, s, z| (v - z) * s),
        other => panic!("the test interpreter lacks {other}"),
    };
    vec![tensor(out, &values, dtype)]
}

/// An element of a matrix under leading axes that are broadcast.
fn matrix_element(x: &Tensor, at: &[usize]) -> f64 {
    let shape = x.shape();
    let own = &at[at.len() - shape.len()..];
    let heads = shape.len() - 2;
    let place = |axis: usize| match axis < heads && shape[axis] == 1 {
        true => 0,
        false => own[axis],
    };
    let at: Vec<usize> = (0..shape.len()).map(place).collect();
    numbers(x)[flat(shape, &at)]
}

/// Half to even, as floats divide.
fn steps(v: f64, scale: f64, zero: f64, grid: &Grid) -> f64 {
    let integer = libm::rint(f64::from(v as f32 / scale as f32)) + zero;
    integer.max(grid.low.into()).min(grid.high.into())
}

fn on_grid(grid: &Grid, x: &Tensor, f: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
    let mut values = numbers(x).into_iter();
    each(x.shape(), |at| {
        let index = if grid.scale.len() == 1 {
            0
        } else {
            at[grid.axis]
        };
        let (scale, zero) = (grid.scale[index], grid.zero_point[index]);
        f(values.next().unwrap(), scale.into(), zero.into())
    })
}

fn normalised(row: &[f64], by: Norm, epsilon: f64) -> Vec<f64> {
    let count = row.len() as f64;
    let mean = match by {
        Norm::Deviation => row.iter().sum::<f64>() / count,
        _ => 0.0,
    };
    let centred: Vec<f64> = row.iter().map(|v| v - mean).collect();
    let squares: f64 = centred.iter().map(|v| v * v).sum();
    let size = match by {
        Norm::Deviation | Norm::RootMeanSquare => libm::sqrt(squares / count + epsilon),
        Norm::Euclidean => libm::sqrt(squares + epsilon),
        Norm::Absolute => centred.iter().map(|v| v.abs()).sum(),
    };
    let divided = |v: &f64| if size == 0.0 { 0.0 } else { v / size };
    centred.iter().map(divided).collect()
}

//! Elements of any type as double-precision numbers: exact for every integer that tests use.

use super::{each, flat};
use crate::graph::{Data, Dtype, Tensor};

pub(super) fn numbers(tensor: &Tensor) -> Vec<f64> {
    match tensor.data() {
        Data::F32(items) => items.iter().map(|&v| f64::from(v)).collect(),
        Data::I64(items) => items.iter().map(|&v| v as f64).collect(),
        Data::I32(items) => items.iter().map(|&v| f64::from(v)).collect(),
        Data::I8(items) => items.iter().map(|&v| f64::from(v)).collect(),
        Data::U8(items) => items.iter().map(|&v| f64::from(v)).collect(),
        Data::Bool(items) => items.iter().map(|&v| f64::from(u8::from(v))).collect(),
    }
}

/// The inverse: integers are truncated and wrap.
pub(super) fn tensor(dtype: Dtype, shape: &[usize], values: &[f64]) -> Tensor {
    let data = match dtype {
        Dtype::F32 => Data::F32(values.iter().map(|&v| v as f32).collect()),
        Dtype::I64 => Data::I64(values.iter().map(|&v| v as i64).collect()),
        Dtype::I32 => Data::I32(values.iter().map(|&v| v as i64 as i32).collect()),
        Dtype::I8 => Data::I8(values.iter().map(|&v| v as i64 as i8).collect()),
        Dtype::U8 => Data::U8(values.iter().map(|&v| v as i64 as u8).collect()),
        Dtype::Bool => Data::Bool(values.iter().map(|&v| v != 0.0).collect()),
    };
    Tensor::new(shape.to_vec(), data).unwrap()
}

/// A tensor's numbers with their shape.
pub(super) struct View {
    pub(super) shape: Vec<usize>,
    pub(super) items: Vec<f64>,
}

impl View {
    pub(super) fn of(tensor: &Tensor) -> Self {
        Self {
            shape: tensor.shape().to_vec(),
            items: numbers(tensor),
        }
    }

    pub(super) fn at(&self, at: &[usize]) -> f64 {
        self.items[flat(&self.shape, at)]
    }

    /// The element at `at` of this tensor broadcast to that index's rank.
    pub(super) fn stretched(&self, at: &[usize]) -> f64 {
        let own = &at[at.len() - self.shape.len()..];
        let pairs = own.iter().zip(&self.shape);
        let at: Vec<usize> = pairs.map(|(&i, &d)| if d == 1 { 0 } else { i }).collect();
        self.at(&at)
    }

    /// The elements along `axis` through `at`.
    pub(super) fn line(&self, axis: usize, at: &[usize]) -> Vec<f64> {
        let mut at = at.to_vec();
        let mut item = |i| {
            at[axis] = i;
            self.at(&at)
        };
        (0..self.shape[axis]).map(&mut item).collect()
    }

    /// Every index of the tensor in order.
    pub(super) fn indices(&self) -> Vec<Vec<usize>> {
        each(&self.shape, |at| at.to_vec())
    }
}

//! Constant tensors: shape and shared data.

use crate::error::{Error, Result};
use std::sync::Arc;

/// Element types of the graph. Wider and rarer ONNX types become one of these at import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dtype {
    /// 32-bit float; float16, bfloat16 and double become this.
    F32,
    /// 64-bit integer: ids, shapes, indices.
    I64,
    /// 32-bit integer; 16-bit and unsigned 32-bit integers become this or [`Dtype::I64`].
    I32,
    /// 8-bit integer.
    I8,
    /// 8-bit unsigned integer.
    U8,
    /// Truth value.
    Bool,
}

impl Dtype {
    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// Name as displayed: `f32`, `i64`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::Bool => "bool",
        }
    }
}

/// Elements of a constant, row-major, shared: copying a graph copies no weights.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// See [`Dtype::F32`].
    F32(Arc<[f32]>),
    /// See [`Dtype::I64`].
    I64(Arc<[i64]>),
    /// See [`Dtype::I32`].
    I32(Arc<[i32]>),
    /// See [`Dtype::I8`].
    I8(Arc<[i8]>),
    /// See [`Dtype::U8`].
    U8(Arc<[u8]>),
    /// See [`Dtype::Bool`].
    Bool(Arc<[bool]>),
}

/// A constant: shape and as many elements as the shape says.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

/// Applies one generic expression to whichever element type `$data` has, keeping the type.
macro_rules! map_data {
    ($data:expr, $items:ident => $body:expr) => {
        match $data {
            Data::F32($items) => Data::F32($body),
            Data::I64($items) => Data::I64($body),
            Data::I32($items) => Data::I32($body),
            Data::I8($items) => Data::I8($body),
            Data::U8($items) => Data::U8($body),
            Data::Bool($items) => Data::Bool($body),
        }
    };
}

impl Tensor {
    /// A tensor of `shape`; an error if `data` has another number of elements.
    pub fn new(shape: Vec<usize>, data: Data) -> Result<Self> {
        let tensor = Self { shape, data };
        let expected = tensor
            .shape
            .iter()
            .try_fold(1usize, |product, &dim| product.checked_mul(dim));
        if expected == Some(tensor.len()) {
            return Ok(tensor);
        }
        Err(Error::input(format!(
            "a tensor of shape {:?} holds {} elements",
            tensor.shape,
            tensor.len()
        )))
    }

    /// A float tensor; an error if the number of values does not fit the shape.
    pub fn f32(shape: &[usize], values: Vec<f32>) -> Result<Self> {
        Self::new(shape.to_vec(), Data::F32(values.into()))
    }

    /// An int64 tensor; an error if the number of values does not fit the shape.
    pub fn i64(shape: &[usize], values: Vec<i64>) -> Result<Self> {
        Self::new(shape.to_vec(), Data::I64(values.into()))
    }

    /// A tensor of any type whose elements are these integers; an error if one does not fit.
    pub fn of(dtype: Dtype, shape: &[usize], values: &[i64]) -> Result<Self> {
        fn narrow<T: TryFrom<i64>>(values: &[i64]) -> Option<Arc<[T]>> {
            values.iter().map(|&v| T::try_from(v).ok()).collect()
        }
        let data = match dtype {
            Dtype::F32 => Some(Data::F32(values.iter().map(|&v| v as f32).collect())),
            Dtype::I64 => Some(Data::I64(values.into())),
            Dtype::I32 => narrow(values).map(Data::I32),
            Dtype::I8 => narrow(values).map(Data::I8),
            Dtype::U8 => narrow(values).map(Data::U8),
            Dtype::Bool => Some(Data::Bool(values.iter().map(|&v| v != 0).collect())),
        };
        let data = data.ok_or_else(|| {
            Error::input(format!("an element leaves the range of {}", dtype.name()))
        })?;
        Self::new(shape.to_vec(), data)
    }

    /// Element type.
    pub fn dtype(&self) -> Dtype {
        match &self.data {
            Data::F32(_) => Dtype::F32,
            Data::I64(_) => Dtype::I64,
            Data::I32(_) => Dtype::I32,
            Data::I8(_) => Dtype::I8,
            Data::U8(_) => Dtype::U8,
            Data::Bool(_) => Dtype::Bool,
        }
    }

    /// Shape; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Elements with their type.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.data {
            Data::F32(items) => items.len(),
            Data::I64(items) => items.len(),
            Data::I32(items) => items.len(),
            Data::I8(items) => items.len(),
            Data::U8(items) => items.len(),
            Data::Bool(items) => items.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements of a float tensor.
    pub fn as_f32(&self) -> Option<&[f32]> {
        match &self.data {
            Data::F32(items) => Some(items),
            _ => None,
        }
    }

    /// The elements of any integer tensor, widened.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        match &self.data {
            Data::I64(items) => Some(items.to_vec()),
            Data::I32(items) => Some(items.iter().map(|&item| i64::from(item)).collect()),
            Data::I8(items) => Some(items.iter().map(|&item| i64::from(item)).collect()),
            Data::U8(items) => Some(items.iter().map(|&item| i64::from(item)).collect()),
            Data::F32(_) | Data::Bool(_) => None,
        }
    }

    /// The elements of a tensor of truth values.
    pub fn as_bool(&self) -> Option<&[bool]> {
        match &self.data {
            Data::Bool(items) => Some(items),
            _ => None,
        }
    }

    /// The same elements under another shape of the same length; shares the data.
    pub fn reshaped(&self, shape: &[usize]) -> Result<Self> {
        Self::new(shape.to_vec(), self.data.clone())
    }

    /// The elements of several tensors of one type behind each other, as one vector.
    pub(crate) fn joined(tensors: &[&Self]) -> Option<Self> {
        fn join<'a, T: Copy + 'a>(
            tensors: &[&'a Tensor],
            items: impl Fn(&'a Data) -> Option<&'a [T]>,
        ) -> Option<Arc<[T]>> {
            let parts: Option<Vec<&[T]>> = tensors.iter().map(|t| items(&t.data)).collect();
            Some(parts?.concat().into())
        }
        macro_rules! joined {
            ($kind:ident) => {
                Data::$kind(join(tensors, |data| match data {
                    Data::$kind(items) => Some(items),
                    _ => None,
                })?)
            };
        }
        let data = match tensors.first()?.data {
            Data::F32(_) => joined!(F32),
            Data::I64(_) => joined!(I64),
            Data::I32(_) => joined!(I32),
            Data::I8(_) => joined!(I8),
            Data::U8(_) => joined!(U8),
            Data::Bool(_) => joined!(Bool),
        };
        let length = tensors.iter().map(|tensor| tensor.len()).sum();
        Self::new(vec![length], data).ok()
    }

    /// Axes reordered: output axis `i` is input axis `permutation[i]`.
    pub fn transposed(&self, permutation: &[usize]) -> Self {
        let order = transposed_order(&self.shape, permutation);
        let data =
            map_data!(&self.data, items => order.iter().map(|&index| items[index]).collect());
        let shape = permutation.iter().map(|&axis| self.shape[axis]).collect();
        Self { shape, data }
    }

    /// Elements picked by flat index, under a new shape; indices must be in range.
    pub(crate) fn picked(&self, shape: Vec<usize>, order: &[usize]) -> Result<Self> {
        let data =
            map_data!(&self.data, items => order.iter().map(|&index| items[index]).collect());
        Self::new(shape, data)
    }
}

/// For each element of the transposed tensor, in order, its flat index in the original.
pub(crate) fn transposed_order(shape: &[usize], permutation: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    let mut order = vec![0usize];
    for &axis in permutation {
        let step = strides[axis];
        order = order
            .iter()
            .flat_map(|&base| (0..shape[axis]).map(move |index| base + index * step))
            .collect();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transpose_reorders_elements() {
        let tensor = Tensor::i64(&[2, 3], vec![1, 2, 3, 4, 5, 6]).unwrap();
        let turned = tensor.transposed(&[1, 0]);
        assert_eq!(
            turned,
            Tensor::i64(&[3, 2], vec![1, 4, 2, 5, 3, 6]).unwrap()
        );
    }

    #[test]
    fn length_must_fit_shape() {
        assert!(Tensor::f32(&[2, 2], vec![0.0; 3]).is_err());
        assert!(Tensor::f32(&[usize::MAX, 2], vec![]).is_err());
    }
}

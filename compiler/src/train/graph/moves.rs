//! The operators that only move elements, each with the shape of its result.

use super::{Graph, V};
use crate::onnx::{DataType, attribute};

impl Graph {
    /// The same elements in another shape.
    pub fn reshape(&mut self, x: V, shape: &[usize]) -> V {
        if self.shape(x) == shape {
            return x;
        }
        let element = self.values[x.0].element;
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        assert_eq!(size(self.shape(x)), size(shape), "reshape to {shape:?}");
        let dims: Vec<i64> = shape.iter().map(|&dim| dim as i64).collect();
        let dims = self.integer_list(&dims);
        self.op("Reshape", &[x, dims], Vec::new(), shape, element)
    }

    /// The axes in another order.
    pub fn transpose(&mut self, x: V, order: &[usize]) -> V {
        let shape: Vec<usize> = order.iter().map(|&axis| self.shape(x)[axis]).collect();
        let order: Vec<i64> = order.iter().map(|&axis| axis as i64).collect();
        let attributes = vec![attribute::ints("perm", &order)];
        self.op("Transpose", &[x], attributes, &shape, self.float)
    }

    /// `x` repeated to `shape`.
    pub fn expand(&mut self, x: V, shape: &[usize]) -> V {
        if self.shape(x) == shape {
            return x;
        }
        let element = self.values[x.0].element;
        let dims: Vec<i64> = shape.iter().map(|&dim| dim as i64).collect();
        let dims = self.integer_list(&dims);
        self.op("Expand", &[x, dims], Vec::new(), shape, element)
    }

    /// `parts` one after the other along `axis`.
    pub fn concat(&mut self, parts: &[V], axis: usize) -> V {
        let mut shape = self.shape(parts[0]).to_vec();
        shape[axis] = parts.iter().map(|&part| self.shape(part)[axis]).sum();
        let attributes = vec![attribute::int("axis", axis as i64)];
        self.op("Concat", parts, attributes, &shape, self.float)
    }

    /// Elements `from..to` along `axis`.
    pub fn slice(&mut self, x: V, axis: usize, from: usize, to: usize) -> V {
        let mut shape = self.shape(x).to_vec();
        shape[axis] = to - from;
        let bounds = [from, to, axis].map(|bound| self.integer_list(&[bound as i64]));
        let inputs = [x, bounds[0], bounds[1], bounds[2]];
        self.op("Slice", &inputs, Vec::new(), &shape, self.float)
    }

    /// Consecutive pieces of the given sizes along `axis`.
    pub fn split(&mut self, x: V, axis: usize, sizes: &[usize]) -> Vec<V> {
        let list: Vec<i64> = sizes.iter().map(|&size| size as i64).collect();
        let list = self.integer_list(&list);
        let shape = self.shape(x).to_vec();
        let results: Vec<_> = sizes
            .iter()
            .map(|&size| {
                let mut shape = shape.clone();
                shape[axis] = size;
                (shape, self.float)
            })
            .collect();
        let attributes = vec![attribute::int("axis", axis as i64)];
        self.op_many("Split", &[x, list], attributes, &results)
    }

    /// Zeros, made when they are needed.
    pub fn zeros(&mut self, shape: &[usize]) -> V {
        let dims: Vec<i64> = shape.iter().map(|&dim| dim as i64).collect();
        let dims = self.integer_list(&dims);
        let attributes = match self.float {
            DataType::Double => {
                let zero = crate::onnx::TensorProto {
                    dims: vec![1],
                    data_type: DataType::Double as i32,
                    raw_data: vec![0; 8],
                    ..Default::default()
                };
                vec![attribute::tensor("value", zero)]
            }
            _ => Vec::new(),
        };
        self.op("ConstantOfShape", &[dims], attributes, shape, self.float)
    }
}

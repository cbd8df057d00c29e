//! The operators that compute, each with the shape of its result.

use super::{Graph, V};
use crate::onnx::{DataType, attribute};

impl Graph {
    fn float_op(&mut self, op: &'static str, inputs: &[V], shape: &[usize]) -> V {
        self.op(op, inputs, Vec::new(), shape, self.float)
    }

    fn unary(&mut self, op: &'static str, x: V) -> V {
        let shape = self.shape(x).to_vec();
        self.float_op(op, &[x], &shape)
    }

    fn binary(&mut self, op: &'static str, a: V, b: V) -> V {
        let shape = broadcast(self.shape(a), self.shape(b));
        self.float_op(op, &[a, b], &shape)
    }

    /// `a + b`, broadcast.
    pub fn add(&mut self, a: V, b: V) -> V {
        self.binary("Add", a, b)
    }

    /// `a − b`, broadcast.
    pub fn sub(&mut self, a: V, b: V) -> V {
        self.binary("Sub", a, b)
    }

    /// `a · b`, broadcast.
    pub fn mul(&mut self, a: V, b: V) -> V {
        self.binary("Mul", a, b)
    }

    /// `a / b`, broadcast.
    pub fn div(&mut self, a: V, b: V) -> V {
        self.binary("Div", a, b)
    }

    /// The larger of `a` and `b`, broadcast.
    pub fn max(&mut self, a: V, b: V) -> V {
        self.binary("Max", a, b)
    }

    /// `x · factor`.
    pub fn scale(&mut self, x: V, factor: f32) -> V {
        let factor = self.scalar(factor);
        self.mul(x, factor)
    }

    /// `−x`.
    pub fn neg(&mut self, x: V) -> V {
        self.unary("Neg", x)
    }

    /// `eˣ`.
    pub fn exp(&mut self, x: V) -> V {
        self.unary("Exp", x)
    }

    /// `ln x`.
    pub fn log(&mut self, x: V) -> V {
        self.unary("Log", x)
    }

    /// `√x`.
    pub fn sqrt(&mut self, x: V) -> V {
        self.unary("Sqrt", x)
    }

    /// `1 / (1 + e⁻ˣ)`.
    pub fn sigmoid(&mut self, x: V) -> V {
        self.unary("Sigmoid", x)
    }

    /// `tanh x`.
    pub fn tanh(&mut self, x: V) -> V {
        self.unary("Tanh", x)
    }

    /// `max(x, 0)`.
    pub fn relu(&mut self, x: V) -> V {
        self.unary("Relu", x)
    }

    /// 1 where `a > b`, else 0, as floats.
    pub fn greater(&mut self, a: V, b: V) -> V {
        let shape = broadcast(self.shape(a), self.shape(b));
        let mask = self.op("Greater", &[a, b], Vec::new(), &shape, DataType::Bool);
        let to = attribute::int("to", self.float as i64);
        self.op("Cast", &[mask], vec![to], &shape, self.float)
    }

    /// Softmax along the last axis.
    pub fn softmax(&mut self, x: V) -> V {
        let shape = self.shape(x).to_vec();
        let axis = attribute::int("axis", -1);
        self.op("Softmax", &[x], vec![axis], &shape, self.float)
    }

    /// Logarithm of the softmax along the last axis.
    pub fn log_softmax(&mut self, x: V) -> V {
        let shape = self.shape(x).to_vec();
        let axis = attribute::int("axis", -1);
        self.op("LogSoftmax", &[x], vec![axis], &shape, self.float)
    }

    /// `A·B (+ C)`, `A` and `B` transposed where asked.
    pub fn gemm(&mut self, a: V, b: V, c: Option<V>, transpose: [bool; 2]) -> V {
        let [mut rows, mut inner] = self.matrix(a);
        let [mut inner_b, mut columns] = self.matrix(b);
        if transpose[0] {
            (rows, inner) = (inner, rows);
        }
        if transpose[1] {
            (inner_b, columns) = (columns, inner_b);
        }
        assert_eq!(inner, inner_b, "inner dimensions of a Gemm");
        let mut attributes = Vec::new();
        for (name, on) in ["transA", "transB"].iter().zip(transpose) {
            if on {
                attributes.push(attribute::int(name, 1));
            }
        }
        let inputs: Vec<V> = [Some(a), Some(b), c].into_iter().flatten().collect();
        self.op("Gemm", &inputs, attributes, &[rows, columns], self.float)
    }

    /// `Aₙ·Bₙ` for every matrix of two stacks `[N, …, …]`.
    pub fn matmul(&mut self, a: V, b: V) -> V {
        let [[n, rows, inner], [m, inner_b, columns]] = [a, b].map(|x| match *self.shape(x) {
            [n, rows, columns] => [n, rows, columns],
            _ => panic!("a stack of matrices has three dimensions"),
        });
        assert_eq!((n, inner), (m, inner_b), "stacks of a MatMul");
        self.float_op("MatMul", &[a, b], &[n, rows, columns])
    }

    /// The largest along `axes`, kept as ones, as a constant: nothing flows back through it. For
    /// factors that are taken out and put back, which the result does not depend on.
    pub fn detached_max(&mut self, x: V, axes: &[usize]) -> V {
        self.fused("DetachedMax", &[x], |graph| {
            vec![graph.reduce("ReduceMax", x, axes)]
        })[0]
    }

    /// `x·Wᵀ + bias`: a dense layer with its weights stored `[out, in]`.
    pub fn dense(&mut self, x: V, weight: V, bias: V) -> V {
        self.gemm(x, weight, Some(bias), [false, true])
    }

    /// One-dimensional convolution of `[B, C, T]` that keeps `T`; odd kernels only.
    pub fn conv(&mut self, x: V, weight: V, bias: V) -> V {
        let kernel = self.shape(weight)[2];
        let shape = [self.shape(x)[0], self.shape(weight)[0], self.shape(x)[2]];
        let pad = (kernel / 2) as i64;
        let attributes = vec![
            attribute::ints("kernel_shape", &[kernel as i64]),
            attribute::ints("pads", &[pad, pad]),
        ];
        self.op("Conv", &[x, weight, bias], attributes, &shape, self.float)
    }

    /// One-dimensional convolution of `[B, C, T]` without padding.
    pub fn conv_valid(&mut self, x: V, weight: V, bias: V, dilation: usize) -> V {
        let kernel = self.shape(weight)[2];
        let length = self.shape(x)[2] - (kernel - 1) * dilation;
        let shape = [self.shape(x)[0], self.shape(weight)[0], length];
        let attributes = vec![
            attribute::ints("kernel_shape", &[kernel as i64]),
            attribute::ints("dilations", &[dilation as i64]),
        ];
        self.op("Conv", &[x, weight, bias], attributes, &shape, self.float)
    }

    /// Rows `ids` of a matrix.
    pub fn gather(&mut self, table: V, ids: V) -> V {
        let mut shape = self.shape(ids).to_vec();
        shape.push(self.shape(table)[1]);
        self.op("Gather", &[table, ids], Vec::new(), &shape, self.float)
    }

    /// `x[i, ids[i]]` for every row of `[N, M]`, ids `[N, 1]`.
    pub fn pick(&mut self, x: V, ids: V) -> V {
        let shape = self.shape(ids).to_vec();
        let axis = self.shape(x).len() as i64 - 1;
        let attributes = vec![attribute::int("axis", axis)];
        self.op("GatherElements", &[x, ids], attributes, &shape, self.float)
    }

    /// `base` with `rows[n]` added to its row `ids[n]`, repeated ids included.
    ///
    /// `ScatterElements` visits the elements in order. `ScatterND(add)` is faster and must not be
    /// used: with two threads ONNX Runtime's loses updates where ids repeat.
    pub fn scatter_add(&mut self, base: V, ids: V, rows: V) -> V {
        let shape = self.shape(base).to_vec();
        let rows_shape = self.shape(rows).to_vec();
        let count = rows_shape[0];
        let column = self.reshape(ids, &[count, 1]);
        let index = self.expand(column, &rows_shape);
        let attributes = vec![
            attribute::int("axis", 0),
            attribute::string("reduction", "add"),
        ];
        self.op(
            "ScatterElements",
            &[base, index, rows],
            attributes,
            &shape,
            self.float,
        )
    }

    /// Sum over `axes`, kept as ones.
    pub fn sum(&mut self, x: V, axes: &[usize]) -> V {
        self.reduce("ReduceSum", x, axes)
    }

    /// Mean over `axes`, kept as ones.
    pub fn mean(&mut self, x: V, axes: &[usize]) -> V {
        self.reduce("ReduceMean", x, axes)
    }

    fn reduce(&mut self, op: &'static str, x: V, axes: &[usize]) -> V {
        let mut shape = self.shape(x).to_vec();
        for &axis in axes {
            shape[axis] = 1;
        }
        let list: Vec<i64> = axes.iter().map(|&axis| axis as i64).collect();
        let list = self.integer_list(&list);
        let attributes = vec![attribute::int("keepdims", 1)];
        self.op(op, &[x, list], attributes, &shape, self.float)
    }

    /// The `k` largest along the last axis: values and int64 positions.
    pub fn top_k(&mut self, x: V, k: usize) -> [V; 2] {
        let count = self.integer_list(&[k as i64]);
        let mut shape = self.shape(x).to_vec();
        *shape.last_mut().expect("TopK of a scalar") = k;
        let attributes = vec![attribute::int("axis", -1)];
        let results = [(shape.clone(), self.float), (shape, DataType::Int64)];
        let outputs = self.op_many("TopK", &[x, count], attributes, &results);
        [outputs[0], outputs[1]]
    }
}

/// Shape of an elementwise operation on `a` and `b`.
fn broadcast(a: &[usize], b: &[usize]) -> Vec<usize> {
    let rank = a.len().max(b.len());
    let dim = |shape: &[usize], axis: usize| {
        let missing = rank - shape.len();
        if axis < missing {
            1
        } else {
            shape[axis - missing]
        }
    };
    (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            _ => panic!("{a:?} and {b:?} do not broadcast"),
        })
        .collect()
}

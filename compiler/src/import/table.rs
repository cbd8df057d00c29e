//! Which ONNX operators are supported, and who parses each.

use super::{Parse, elementwise, movement, product, selection, window};

/// ONNX name → parse function, sorted by name.
const OPERATORS: &[(&str, Parse)] = &[
    ("Add", elementwise::binary),
    ("ArgMax", selection::arg_max),
    ("AveragePool", window::pool),
    ("Cast", elementwise::cast),
    ("Clip", elementwise::clip),
    ("Concat", movement::concat),
    ("Constant", movement::constant),
    ("Conv", window::conv),
    ("Div", elementwise::binary),
    ("Dropout", elementwise::dropout),
    ("Exp", elementwise::unary),
    ("Flatten", movement::flatten),
    ("Gather", selection::gather),
    ("Gemm", product::gemm),
    ("GlobalAveragePool", window::global_average_pool),
    ("Identity", elementwise::identity),
    ("MatMul", product::mat_mul),
    ("MaxPool", window::pool),
    ("Mul", elementwise::binary),
    ("Neg", elementwise::unary),
    ("ReduceMax", selection::reduce),
    ("ReduceMean", selection::reduce),
    ("ReduceMin", selection::reduce),
    ("ReduceSum", selection::reduce),
    ("Relu", elementwise::unary),
    ("Reshape", movement::reshape),
    ("Shape", movement::shape),
    ("Sigmoid", elementwise::unary),
    ("Slice", movement::slice),
    ("Softmax", elementwise::softmax),
    ("Split", movement::split),
    ("Squeeze", movement::squeeze),
    ("Sub", elementwise::binary),
    ("Tanh", elementwise::unary),
    ("TopK", selection::top_k),
    ("Transpose", movement::transpose),
    ("Unsqueeze", movement::unsqueeze),
];

/// The parse function of an operator.
pub(super) fn find(op_type: &str) -> Option<Parse> {
    let index = OPERATORS.binary_search_by(|(name, _)| (*name).cmp(op_type));
    index.ok().map(|index| OPERATORS[index].1)
}

/// Operators that are understood for arithmetic on constants; the runtime has nothing like them.
const CONSTANT_ONLY: &[&str] = &[
    "AveragePool",
    "MaxPool",
    "ReduceMax",
    "ReduceMin",
    "ReduceSum",
    "Softmax",
];

/// Whether an operator cannot be computed on the device.
pub(super) fn is_constant_only(op_type: &str) -> bool {
    CONSTANT_ONLY.contains(&op_type)
}

/// Names of all operators that the device can compute, in some form at least.
pub(super) fn names() -> Vec<&'static str> {
    let names = OPERATORS.iter().map(|(name, _)| *name);
    names.filter(|name| !is_constant_only(name)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn table_is_sorted() {
        assert!(super::names().is_sorted());
    }
}

//! Which ONNX operators are supported, and who parses each.

use super::{
    Parse, attention, batch_norm, conv_transpose, einsum, elementwise, gru, integer, lstm,
    movement, norms, product, quantised, rnn, selection, window,
};

/// ONNX name → parse function, sorted by name.
const OPERATORS: &[(&str, Parse)] = &[
    ("Add", elementwise::binary),
    ("ArgMax", selection::arg_max),
    ("Attention", attention::parse),
    ("AveragePool", window::pool),
    ("BatchNormalization", batch_norm::parse),
    ("Cast", elementwise::cast),
    ("Clip", elementwise::clip),
    ("Concat", movement::concat),
    ("Constant", movement::constant),
    ("Conv", window::conv),
    ("ConvInteger", integer::conv),
    ("ConvTranspose", conv_transpose::parse),
    ("DequantizeLinear", quantised::dequantise),
    ("Div", elementwise::binary),
    ("Dropout", elementwise::dropout),
    ("DynamicQuantizeLinear", integer::dynamic),
    ("Einsum", einsum::parse),
    ("Exp", elementwise::unary),
    ("Flatten", movement::flatten),
    ("GRU", gru::parse),
    ("Gather", selection::gather),
    ("Gemm", product::gemm),
    ("GlobalAveragePool", window::global_pool),
    ("GlobalMaxPool", window::global_pool),
    ("GroupNormalization", norms::group),
    ("Identity", elementwise::identity),
    ("InstanceNormalization", norms::instance),
    ("LSTM", lstm::parse),
    ("LayerNormalization", norms::layer),
    ("LpNormalization", norms::length),
    ("MatMul", product::mat_mul),
    ("MatMulInteger", integer::mat_mul),
    ("MaxPool", window::pool),
    ("MeanVarianceNormalization", norms::mean_variance),
    ("Mul", elementwise::binary),
    ("Neg", elementwise::unary),
    ("QLinearConv", quantised::conv),
    ("QLinearMatMul", quantised::mat_mul),
    ("QuantizeLinear", quantised::quantise),
    ("RMSNormalization", norms::root_mean_square),
    ("RNN", rnn::parse),
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

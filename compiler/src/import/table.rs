//! Which ONNX operators are supported, and who parses each.

use super::Parse;
use super::{
    arithmetic, attention, batch_norm, blocks, cast, clip, constant, conv_transpose, dropout,
    einsum, gather, gru, integer, lstm, movement, norms, one_hot, pad, pieces, product, quantised,
    reduce, repeat, resize, rnn, scatter, selection, softmax, trilu, unary, variadic, view, window,
};

/// ONNX name → parse function, sorted by name.
const OPERATORS: &[(&str, Parse)] = &[
    ("Abs", unary::unary),
    ("Add", arithmetic::binary),
    ("And", arithmetic::binary),
    ("ArgMax", selection::arg_max),
    ("ArgMin", selection::arg_max),
    ("Attention", attention::parse),
    ("AveragePool", window::pool),
    ("BatchNormalization", batch_norm::parse),
    ("Cast", cast::cast),
    ("CastLike", cast::cast_like),
    ("Ceil", unary::unary),
    ("Celu", unary::unary),
    ("Clip", clip::clip),
    ("Concat", movement::concat),
    ("Constant", constant::constant),
    ("ConstantOfShape", constant::constant_of_shape),
    ("Conv", window::conv),
    ("ConvInteger", integer::conv),
    ("ConvTranspose", conv_transpose::parse),
    ("Cos", unary::unary),
    ("CumSum", selection::cum_sum),
    ("DepthToSpace", blocks::depth_to_space),
    ("DequantizeLinear", quantised::dequantise),
    ("Div", arithmetic::binary),
    ("Dropout", dropout::dropout),
    ("DynamicQuantizeLinear", integer::dynamic),
    ("Einsum", einsum::parse),
    ("Elu", unary::unary),
    ("Equal", arithmetic::binary),
    ("Erf", unary::unary),
    ("Exp", unary::unary),
    ("Expand", repeat::expand),
    ("Flatten", view::flatten),
    ("Floor", unary::unary),
    ("GRU", gru::parse),
    ("Gather", gather::gather),
    ("GatherElements", gather::elements),
    ("GatherND", gather::tuples),
    ("Gelu", unary::unary),
    ("Gemm", product::gemm),
    ("GlobalAveragePool", window::global_pool),
    ("GlobalMaxPool", window::global_pool),
    ("Greater", arithmetic::binary),
    ("GreaterOrEqual", arithmetic::binary),
    ("GroupNormalization", norms::group),
    ("HardSigmoid", unary::unary),
    ("HardSwish", unary::unary),
    ("Identity", dropout::identity),
    ("InstanceNormalization", norms::instance),
    ("LSTM", lstm::parse),
    ("LayerNormalization", norms::layer),
    ("LeakyRelu", unary::unary),
    ("Less", arithmetic::binary),
    ("LessOrEqual", arithmetic::binary),
    ("Log", unary::unary),
    ("LogSoftmax", softmax::softmax),
    ("LpNormalization", norms::length),
    ("MatMul", product::mat_mul),
    ("MatMulInteger", integer::mat_mul),
    ("Max", variadic::variadic),
    ("MaxPool", window::pool),
    ("Mean", variadic::variadic),
    ("MeanVarianceNormalization", norms::mean_variance),
    ("Min", variadic::variadic),
    ("Mish", unary::unary),
    ("Mod", arithmetic::remainder),
    ("Mul", arithmetic::binary),
    ("Neg", unary::unary),
    ("Not", unary::unary),
    ("OneHot", one_hot::one_hot),
    ("Or", arithmetic::binary),
    ("PRelu", arithmetic::sloped),
    ("Pad", pad::pad),
    ("Pow", arithmetic::power),
    ("QLinearConv", quantised::conv),
    ("QLinearMatMul", quantised::mat_mul),
    ("QuantizeLinear", quantised::quantise),
    ("RMSNormalization", norms::root_mean_square),
    ("RNN", rnn::parse),
    ("Range", constant::range),
    ("Reciprocal", unary::unary),
    ("ReduceL1", reduce::reduce),
    ("ReduceL2", reduce::reduce),
    ("ReduceLogSum", reduce::reduce),
    ("ReduceLogSumExp", reduce::reduce),
    ("ReduceMax", reduce::reduce),
    ("ReduceMean", reduce::reduce),
    ("ReduceMin", reduce::reduce),
    ("ReduceProd", reduce::reduce),
    ("ReduceSum", reduce::reduce),
    ("ReduceSumSquare", reduce::reduce),
    ("Relu", unary::unary),
    ("Reshape", view::reshape),
    ("Resize", resize::resize),
    ("Round", unary::unary),
    ("Scatter", scatter::elements),
    ("ScatterElements", scatter::elements),
    ("ScatterND", scatter::tuples),
    ("Selu", unary::unary),
    ("Shape", view::shape),
    ("Sigmoid", unary::unary),
    ("Sign", unary::unary),
    ("Sin", unary::unary),
    ("Size", view::size),
    ("Slice", pieces::slice),
    ("Softmax", softmax::softmax),
    ("Softplus", unary::unary),
    ("Softsign", unary::unary),
    ("SpaceToDepth", blocks::space_to_depth),
    ("Split", pieces::split),
    ("Sqrt", unary::unary),
    ("Squeeze", view::squeeze),
    ("Sub", arithmetic::binary),
    ("Sum", variadic::variadic),
    ("Swish", unary::unary),
    ("Tanh", unary::unary),
    ("ThresholdedRelu", unary::unary),
    ("Tile", repeat::tile),
    ("TopK", selection::top_k),
    ("Transpose", movement::transpose),
    ("Trilu", trilu::trilu),
    ("Unsqueeze", view::unsqueeze),
    ("Upsample", resize::resize),
    ("Where", arithmetic::choose),
    ("Xor", arithmetic::binary),
];

/// The parse function of an operator.
pub(super) fn find(op_type: &str) -> Option<Parse> {
    let index = OPERATORS.binary_search_by(|(name, _)| (*name).cmp(op_type));
    index.ok().map(|index| OPERATORS[index].1)
}

/// Operators whose result is known or they are refused: the device counts and sizes nothing.
const CONSTANT_ONLY: &[&str] = &["ConstantOfShape", "Range"];

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
    /// The README says what each becomes.
    #[test]
    fn readme_names_every_operator() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        let text = std::fs::read_to_string(path).unwrap();
        let rows = text.lines().filter(|line| line.starts_with("| "));
        let listed: Vec<&str> = rows
            .filter_map(|row| row.split('|').nth(1))
            .flat_map(|names| names.split(|c: char| !c.is_alphanumeric()))
            .collect();
        for (name, _) in super::OPERATORS {
            assert!(listed.contains(name), "README.md lacks {name}");
        }
    }

    #[test]
    fn table_is_sorted() {
        assert!(super::names().is_sorted());
    }
}

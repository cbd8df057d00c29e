//! What the harness knows of ONNX, each once: the operators that Qibu promises, and the operands
//! whose value a compiled form needs.

/// Operators that Qibu promises to compile for fixed shapes, sorted.
pub const OPERATORS: &[&str] = &[
    "Abs",
    "Add",
    "And",
    "ArgMax",
    "ArgMin",
    "Attention",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "CastLike",
    "Ceil",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvInteger",
    "ConvTranspose",
    "Cos",
    "CumSum",
    "DepthToSpace",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "Einsum",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "GRU",
    "Gather",
    "GatherElements",
    "GatherND",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LSTM",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "LogSoftmax",
    "LpNormalization",
    "MatMul",
    "MatMulInteger",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "Not",
    "OneHot",
    "Or",
    "PRelu",
    "Pad",
    "Pow",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
    "RMSNormalization",
    "RNN",
    "Range",
    "Reciprocal",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "Reshape",
    "Resize",
    "Round",
    "ScatterElements",
    "ScatterND",
    "Selu",
    "Shape",
    "Sigmoid",
    "Sign",
    "Sin",
    "Size",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Tanh",
    "Tile",
    "TopK",
    "Transpose",
    "Trilu",
    "Unsqueeze",
    "Where",
    "Xor",
];

/// Operands whose value the compiled form needs: shapes, axes, k, weights, scales, zero points,
/// bounds. Only these may become constants; sorted by operator.
pub const KNOWN: &[(&str, &[usize])] = &[
    ("BatchNormalization", &[1, 2, 3, 4]), // scale, bias, mean, variance
    ("Clip", &[1, 2]),                     // bounds
    ("ConstantOfShape", &[0]),             // shape
    ("Conv", &[1, 2]),                     // weights, bias
    ("ConvInteger", &[1, 2, 3]),           // weights, zero points
    ("ConvTranspose", &[1, 2]),            // weights, bias
    ("CumSum", &[1]),                      // axis
    ("DequantizeLinear", &[1, 2]),         // scale, zero point
    ("Dropout", &[1, 2]),                  // ratio, training mode
    ("Expand", &[1]),                      // shape
    ("GRU", &[1, 2, 3, 4]),                // W, R, B, lengths
    ("Gemm", &[1, 2]),                     // weights, bias
    ("LSTM", &[1, 2, 3, 4, 7]),            // W, R, B, lengths, P
    ("MatMulInteger", &[2, 3]),            // zero points
    ("OneHot", &[1, 2]),                   // depth, the two values
    ("Pad", &[1, 2, 3]),                   // amounts, value, axes
    ("QLinearConv", &[1, 2, 3, 4, 5, 6, 7, 8]), // all but the image
    ("QLinearMatMul", &[1, 2, 4, 5, 6, 7]), // scales, zero points
    ("QuantizeLinear", &[1, 2]),           // scale, zero point
    ("RNN", &[1, 2, 3, 4]),                // W, R, B, lengths
    ("Range", &[0, 1, 2]),                 // bounds: they decide the shape
    ("ReduceL1", &[1]),                    // axes, as in all reductions
    ("ReduceL2", &[1]),
    ("ReduceLogSum", &[1]),
    ("ReduceLogSumExp", &[1]),
    ("ReduceMax", &[1]),
    ("ReduceMean", &[1]),
    ("ReduceMin", &[1]),
    ("ReduceProd", &[1]),
    ("ReduceSum", &[1]),
    ("ReduceSumSquare", &[1]),
    ("Reshape", &[1]),        // shape
    ("Resize", &[1, 2, 3]),   // region, scales, sizes
    ("Slice", &[1, 2, 3, 4]), // starts, ends, axes, steps
    ("Split", &[1]),          // sizes
    ("Squeeze", &[1]),        // axes
    ("Tile", &[1]),           // repeats
    ("TopK", &[1]),           // k
    ("Trilu", &[1]),          // diagonal
    ("Unsqueeze", &[1]),      // axes
];

/// Operators whose result depends on the shape of their operand alone.
pub const OF_SHAPES: &[&str] = &["Shape", "Size"];

/// Operand positions of `operator` that may become constants.
pub fn known(operator: &str) -> &'static [usize] {
    let found = KNOWN.binary_search_by(|(name, _)| (*name).cmp(operator));
    found.map_or(&[], |index| KNOWN[index].1)
}

#[test]
fn tables_are_sorted_and_agree() {
    assert!(OPERATORS.is_sorted_by(|a, b| a < b));
    assert!(KNOWN.is_sorted_by(|a, b| a.0 < b.0));
    for (name, _) in KNOWN {
        assert!(OPERATORS.contains(name), "{name} is bound but not promised");
    }
}

//! Operators of format version 1, with their arity.

/// Operator codes. Operands and attributes of each are specified in FORMAT.md and checked in the
/// file of the same name under `kernels/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Opcode {
    /// f32 → int8 or int16.
    Quantise = 1,
    /// int8, int16 or int32 → f32.
    Dequantise = 2,
    /// Rows of the input against rows of the weights.
    Dense = 3,
    /// Channels-last convolution, in groups.
    Conv = 4,
    /// `a · σ(b) + x`.
    Gate = 5,
    /// Rows against a vocabulary; only the k best of each row are kept.
    TopKDense = 6,
    /// Rows of a table by index.
    Gather = 7,
    /// Sum of integers or floats, the second operand repeated.
    Add = 8,
    /// Product of integers or floats, the second operand repeated.
    Mul = 9,
    /// Mean over the second last axis.
    Mean = 10,
    /// Elementwise function: table on int8, `math` on f32.
    Unary = 11,
    /// Elements picked by strides: transposes, slices, repetitions.
    Copy = 12,
    /// Elementwise function of two broadcast operands.
    Binary = 13,
    /// One of two values, elementwise by a condition.
    Where = 14,
    /// Conversion between f32, int32 and truth values.
    Cast = 15,
    /// Sum, product, maximum or minimum along an axis.
    Reduce = 16,
    /// Position of the maximum or minimum along an axis.
    ArgMax = 17,
    /// The k best along an axis, with their positions.
    TopK = 18,
    /// Channels-last maximum or mean of sliding windows.
    Pool = 19,
    /// Elements spread out, the room between and around them filled.
    Pad = 20,
    /// Up to four tensors joined along an axis.
    Concat = 21,
    /// Rows of a table replaced or combined by index.
    Scatter = 22,
    /// Softmax or its logarithm along an axis.
    Softmax = 23,
    /// Rows centred and brought to unit variance, mean square or norm.
    Normalise = 24,
    /// Products of matrices that are both activations.
    MatMul = 25,
    /// Running sums along an axis.
    CumSum = 26,
    /// f32 → integers of a grid, halves to the even one.
    ToGrid = 27,
    /// Rows against a vocabulary whose entries are in groups; only the k best of each list are kept.
    TopKGroups = 28,
}

/// Numbers of inputs, outputs and attribute words of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arity {
    /// Fewest input tensors.
    pub least_inputs: u8,
    /// Most input tensors.
    pub inputs: u8,
    /// Output tensors.
    pub outputs: u8,
    /// Attribute words.
    pub attributes: u8,
}

/// Most inputs of a step.
pub const MAX_INPUTS: usize = 5;
/// Most outputs of a step.
pub const MAX_OUTPUTS: usize = 2;

impl Opcode {
    /// All operators, in the order of their codes.
    pub const ALL: [Self; 28] = [
        Self::Quantise,
        Self::Dequantise,
        Self::Dense,
        Self::Conv,
        Self::Gate,
        Self::TopKDense,
        Self::Gather,
        Self::Add,
        Self::Mul,
        Self::Mean,
        Self::Unary,
        Self::Copy,
        Self::Binary,
        Self::Where,
        Self::Cast,
        Self::Reduce,
        Self::ArgMax,
        Self::TopK,
        Self::Pool,
        Self::Pad,
        Self::Concat,
        Self::Scatter,
        Self::Softmax,
        Self::Normalise,
        Self::MatMul,
        Self::CumSum,
        Self::ToGrid,
        Self::TopKGroups,
    ];

    /// The operator with this code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        // Codes count from one without a gap.
        let index = (code as usize).wrapping_sub(1);
        if index < Self::ALL.len() {
            Some(Self::ALL[index])
        } else {
            None
        }
    }

    /// The name, as reports show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quantise => "Quantise",
            Self::Dequantise => "Dequantise",
            Self::Dense => "Dense",
            Self::Conv => "Conv",
            Self::Gate => "Gate",
            Self::TopKDense => "TopKDense",
            Self::Gather => "Gather",
            Self::Add => "Add",
            Self::Mul => "Mul",
            Self::Mean => "Mean",
            Self::Unary => "Unary",
            Self::Copy => "Copy",
            Self::Binary => "Binary",
            Self::Where => "Where",
            Self::Cast => "Cast",
            Self::Reduce => "Reduce",
            Self::ArgMax => "ArgMax",
            Self::TopK => "TopK",
            Self::Pool => "Pool",
            Self::Pad => "Pad",
            Self::Concat => "Concat",
            Self::Scatter => "Scatter",
            Self::Softmax => "Softmax",
            Self::Normalise => "Normalise",
            Self::MatMul => "MatMul",
            Self::CumSum => "CumSum",
            Self::ToGrid => "ToGrid",
            Self::TopKGroups => "TopKGroups",
        }
    }

    /// Whether output 0 may take the place of input `index`: the same bytes with the same element
    /// type. These operators read no element of it behind the one that they write.
    #[must_use]
    pub const fn in_place(self, index: usize) -> bool {
        match self {
            Self::Unary => index == 0,
            Self::Add | Self::Mul | Self::Binary => index < 2,
            Self::Gate => index < 3,
            _ => false,
        }
    }

    /// Operand counts. Integer forms of `Dense`, `Conv` and `TopKDense` have scale words as their
    /// last input, float forms leave it out; `Gate` and `Unary` likewise with their table. `TopKGroups`
    /// has them before its last input, the groups.
    #[must_use]
    pub const fn arity(self) -> Arity {
        let (least_inputs, inputs, outputs, attributes) = match self {
            Self::Quantise | Self::Dequantise | Self::Cast => (1, 1, 1, 0),
            Self::Dense | Self::Gate => (3, 4, 1, 2),
            Self::Conv => (3, 4, 1, 11),
            Self::TopKDense => (3, 4, 2, 0),
            Self::TopKGroups => (4, 5, 2, 1),
            Self::Gather => (2, 2, 1, 2),
            Self::Add => (2, 2, 1, 4),
            Self::ToGrid => (1, 1, 1, 4),
            Self::Mul => (2, 2, 1, 3),
            Self::Mean => (1, 1, 1, 1),
            Self::Unary => (1, 2, 1, 3),
            Self::Copy | Self::Pad => (1, 1, 1, 13),
            Self::Binary | Self::MatMul => (2, 2, 1, 1),
            Self::Where => (3, 3, 1, 0),
            Self::Reduce | Self::ArgMax | Self::Softmax | Self::Normalise | Self::CumSum => {
                (1, 1, 1, 3)
            }
            Self::TopK => (1, 1, 2, 3),
            Self::Pool => (1, 1, 1, 9),
            Self::Concat => (1, 4, 1, 5),
            Self::Scatter => (3, 3, 1, 2),
        };
        Arity {
            least_inputs,
            inputs,
            outputs,
            attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_INPUTS, MAX_OUTPUTS, Opcode};

    #[test]
    fn codes_count_from_one() {
        for (operator, code) in Opcode::ALL.into_iter().zip(1..) {
            assert_eq!(operator as u8, code);
            assert_eq!(Opcode::from_code(code), Some(operator));
            let arity = operator.arity();
            assert!(usize::from(arity.inputs) <= MAX_INPUTS);
            assert!(usize::from(arity.outputs) <= MAX_OUTPUTS);
        }
        assert_eq!(Opcode::from_code(0), None);
        assert_eq!(Opcode::from_code(Opcode::ALL.len() as u8 + 1), None);
    }
}

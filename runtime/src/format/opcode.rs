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
    /// Channels-last convolution, one group.
    Conv = 4,
    /// `a · σ(b) + x`.
    Gate = 5,
    /// Rows against a vocabulary; only the k best of each row are kept.
    TopKDense = 6,
    /// Rows of a table by index.
    Gather = 7,
    /// Elementwise sum.
    Add = 8,
    /// Elementwise product.
    Mul = 9,
    /// Mean over the second last axis.
    Mean = 10,
    /// Elementwise function: table on int8, `math` on f32.
    Unary = 11,
    /// Permutation of axes.
    Transpose = 12,
}

/// Numbers of inputs, outputs and attribute words of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arity {
    /// Input tensors: this many, or one fewer where the last is optional.
    pub inputs: u8,
    /// Output tensors.
    pub outputs: u8,
    /// Attribute words.
    pub attributes: u8,
}

/// Most inputs of a step.
pub const MAX_INPUTS: usize = 4;
/// Most outputs of a step.
pub const MAX_OUTPUTS: usize = 2;

impl Opcode {
    /// The operator with this code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Quantise,
            2 => Self::Dequantise,
            3 => Self::Dense,
            4 => Self::Conv,
            5 => Self::Gate,
            6 => Self::TopKDense,
            7 => Self::Gather,
            8 => Self::Add,
            9 => Self::Mul,
            10 => Self::Mean,
            11 => Self::Unary,
            12 => Self::Transpose,
            _ => return None,
        })
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
            Self::Transpose => "Transpose",
        }
    }

    /// Operand counts. Integer forms of `Dense`, `Conv` and `TopKDense` have scale words as their
    /// last input, float forms leave it out; `Gate` and `Unary` likewise with their table.
    #[must_use]
    pub const fn arity(self) -> Arity {
        let (inputs, outputs, attributes) = match self {
            Self::Quantise | Self::Dequantise => (1, 1, 0),
            Self::Dense => (4, 1, 2),
            Self::Conv => (4, 1, 10),
            Self::Gate => (4, 1, 2),
            Self::TopKDense => (4, 2, 0),
            Self::Gather => (2, 1, 0),
            Self::Add => (2, 1, 4),
            Self::Mul => (2, 1, 3),
            Self::Mean => (1, 1, 1),
            Self::Unary => (2, 1, 1),
            Self::Transpose => (1, 1, 6),
        };
        Arity {
            inputs,
            outputs,
            attributes,
        }
    }

    /// Whether the last input may be missing.
    #[must_use]
    pub const fn last_input_optional(self) -> bool {
        matches!(
            self,
            Self::Dense | Self::Conv | Self::Gate | Self::TopKDense | Self::Unary
        )
    }
}

//! The operators, with typed attributes.
//!
//! The first half is what import produces, in ONNX's layouts (channels first). The second half is
//! what `simplify` lowers it to; a simplified graph of supported models holds no `Conv`, `Gemm`,
//! `MatMul`, `Pool` or `Identity`.

use super::Dtype;

/// What a node computes. Comments give operands and results.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// `(x [N,C,H,W] or [N,C,L], w [O,C/group,…kernel], bias? [O]) → [N,O,…]`.
    Conv(Conv),
    /// `(a, b, c?) → alpha·a·b + beta·c`, matrices, either transposed.
    Gemm(Gemm),
    /// `(a, b) → a·b`, leading axes broadcast.
    MatMul,
    /// `(x [N,C,H,W] or [N,C,L]) → pooled`.
    Pool(Pool),
    /// `(x) → x`.
    Identity,

    /// `(table, indices) → rows of table along axis`. Negative indices count from the end.
    Gather {
        /// Axis of the table that is indexed; 0 for an embedding.
        axis: usize,
    },
    /// `(a, b) → a ∘ b`, elementwise with numpy broadcasting.
    Binary(Binary),
    /// `(x) → f(x)`, elementwise.
    Unary(Unary),
    /// `(x) → x limited to [low, high]`, elementwise; NaN stays NaN.
    Clip(Clamp),
    /// `(x) → x reduced over axes`.
    Reduce {
        /// How elements are combined.
        kind: ReduceKind,
        /// Axes, ascending, without repetition.
        axes: Vec<usize>,
        /// Whether reduced axes stay as 1.
        keep: bool,
    },
    /// `(x) → the same elements, in the same order, under the shape of the output value`.
    Reshape {
        /// The output's shape, fully known.
        shape: Vec<usize>,
    },
    /// `(x) → axes reordered`: output axis `i` is input axis `permutation[i]`.
    Transpose {
        /// A permutation of the axes.
        permutation: Vec<usize>,
    },
    /// `(x) → exp(x) / Σ exp(x)` along axis.
    Softmax {
        /// Normalised axis.
        axis: usize,
    },
    /// `(x) → (values, indices i64)`, best first; ties go to the lower index.
    TopK(TopK),
    /// `(x) → index i64` of the maximum along axis; ties go to the lower index.
    ArgMax {
        /// Searched axis.
        axis: usize,
        /// Whether the axis stays as 1.
        keep: bool,
    },
    /// `(x₀, x₁, …) → joined` along axis.
    Concat {
        /// Joined axis.
        axis: usize,
    },
    /// `(x) → x[starts[i] + j·steps[i]]`, one triple per axis of `x`.
    Slice {
        /// First index per axis, in range.
        starts: Vec<usize>,
        /// Length of the output per axis.
        lengths: Vec<usize>,
        /// Step per axis, negative to walk backwards.
        steps: Vec<isize>,
    },
    /// `(x) → parts` of the given sizes along axis.
    Split {
        /// Cut axis.
        axis: usize,
        /// Size of each part; they sum to the axis.
        sizes: Vec<usize>,
    },
    /// `(x) → x` converted.
    Cast {
        /// New element type.
        to: Dtype,
    },

    /// `(x […,K], w [N,K], bias? [N]) → […,N]`: every row of `x` against every row of `w`,
    /// plus bias, then limited. All axes of `x` but the last are rows. `w` and bias are constants.
    Dense {
        /// Limits from a fused activation.
        clamp: Option<Clamp>,
    },
    /// `(x [N,H,W,C], w [O,KH,KW,C/group], bias? [O]) → [N,OH,OW,O]`: channels-last convolution,
    /// plus bias, then limited. A 1-D convolution has H = KH = 1. `w` and bias are constants.
    ConvNhwc {
        /// Geometry and groups; group = C is depthwise.
        conv: Conv,
        /// Limits from a fused activation.
        clamp: Option<Clamp>,
    },
    /// `(x [N,H,W,C]) → [N,OH,OW,C]`: channels-last pooling.
    PoolNhwc(Pool),
    /// `(a, b, x) → a·σ(b) + x`, all of one shape.
    Gate,
    /// `(x […,K], w [N,K], bias? [N]) → (scores […,k], indices i64 […,k])`: the k best of a
    /// [`Op::Dense`] per row, best first, ties to the lower index; its N logits never exist.
    TopKDense {
        /// Results per row.
        k: usize,
    },
}

/// Sliding window of convolutions and pools, height then width; 1-D has height 1 throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Taps.
    pub kernel: [usize; 2],
    /// Distance between windows.
    pub strides: [usize; 2],
    /// Distance between taps.
    pub dilations: [usize; 2],
    /// Padding above and left.
    pub before: [usize; 2],
    /// Padding below and right.
    pub after: [usize; 2],
}

/// Attributes of a convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Geometry; padding is zeros.
    pub window: Window,
    /// Channel groups.
    pub group: usize,
}

/// Attributes of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Maximum or average.
    pub kind: PoolKind,
    /// Geometry. With ONNX's ceil mode, `after` is already enlarged to match.
    pub window: Window,
}

/// How a pool combines its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// Maximum of the elements inside the input.
    Max,
    /// Mean of the elements inside the input.
    Average,
    /// Mean over the whole window, padding counted as zeros.
    AverageWithPadding,
}

/// Attributes of ONNX Gemm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gemm {
    /// Factor of the product.
    pub alpha: f32,
    /// Factor of the third operand.
    pub beta: f32,
    /// Whether `a` is `[K,M]`.
    pub transpose_a: bool,
    /// Whether `b` is `[N,K]`.
    pub transpose_b: bool,
}

/// Attributes of TopK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopK {
    /// Number of results.
    pub k: usize,
    /// Searched axis.
    pub axis: usize,
    /// Largest first rather than smallest first.
    pub largest: bool,
}

/// Elementwise operators of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // ONNX's own names
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
}

/// Elementwise operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // ONNX's own names
pub enum Unary {
    Relu,
    Sigmoid,
    Tanh,
    Exp,
    Neg,
}

/// How [`Op::Reduce`] combines elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // ONNX's own names
pub enum ReduceKind {
    Mean,
    Sum,
    Max,
    Min,
}

/// Closed interval; an open side is infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clamp {
    /// Lower limit, possibly −∞.
    pub low: f32,
    /// Upper limit, possibly +∞.
    pub high: f32,
}

impl Clamp {
    /// What Relu limits to.
    pub const RELU: Self = Self {
        low: 0.0,
        high: f32::INFINITY,
    };

    /// `self` first, then `next`, as one interval; `None` where they do not overlap.
    pub fn then(self, next: Self) -> Option<Self> {
        let low = if next.low > self.low {
            next.low
        } else {
            self.low
        };
        let high = if next.high < self.high {
            next.high
        } else {
            self.high
        };
        (low <= high).then_some(Self { low, high })
    }
}

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
    /// `(x) → exp(x) / Σ exp(x)` along axis, or its logarithm.
    Softmax {
        /// Normalised axis.
        axis: usize,
        /// Whether the logarithm is asked for.
        log: bool,
    },
    /// `(x) → (values, indices i64)`, best first; ties go to the lower index.
    TopK(TopK),
    /// `(x) → index i64` of the maximum or minimum along axis.
    ArgMax(ArgMax),
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
    /// `(x) → x` repeated along axes of length 1, and along new leading ones.
    Expand {
        /// The output's shape.
        shape: Vec<usize>,
    },
    /// `(condition bool, a, b) → a` where the condition holds, else `b`; all broadcast.
    Where,
    /// `(x) → x` spread out and surrounded by one value.
    Pad(Pad),
    /// `(data [V,E], rows [n], updates [n,E]) → data` with rows replaced by or combined with
    /// updates, one after another. Negative rows count from the end.
    Scatter(ScatterKind),
    /// `(x) → running sums` along axis.
    CumSum(CumSum),
    /// `(x […,K]) → every row of K` brought to a common size.
    Normalise(Normalise),
    /// `(a […,M,K], b […,N,K]) → […,M,N]`: rows of `a` against rows of `b`, both computed at run
    /// time; leading axes broadcast.
    Products,
    /// `(x) → x` rounded to the nearest value of a grid of integers, as a real number: what a
    /// quantisation followed by its inverse does.
    Snap(Grid),
    /// `(x f32) → integers` of a grid, half to even, limited to its bounds; of the given type.
    ToGrid(Grid, Dtype),
    /// `(integers) → x f32`: what the integers of a grid mean.
    FromGrid(Grid),

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
    ///
    /// With lines, `(x […,R,K], w, bias?, groups i32 [N]) → (scores […,L,k], indices i64 […,L,k])`: the k best
    /// of the lists of each row, which the codes of the entries' groups name, as the runtime's `TopKGroups`
    /// says. Places that nobody fills hold −∞ and −1.
    TopKDense {
        /// Results per row, or per list.
        k: usize,
        /// Rows of a line, where lists are asked for.
        line: Option<usize>,
    },
}

/// Attributes of [`Op::ArgMax`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgMax {
    /// Searched axis.
    pub axis: usize,
    /// Whether the axis stays as 1.
    pub keep: bool,
    /// The minimum instead of the maximum.
    pub minimum: bool,
    /// Of equals the last instead of the first.
    pub last: bool,
}

/// Attributes of [`Op::Pad`], per axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// Elements before the first.
    pub before: Vec<usize>,
    /// Elements behind the last.
    pub after: Vec<usize>,
    /// Distance between neighbours of `x` in the result; 1 keeps them together.
    pub step: Vec<usize>,
    /// What fills the room; converted to the element type of `x`.
    pub value: f32,
}

/// How [`Op::Scatter`] combines an update with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // ONNX's own names
pub enum ScatterKind {
    Replace,
    Add,
    Mul,
    Max,
    Min,
}

/// Attributes of [`Op::CumSum`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CumSum {
    /// Summed axis.
    pub axis: usize,
    /// Whether an element is left out of its own sum.
    pub exclusive: bool,
    /// Whether sums start at the end.
    pub reverse: bool,
}

/// Attributes of [`Op::Normalise`]: `(x − m) / √(v + ε)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalise {
    /// What rows are divided by.
    pub by: Norm,
    /// Added under the root.
    pub epsilon: f32,
}

/// What [`Op::Normalise`] divides a row by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// Its standard deviation, after subtracting its mean: layer normalisation.
    Deviation,
    /// Its root mean square.
    RootMeanSquare,
    /// Its Euclidean length; a row of zeros stays.
    Euclidean,
    /// The sum of its magnitudes; a row of zeros stays.
    Absolute,
}

/// Integers with a scale and a zero point: `real = scale · (q − zero_point)`.
///
/// One scale, or one for each index along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Distance of neighbours; positive.
    pub scale: Vec<f32>,
    /// Integer of real zero, one for each scale.
    pub zero_point: Vec<i32>,
    /// Axis along which scales change, where there is more than one.
    pub axis: usize,
    /// Least integer.
    pub low: i32,
    /// Greatest integer.
    pub high: i32,
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
    Pow,
    Min,
    Max,
    /// Remainder with the sign of the divisor.
    Mod,
    /// Remainder with the sign of the dividend.
    Fmod,
    Equal,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    And,
    Or,
    Xor,
    /// `x` where it is positive, else `x` times the second operand.
    PRelu,
}

impl Binary {
    /// Whether the result is a truth value.
    pub fn is_truth(self) -> bool {
        use Binary::{And, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Or, Xor};
        matches!(
            self,
            Equal | Greater | Less | GreaterOrEqual | LessOrEqual | And | Or | Xor
        )
    }
}

/// Elementwise operators of one operand, with their parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // ONNX's own names and parameters
pub enum Unary {
    Relu,
    Sigmoid,
    Tanh,
    Exp,
    Neg,
    Abs,
    Sign,
    Sqrt,
    Log,
    Erf,
    Floor,
    Ceil,
    /// Half to even.
    Round,
    Sin,
    Cos,
    Reciprocal,
    Softplus,
    Softsign,
    HardSigmoid(f32, f32),
    HardSwish,
    Elu(f32),
    Selu(f32, f32),
    LeakyRelu(f32),
    Celu(f32),
    ThresholdedRelu(f32),
    Gelu,
    /// With tanh in place of the error function.
    GeluTanh,
    Mish,
    Swish(f32),
    /// Of truth values.
    Not,
}

/// How [`Op::Reduce`] combines elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // ONNX's own names
pub enum ReduceKind {
    Mean,
    Sum,
    Product,
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

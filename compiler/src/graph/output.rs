//! Output rules: what shape and type an operator's results have, and whether it applies at all.
//!
//! Every node passes through [`Op::output`] before anything of the result's size is allocated,
//! whether import or a pass creates it, so later paces rely on fitting shapes.

mod elementwise;
mod movement;
mod product;
mod selection;
mod window;

use super::{Dtype, Limits, Op, Value};
use crate::error::{Error, Result};

pub(crate) use elementwise::broadcast;

/// Element type and shape of one result.
pub type Fact = (Dtype, Vec<usize>);

/// Operands of a node, as the output rules see them.
pub(crate) struct Operands<'a> {
    values: &'a [Option<&'a Value>],
}

impl Operands<'_> {
    /// The operand at `index`; an error if it is absent.
    fn get(&self, index: usize) -> Result<&Value> {
        self.optional(index).ok_or_else(|| {
            Error::input(format!("operand {index} is missing")).hint("the model is malformed")
        })
    }

    fn optional(&self, index: usize) -> Option<&Value> {
        self.values.get(index).copied().flatten()
    }

    /// Shape of a float operand.
    fn floats(&self, index: usize) -> Result<&[usize]> {
        let value = self.get(index)?;
        match value.dtype {
            Dtype::F32 => Ok(&value.shape),
            other => Err(Error::input(format!(
                "operand {index} `{}` is {}, expected f32",
                value.name,
                other.name()
            ))),
        }
    }

    fn expect_count(&self, least: usize, most: usize) -> Result<()> {
        let count = self.values.len();
        if (least..=most).contains(&count) {
            return Ok(());
        }
        Err(Error::input(format!(
            "{count} operands, expected {least} to {most}"
        )))
    }
}

impl Op {
    /// Type and shape of each result, or why the operator does not apply to these operands.
    pub fn output(&self, operands: &[Option<&Value>], limits: &Limits) -> Result<Vec<Fact>> {
        let operands = Operands { values: operands };
        let (least, most) = self.arity();
        operands.expect_count(least, most)?;
        let facts = self.rule(&operands)?;
        for (dtype, shape) in &facts {
            limits.check_shape(shape, *dtype)?;
        }
        Ok(facts)
    }

    /// Fewest and most operands.
    fn arity(&self) -> (usize, usize) {
        match self {
            Self::Concat { .. } => (1, usize::MAX),
            Self::Gate | Self::Where | Self::Scatter(_) => (3, 3),
            Self::Conv(_) | Self::ConvNhwc { .. } | Self::Gemm(_) => (2, 3),
            Self::Dense { .. } | Self::TopKDense { line: None, .. } => (2, 3),
            Self::TopKDense { .. } => (4, 4),
            Self::MatMul | Self::Products | Self::Gather { .. } | Self::Binary(_) => (2, 2),
            _ => (1, 1),
        }
    }

    fn rule(&self, operands: &Operands<'_>) -> Result<Vec<Fact>> {
        let one = |fact: Fact| vec![fact];
        match self {
            Self::Conv(conv) => window::conv(conv, operands).map(one),
            Self::ConvNhwc { conv, .. } => window::conv_nhwc(conv, operands).map(one),
            Self::Pool(pool) => window::pool(pool, operands).map(one),
            Self::PoolNhwc(pool) => window::pool_nhwc(pool, operands).map(one),
            Self::Gemm(gemm) => product::gemm(gemm, operands).map(one),
            Self::MatMul => product::mat_mul(operands).map(one),
            Self::Dense { .. } => product::dense(operands).map(one),
            Self::TopKDense { k, line: None } => product::top_k_dense(*k, operands),
            Self::TopKDense {
                k,
                line: Some(line),
            } => product::top_k_groups(*k, *line, operands),
            Self::Identity => elementwise::same(operands).map(one),
            Self::Products => product::products(operands).map(one),
            Self::Binary(kind) => elementwise::binary(*kind, operands).map(one),
            Self::Unary(kind) => elementwise::unary(*kind, operands).map(one),
            Self::Clip(_) => elementwise::float(operands).map(one),
            Self::Snap(grid) => elementwise::to_grid(grid, Dtype::F32, operands).map(one),
            Self::ToGrid(grid, to) => elementwise::to_grid(grid, *to, operands).map(one),
            Self::FromGrid(grid) => elementwise::from_grid(grid, operands).map(one),
            Self::Where => elementwise::choose(operands).map(one),
            Self::CumSum(sum) => elementwise::summed(sum.axis, operands).map(one),
            Self::Normalise(_) => elementwise::rows(operands).map(one),
            Self::Expand { shape } => movement::expand(shape, operands).map(one),
            Self::Pad(pad) => movement::pad(pad, operands).map(one),
            Self::Scatter(_) => selection::scatter(operands).map(one),
            Self::Softmax { axis, .. } => elementwise::along(*axis, operands).map(one),
            Self::Gate => elementwise::gate(operands).map(one),
            Self::Cast { to } => elementwise::cast(*to, operands).map(one),
            Self::Reshape { shape } => movement::reshape(shape, operands).map(one),
            Self::Transpose { permutation } => movement::transpose(permutation, operands).map(one),
            Self::Concat { axis } => movement::concat(*axis, operands).map(one),
            Self::Slice {
                starts,
                lengths,
                steps,
            } => movement::slice(starts, lengths, steps, operands).map(one),
            Self::Split { axis, sizes } => movement::split(*axis, sizes, operands),
            Self::Gather { axis } => selection::gather(*axis, operands).map(one),
            Self::Reduce { axes, keep, .. } => selection::reduce(axes, *keep, operands).map(one),
            Self::TopK(top) => selection::top_k(top, operands),
            Self::ArgMax(arg) => selection::arg_max(arg.axis, arg.keep, operands).map(one),
        }
    }
}

/// The length of `axis`, or an error.
fn axis_of(shape: &[usize], axis: usize) -> Result<usize> {
    shape.get(axis).copied().ok_or_else(|| {
        Error::input(format!(
            "axis {axis} of a tensor of shape {shape:?} does not exist"
        ))
    })
}

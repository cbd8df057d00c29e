//! Short forms for operators that are compositions of smaller ones.

use super::site::Site;
use crate::error::{Error, Result};
use crate::graph::{Binary, Op, ReduceKind, Tensor, ValueId};
use crate::onnx::AttributeType;

impl Site<'_> {
    /// Shape of any value.
    pub(super) fn shape_of(&self, id: ValueId) -> Vec<usize> {
        self.graph.shape(id).to_vec()
    }

    pub(super) fn add(&mut self, a: ValueId, b: ValueId) -> Result<ValueId> {
        self.binary(Binary::Add, a, b)
    }

    pub(super) fn sub(&mut self, a: ValueId, b: ValueId) -> Result<ValueId> {
        self.binary(Binary::Sub, a, b)
    }

    pub(super) fn mul(&mut self, a: ValueId, b: ValueId) -> Result<ValueId> {
        self.binary(Binary::Mul, a, b)
    }

    pub(super) fn div(&mut self, a: ValueId, b: ValueId) -> Result<ValueId> {
        self.binary(Binary::Div, a, b)
    }

    /// A float as a constant of no axes.
    pub(super) fn scalar(&mut self, value: f32) -> Result<ValueId> {
        Ok(self.constant(Tensor::f32(&[], vec![value])?))
    }

    /// Axes reordered; nothing where they stay.
    pub(super) fn turn(&mut self, x: ValueId, permutation: &[usize]) -> Result<ValueId> {
        if permutation.is_sorted() {
            return Ok(x);
        }
        let permutation = permutation.to_vec();
        self.emit(Op::Transpose { permutation }, &[Some(x)])
    }

    /// The last two axes exchanged.
    pub(super) fn turn_matrix(&mut self, x: ValueId) -> Result<ValueId> {
        let mut order: Vec<usize> = (0..self.shape_of(x).len()).collect();
        if let [.., rows, columns] = &mut order[..] {
            std::mem::swap(rows, columns);
        }
        self.turn(x, &order)
    }

    /// Another shape; nothing where it stays.
    pub(super) fn view(&mut self, x: ValueId, shape: &[usize]) -> Result<ValueId> {
        if self.shape_of(x) == shape {
            return Ok(x);
        }
        self.reshape(x, shape.to_vec())
    }

    /// Elements combined over `axes`.
    pub(super) fn reduced(
        &mut self,
        kind: ReduceKind,
        axes: Vec<usize>,
        keep: bool,
        x: ValueId,
    ) -> Result<ValueId> {
        self.emit(Op::Reduce { kind, axes, keep }, &[Some(x)])
    }

    /// `a · b`, leading axes broadcast.
    pub(super) fn product(&mut self, a: ValueId, b: ValueId) -> Result<ValueId> {
        self.emit(Op::MatMul, &[Some(a), Some(b)])
    }

    /// Operands joined; one alone is passed on.
    pub(super) fn join(&mut self, axis: usize, parts: &[ValueId]) -> Result<ValueId> {
        match parts {
            &[part] => Ok(part),
            _ => {
                let operands: Vec<_> = parts.iter().copied().map(Some).collect();
                self.emit(Op::Concat { axis }, &operands)
            }
        }
    }

    /// Parts of the given sizes; one alone is passed on.
    pub(super) fn parts(
        &mut self,
        x: ValueId,
        axis: usize,
        sizes: Vec<usize>,
    ) -> Result<Vec<ValueId>> {
        match sizes.len() {
            1 => Ok(vec![x]),
            _ => self.emit_all(Op::Split { axis, sizes }, &[Some(x)]),
        }
    }

    /// `length` neighbours along an axis.
    pub(super) fn cut(
        &mut self,
        x: ValueId,
        axis: usize,
        start: usize,
        length: usize,
    ) -> Result<ValueId> {
        let mut lengths = self.shape_of(x);
        let mut starts = vec![0; lengths.len()];
        let steps = vec![1; lengths.len()];
        let (Some(first), Some(count)) = (starts.get_mut(axis), lengths.get_mut(axis)) else {
            return Err(Error::input(format!("axis {axis} does not exist")));
        };
        (*first, *count) = (start, length);
        if lengths == self.shape_of(x) {
            return Ok(x);
        }
        let op = Op::Slice {
            starts,
            lengths,
            steps,
        };
        self.emit(op, &[Some(x)])
    }

    /// A vector as one number per channel, for an operand of `rank` axes, channels second.
    pub(super) fn per_channel(&mut self, x: ValueId, rank: usize) -> Result<ValueId> {
        let shape = self.shape_of(x);
        let [channels] = shape[..] else {
            return Err(Error::input(format!(
                "{shape:?} is not one number per channel"
            )));
        };
        let mut view = vec![1; rank.saturating_sub(1).max(1)];
        view[0] = channels;
        self.view(x, &view)
    }

    /// A list of texts, where given.
    pub(super) fn texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>> {
        let found = self.attribute(name, AttributeType::Strings)?;
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        Ok(found.map(|a| a.strings.iter().map(text).collect()))
    }
}

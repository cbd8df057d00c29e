//! One step of a model, as kernels and reports see it.

use crate::error::Fault;
use crate::format::{DType, Opcode, Place, Tensor};
use crate::kernels::{self, Kernel};
use crate::model::Model;

/// A step with its operands.
#[derive(Clone, Copy)]
pub struct Step<'m> {
    pub(crate) model: &'m Model<'m>,
    pub(crate) opcode: Opcode,
    pub(crate) inputs: u8,
    pub(crate) outputs: u8,
    /// Inputs and outputs. What is larger than six words is moved by a routine that has to be linked.
    pub(crate) operands: &'m [u32],
    pub(crate) attributes: &'m [u32],
}

impl<'m> Step<'m> {
    /// The operator.
    #[must_use]
    pub fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// The kernel that runs the step: the model's first that takes it.
    #[must_use]
    pub fn kernel(&self) -> Option<&'m Kernel> {
        Kernel::find(self.model.kernels, self)
    }

    /// Indices of the input tensors.
    #[must_use]
    pub fn inputs(&self) -> &'m [u32] {
        let inputs = self.operands.get(..self.inputs.into());
        inputs.unwrap_or(&[])
    }

    /// Indices of the output tensors.
    #[must_use]
    pub fn outputs(&self) -> &'m [u32] {
        let outputs = self.operands.get(self.inputs.into()..);
        outputs.unwrap_or(&[])
    }

    /// Number of outputs that the operator has, scratch left out.
    pub(crate) fn results(&self) -> usize {
        usize::from(self.opcode.arity().outputs)
    }

    /// Memory of the step: an output behind those of its operator, which nothing reads.
    #[must_use]
    pub fn scratch(&self) -> Option<Tensor<'m>> {
        self.output(self.results())
    }

    /// Attribute words.
    #[must_use]
    pub fn attributes(&self) -> &'m [u32] {
        self.attributes
    }

    /// Multiply-accumulates of the step.
    #[must_use]
    pub fn macs(&self) -> u64 {
        kernels::check(self).unwrap_or(0)
    }

    /// Tensor of input `index`.
    #[must_use]
    pub fn input(&self, index: usize) -> Option<Tensor<'m>> {
        let index = self
            .operands
            .get(index)
            .filter(|_| index < self.inputs.into());
        self.model.tensor(*index?)
    }

    /// Tensor of output `index`.
    #[must_use]
    pub fn output(&self, index: usize) -> Option<Tensor<'m>> {
        let index = index.wrapping_add(self.inputs.into());
        self.model.tensor(*self.operands.get(index)?)
    }

    /// Attribute word `index`; zero where there is none, which the arity check rules out.
    pub(crate) fn attribute(&self, index: usize) -> u32 {
        self.attributes().get(index).copied().unwrap_or(0)
    }

    /// Input `index`, or the fault of not having it.
    pub(crate) fn need_input(&self, index: usize) -> Result<Tensor<'m>, Fault> {
        self.input(index).ok_or(Fault::Arity)
    }

    /// Output `index`, or the fault of not having it.
    pub(crate) fn need_output(&self, index: usize) -> Result<Tensor<'m>, Fault> {
        self.output(index).ok_or(Fault::Arity)
    }

    /// Input `index` as a constant of one of `dtypes`.
    pub(crate) fn need_weights(&self, index: usize, dtypes: &[DType]) -> Result<Tensor<'m>, Fault> {
        let tensor = self.need_input(index)?;
        if tensor.place() == Place::Arena {
            return Err(Fault::Operand);
        }
        if !dtypes.contains(&tensor.dtype()) {
            return Err(Fault::DType);
        }
        Ok(tensor)
    }

    /// Words of input `index`, which safety depends on: a vector of `length` in the parameters.
    pub(crate) fn need_words(
        &self,
        index: usize,
        dtype: DType,
        length: usize,
    ) -> Result<&'m [u32], Fault> {
        let tensor = self.need_input(index)?;
        if tensor.place() != Place::Parameters {
            return Err(Fault::Operand);
        }
        if tensor.dtype() != dtype {
            return Err(Fault::DType);
        }
        if tensor.elements() != Some(length) {
            return Err(Fault::Shape);
        }
        self.model
            .words(tensor.offset() / 4, length)
            .ok_or(Fault::Offset)
    }
}

//! A loaded model: views into the file's sections.

use crate::error::{InputError, LoadError};
use crate::execute::Run;
use crate::format::{
    FunctionRecord, Header, Metadata, Opcode, Place, Section, StepRecord, Tensor, TensorRecord,
    crc, text,
};
use crate::kernels::{self, KernelSet};
use crate::load::{self, Limits};
use crate::step::Step;

/// A model that [`Model::load`] has checked; borrows the file and is cheap to copy.
#[derive(Clone, Copy)]
pub struct Model<'m> {
    pub(crate) head: &'m [u8; Header::LENGTH],
    pub(crate) functions: &'m [u32],
    pub(crate) tensors: &'m [u32],
    pub(crate) steps: &'m [u32],
    pub(crate) parameters: &'m [u32],
    pub(crate) text: &'m str,
    pub(crate) weights: &'m [u8],
    pub(crate) kernels: KernelSet<'m>,
}

impl<'m> Model<'m> {
    /// Checks `bytes` whole and returns a view of them, with the default [`Limits`].
    ///
    /// # Errors
    /// The first fault found, with section and index.
    pub fn load(bytes: &'m [u8]) -> Result<Self, LoadError> {
        load::load(bytes, kernels::ALL, Limits::default())
    }

    /// [`Model::load`] with these kernels and no others, so that a program links only them.
    ///
    /// ```ignore
    /// let model = Model::load_with(MODEL, include!("model.kernels.rs"))?;
    /// ```
    ///
    /// # Errors
    /// The first fault found; [`Fault::Kernel`](crate::Fault::Kernel) at a step without kernel.
    pub fn load_with(bytes: &'m [u8], kernels: KernelSet<'m>) -> Result<Self, LoadError> {
        load::load(bytes, kernels, Limits::default())
    }

    /// [`Model::load`] with the caller's limits.
    ///
    /// # Errors
    /// The first fault found, with section and index.
    pub fn load_within(bytes: &'m [u8], limits: Limits) -> Result<Self, LoadError> {
        load::load(bytes, kernels::ALL, limits)
    }

    /// Whether the weights match their checksum. No safety property depends on it.
    #[must_use]
    pub fn verify_weights(&self) -> bool {
        crc::crc32(self.weights) == self.header().weights_crc
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> Header {
        Header::of(self.head)
    }

    /// Metadata: task, vocabulary, licence and the like.
    #[must_use]
    pub fn metadata(&self) -> Metadata<'m> {
        Metadata::new(self.text)
    }

    /// All functions in file order.
    pub fn functions(&self) -> impl Iterator<Item = Function<'m>> + use<'m> {
        let model = *self;
        let (records, _) = self.functions.as_chunks();
        records.iter().map(move |words| Function { model, words })
    }

    /// The function called `name`.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<Function<'m>> {
        self.functions()
            .find(|function| text::is_same(function.name(), name))
    }

    /// Number of tensor records.
    #[must_use]
    pub fn tensors(&self) -> usize {
        self.tensors.len() / (TensorRecord::LENGTH / 4)
    }

    /// Tensor `index`.
    #[must_use]
    #[cfg_attr(target_pointer_width = "64", inline)]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub fn tensor(&self, index: u32) -> Option<Tensor<'m>> {
        record(self.tensors, index).map(Tensor::new)
    }

    /// Number of step records.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps.len() / (StepRecord::LENGTH / 4)
    }

    /// Step `index`.
    #[must_use]
    pub fn step(&self, index: u32) -> Option<Step<'_>> {
        let record = self.step_record(index)?;
        let count = usize::from(record.inputs) + usize::from(record.outputs);
        let words = self.words(record.operands, count + usize::from(record.attributes))?;
        let (operands, attributes) = words.split_at_checked(count)?;
        Some(Step {
            model: self,
            opcode: Opcode::from_code(record.opcode)?,
            inputs: record.inputs,
            outputs: record.outputs,
            operands,
            attributes,
        })
    }

    /// Operator of step `index`; `None` where its code is unknown.
    pub(crate) fn opcode(&self, index: u32) -> Option<Opcode> {
        Opcode::from_code(self.step_record(index)?.opcode)
    }

    /// Record of function `index`.
    pub(crate) fn function_record(&self, index: u32) -> Option<FunctionRecord> {
        record(self.functions, index).map(FunctionRecord::parse)
    }

    fn step_record(&self, index: u32) -> Option<StepRecord> {
        record(self.steps, index).map(StepRecord::parse)
    }

    /// `count` parameter words from `first` on.
    pub(crate) fn words(&self, first: u32, count: usize) -> Option<&'m [u32]> {
        self.parameters.get(first as usize..)?.get(..count)
    }

    /// Bytes of a constant; `None` for a tensor in the arena.
    #[must_use]
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub fn constant(&self, tensor: Tensor<'_>) -> Option<&'m [u8]> {
        let section = match tensor.place() {
            Place::Arena => return None,
            Place::Weights => self.weights,
            Place::Parameters => bytemuck::cast_slice(self.parameters),
        };
        section
            .get(tensor.offset() as usize..)?
            .get(..tensor.bytes()?)
    }

    /// `length` bytes of text from `offset` on.
    pub(crate) fn name(&self, offset: u32, length: u32) -> Option<&'m str> {
        self.text.get(offset as usize..)?.get(..length as usize)
    }

    /// Name of a tensor; empty for inner ones.
    #[must_use]
    pub fn tensor_name(&self, tensor: Tensor<'_>) -> &'m str {
        let (offset, length) = tensor.name();
        self.name(offset, length).unwrap_or("")
    }

    /// Start and length of a section in the file.
    #[must_use]
    pub fn section(&self, section: Section) -> (usize, usize) {
        self.header().range(section).unwrap_or((0, 0))
    }
}

/// Record `index` of `N` words. Unlike `as_chunks`, whose count of records is a division.
fn record<const N: usize>(section: &[u32], index: u32) -> Option<&[u32; N]> {
    let start = (index as usize).checked_mul(N)?;
    section.get(start..)?.first_chunk()
}

/// A named function of a model.
#[derive(Clone, Copy)]
pub struct Function<'m> {
    pub(crate) model: Model<'m>,
    pub(crate) words: &'m [u32; FunctionRecord::LENGTH / 4],
}

impl<'m> Function<'m> {
    pub(crate) fn record(&self) -> FunctionRecord {
        FunctionRecord::parse(self.words)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'m str {
        let record = self.record();
        let name = self.model.name(record.name_offset, record.name_length);
        name.unwrap_or("")
    }

    /// Bytes of arena that the function needs.
    #[must_use]
    pub fn arena(&self) -> usize {
        self.record().arena as usize
    }

    /// Indices of the input tensors.
    #[must_use]
    pub fn inputs(&self) -> &'m [u32] {
        let record = self.record();
        let words = self.model.words(record.operands, record.inputs as usize);
        words.unwrap_or(&[])
    }

    /// Indices of the output tensors.
    #[must_use]
    pub fn outputs(&self) -> &'m [u32] {
        let record = self.record();
        let first = record.operands.saturating_add(record.inputs);
        let words = self.model.words(first, record.outputs as usize);
        words.unwrap_or(&[])
    }

    /// Tensor of input `index`.
    #[must_use]
    pub fn input(&self, index: usize) -> Option<Tensor<'m>> {
        self.model.tensor(*self.inputs().get(index)?)
    }

    /// Tensor of output `index`.
    #[must_use]
    pub fn output(&self, index: usize) -> Option<Tensor<'m>> {
        self.model.tensor(*self.outputs().get(index)?)
    }

    /// The steps in order.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        let FunctionRecord {
            first_step, steps, ..
        } = self.record();
        (first_step..first_step.saturating_add(steps)).map_while(|index| self.model.step(index))
    }

    /// Joins the function to `arena`, whose contents do not matter.
    ///
    /// # Errors
    /// The arena is too short or not on a 16-byte boundary.
    pub fn bind<'r>(&self, arena: &'r mut [u8]) -> Result<Run<'m, 'r>, InputError> {
        Run::new(*self, arena)
    }
}

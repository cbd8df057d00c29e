//! Builds a [`Program`] function by function: which tensor stands for which value.

use super::forms::{self, Reals};
use super::results::results;
use super::scheme::{Formats, Scheme};
use super::{clip, constants, grid_input, snap, types};
use crate::calibrate::{Moments, Ranges};
use crate::error::{Error, Result};
use crate::graph::{Clamp, Dtype, Function, Graph, Node, ValueId};
use crate::program::{self, Content, Program, Step, Tensor, TensorId};
use qibu::format::{DType, Layout, MAX_RANK, Opcode};
use std::collections::{BTreeMap, BTreeSet};

/// Scale and zero point of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quantisation {
    pub scale: f32,
    pub zero_point: i32,
}

impl Quantisation {
    /// Of floats, indices and raw integers.
    pub const NONE: Self = Self {
        scale: 1.0,
        zero_point: 0,
    };
}

pub(super) struct Builder<'g> {
    pub graph: &'g Graph,
    formats: &'g Formats,
    ranges: &'g Ranges,
    types: BTreeMap<ValueId, DType>,
    reals: Reals,
    /// Quantisations that the model itself prescribes.
    fixed: BTreeMap<ValueId, Quantisation>,
    /// Sums and products that apply the limits of a Clip behind them.
    limits: BTreeMap<ValueId, (Clamp, ValueId)>,
    program: Program,
    /// Constants by content, so that functions share them.
    constants: BTreeMap<(u8, Vec<usize>, u32, Vec<u8>), TensorId>,
    /// Tensors of the function under construction.
    tensors: BTreeMap<ValueId, TensorId>,
    /// Its values that a reader of the other kind has converted.
    converted: BTreeMap<(ValueId, DType), TensorId>,
    /// Values of that function that only its caller reads.
    results: BTreeSet<ValueId>,
    inputs: Vec<TensorId>,
    steps: Vec<Step>,
}

impl<'g> Builder<'g> {
    pub fn new(graph: &'g Graph, formats: &'g Formats, ranges: &'g Ranges) -> Self {
        Self {
            graph,
            formats,
            ranges,
            types: types::assign(graph, formats),
            reals: forms::split(graph, formats),
            fixed: snap::fixed(graph),
            limits: clip::limits(graph),
            program: Program {
                metadata: graph.metadata.clone(),
                ..Program::default()
            },
            constants: BTreeMap::new(),
            tensors: BTreeMap::new(),
            converted: BTreeMap::new(),
            results: BTreeSet::new(),
            inputs: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Starts a function: its inputs, quantised where the scheme is integer.
    pub fn begin(&mut self, function: &Function) -> Result<()> {
        self.tensors.clear();
        self.converted.clear();
        self.steps.clear();
        self.inputs.clear();
        self.results = results(self.graph, function, &|node| self.reals.computes(node));
        for &input in &function.inputs {
            let value = self.graph.value(input);
            let (dtype, quantisation) = match grid_input::of(self.graph, self.formats, input) {
                Some(grid) => (DType::I8, grid),
                None => (plain(value.dtype), Quantisation::NONE),
            };
            let id = self.arena(input, dtype, quantisation)?;
            self.inputs.push(id);
            if dtype == DType::F32 && !self.reals.stores(input) {
                let to = self.types[&input];
                let quantisation = self.calibrated(input, to, 0.0);
                let quantised = self.arena(input, to, quantisation)?;
                self.push(
                    Opcode::Quantise,
                    &value.name,
                    vec![id],
                    vec![quantised],
                    vec![],
                );
            }
        }
        Ok(())
    }

    /// Ends a function: its outputs, as real numbers where they are quantised activations.
    pub fn finish(&mut self, function: &Function) -> Result<()> {
        let mut outputs = Vec::new();
        for &output in &function.outputs {
            let name = self.graph.value(output).name.clone();
            if self.graph.constant(output).is_some() {
                return Err(Error::input(format!("output `{name}` is a constant"))
                    .hint("take it out of the graph's outputs; it needs no device"));
            }
            let id = self.operand(output)?;
            let integer = matches!(self.tensor(id).dtype, DType::I8 | DType::I16 | DType::I32);
            let selected = self.steps.iter().any(|step| {
                let selects = matches!(step.opcode, Opcode::TopKDense | Opcode::TopKGroups);
                selects && step.outputs.contains(&self.program.root(id))
            });
            if integer && !selected && self.graph.value(output).dtype == Dtype::F32 {
                let real = self.arena(output, DType::F32, Quantisation::NONE)?;
                self.push(Opcode::Dequantise, &name, vec![id], vec![real], vec![]);
                outputs.push(real);
            } else if self.inputs.contains(&self.program.root(id)) {
                // An input that is handed on: the result has bytes of its own, so that the caller
                // may set the next input while reading it.
                outputs.push(super::movement::copied(self, output, id)?);
            } else {
                outputs.push(id);
            }
        }
        self.program.functions.push(program::Function {
            name: function.name.clone(),
            inputs: std::mem::take(&mut self.inputs),
            outputs,
            steps: std::mem::take(&mut self.steps),
        });
        Ok(())
    }

    pub fn into_program(self) -> Program {
        self.program
    }

    /// Whether `node` computes in real numbers.
    pub fn is_real(&self, node: &Node) -> bool {
        self.reals.computes(node)
    }

    /// Whether integers stand for the real numbers of `value`.
    pub fn is_stored_in_integers(&self, value: ValueId) -> bool {
        !self.reals.stores(value) && !self.graph.inputs.contains(&value)
    }

    /// Number formats of `node`.
    pub fn scheme(&self, node: &Node) -> Scheme {
        self.formats.of(node)
    }

    /// Whether `value` has been computed already.
    pub fn is_computed(&self, value: ValueId) -> bool {
        self.tensors.contains_key(&value)
    }

    /// The tensor that stands for `value`, as it is stored.
    pub fn operand(&mut self, value: ValueId) -> Result<TensorId> {
        if let Some(&id) = self.tensors.get(&value) {
            return Ok(id);
        }
        match self.graph.constant(value) {
            Some(tensor) => {
                let id = constants::plain(self, &self.graph.value(value).name, tensor)?;
                self.tensors.insert(value, id);
                Ok(id)
            }
            None => {
                let name = &self.graph.value(value).name;
                Err(Error::input(format!(
                    "`{name}` is read but neither an input nor computed"
                )))
            }
        }
    }

    /// Input `index` of a node in the form that the node computes in: floats as f32 or as integers.
    pub fn input(&mut self, node: &Node, index: usize) -> Result<TensorId> {
        let value = node.input(index).ok_or_else(|| missing(node, index))?;
        let id = self.operand(value)?;
        if self.graph.value(value).dtype != Dtype::F32 {
            return Ok(id);
        }
        let (real, stored) = (self.is_real(node), self.tensor(id).dtype);
        match (real, stored) {
            (true, DType::F32) | (false, DType::I8 | DType::I16) => Ok(id),
            (true, _) => self.convert(value, id, DType::F32),
            (false, DType::I32) => {
                // A score: back to the reals and from there to integers that kernels calculate with.
                let real = self.convert(value, id, DType::F32)?;
                self.convert(value, real, self.types[&value])
            }
            (false, _) => self.convert(value, id, self.types[&value]),
        }
    }

    /// Input `index` of a node that only moves elements, as it is stored.
    pub fn stored(&mut self, node: &Node, index: usize) -> Result<TensorId> {
        let value = node.input(index).ok_or_else(|| missing(node, index))?;
        self.operand(value)
    }

    /// `value`, stored as `id`, as `dtype`: one step for all readers, none for a constant.
    fn convert(&mut self, value: ValueId, id: TensorId, dtype: DType) -> Result<TensorId> {
        if let Some(&done) = self.converted.get(&(value, dtype)) {
            return Ok(done);
        }
        let source = self.graph.value(value);
        let converted = match self.graph.constant(value) {
            Some(tensor) => constants::integers(self, &source.name, tensor, dtype)?,
            None => {
                let (opcode, quantisation) = match dtype {
                    DType::F32 => (Opcode::Dequantise, Quantisation::NONE),
                    _ => (Opcode::Quantise, self.calibrated(value, dtype, 0.0)),
                };
                let shape = source.shape.clone();
                let to = self.temporary(Some(value), &source.name, shape, dtype, quantisation)?;
                self.push(opcode, &source.name, vec![id], vec![to], vec![]);
                to
            }
        };
        self.converted.insert((value, dtype), converted);
        Ok(converted)
    }

    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.program.tensors[id]
    }

    /// What calibration measured of the inputs that `node` multiplies by its weights.
    pub fn moments(&self, node: &Node) -> Option<&'g Moments> {
        self.ranges.moments(node.input(1)?)
    }

    /// Whether only the function's caller, or nodes that compute in real numbers, read `value`.
    pub fn is_result(&self, value: ValueId) -> bool {
        self.results.contains(&value)
    }

    /// What a sum or product stores in place of `value`: that value limited, where only a Clip
    /// reads it.
    pub fn limited(&self, value: ValueId) -> (Option<Clamp>, ValueId) {
        let absorbed = self.limits.get(&value);
        absorbed.map_or((None, value), |&(clamp, limited)| (Some(clamp), limited))
    }

    /// The type that `value` is stored in.
    pub fn type_of(&self, value: ValueId) -> DType {
        self.types[&value]
    }

    /// Scale and zero point of `value` from its calibrated range, as `dtype`; the scale is at least
    /// `minimum`, which keeps requantisation factors below one.
    pub fn calibrated(&self, value: ValueId, dtype: DType, minimum: f32) -> Quantisation {
        match self.fixed.get(&value) {
            Some(&fixed) if dtype == DType::I8 && fixed.scale >= minimum => fixed,
            _ => self.ranges.quantisation(value, dtype, minimum),
        }
    }

    /// A new arena tensor for `value`.
    pub fn arena(
        &mut self,
        value: ValueId,
        dtype: DType,
        quantisation: Quantisation,
    ) -> Result<TensorId> {
        let source = self.graph.value(value);
        let shape = source.shape.clone();
        let id = self.temporary(Some(value), &source.name, shape, dtype, quantisation)?;
        self.tensors.insert(value, id);
        Ok(id)
    }

    /// A new arena tensor that no value stands for in what follows: a step between two others, or
    /// `value` in another form.
    pub fn temporary(
        &mut self,
        value: Option<ValueId>,
        name: &str,
        shape: Vec<usize>,
        dtype: DType,
        quantisation: Quantisation,
    ) -> Result<TensorId> {
        self.add(Tensor {
            layout: Layout::Plain,
            name: name.to_owned(),
            dtype,
            shape,
            scale: quantisation.scale,
            zero_point: quantisation.zero_point,
            content: Content::Arena,
            value,
        })
    }

    /// The same bytes as `of` under another shape; constants too.
    pub fn seen_as(&mut self, of: TensorId, shape: Vec<usize>) -> Result<TensorId> {
        let source = self.tensor(of).clone();
        let content = match &source.content {
            Content::Arena | Content::View(_) => Content::View(of),
            constant => constant.clone(),
        };
        self.add(Tensor {
            shape,
            content,
            value: None,
            ..source
        })
    }

    /// Declares that what a step stores in `id` is `value` already.
    pub fn stands_in(&mut self, id: TensorId, value: ValueId) {
        let root = self.program.root(id);
        self.program.tensors[root].value = Some(value);
    }

    /// Declares that `id` stands for `value` from here on.
    pub fn becomes(&mut self, id: TensorId, value: ValueId) {
        let tensor = &mut self.program.tensors[id];
        tensor.value = Some(value);
        tensor.name = self.graph.value(value).name.clone();
        self.tensors.insert(value, id);
    }

    /// Lowers a reshape: the same bytes under another shape.
    pub fn view(&mut self, node: &Node) -> Result<()> {
        let of = self.stored(node, 0)?;
        let value = node.outputs[0];
        if !self.program.in_arena(of) {
            // A constant that changed its shape without being folded.
            let id = self.seen_as(of, self.graph.shape(value).to_vec())?;
            self.tensors.insert(value, id);
            return Ok(());
        }
        let source = self.tensor(of).clone();
        let id = self.add(Tensor {
            layout: Layout::Plain,
            name: self.graph.value(value).name.clone(),
            shape: self.graph.shape(value).to_vec(),
            content: Content::View(of),
            value: Some(value),
            ..source
        })?;
        self.tensors.insert(value, id);
        Ok(())
    }

    /// A constant in the weights section; one that exists already serves again.
    pub fn weights(
        &mut self,
        name: &str,
        dtype: DType,
        shape: &[usize],
        scale: f32,
        bytes: Vec<u8>,
    ) -> Result<TensorId> {
        let key = (dtype as u8, shape.to_vec(), scale.to_bits(), bytes.clone());
        if let Some(&id) = self.constants.get(&key) {
            return Ok(id);
        }
        let id = self.add(Tensor {
            layout: Layout::Plain,
            name: name.to_owned(),
            dtype,
            shape: shape.to_vec(),
            scale,
            zero_point: 0,
            content: Content::Weights(bytes),
            value: None,
        })?;
        self.constants.insert(key, id);
        Ok(id)
    }

    /// A constant that no step reads, under a name of its own.
    pub fn table(
        &mut self,
        name: &str,
        dtype: DType,
        shape: &[usize],
        bytes: Vec<u8>,
    ) -> Result<()> {
        let id = self.add(Tensor {
            layout: Layout::Plain,
            name: name.to_owned(),
            dtype,
            shape: shape.to_vec(),
            scale: 1.0,
            zero_point: 0,
            content: Content::Weights(bytes),
            value: None,
        })?;
        self.program.tables.push(id);
        Ok(())
    }

    /// A constant under a name of its own that steps read, too, stored once.
    pub fn shared_table(
        &mut self,
        name: &str,
        dtype: DType,
        shape: &[usize],
        bytes: Vec<u8>,
    ) -> Result<TensorId> {
        let id = self.weights(name, dtype, shape, 1.0, bytes)?;
        if !self.program.tables.contains(&id) {
            self.program.tensors[id].name = name.to_owned();
            self.program.tables.push(id);
        }
        Ok(id)
    }

    /// A vector in the parameters section; one that exists already serves again.
    pub fn parameters(&mut self, name: &str, dtype: DType, words: Vec<u32>) -> Result<TensorId> {
        let bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let key = (dtype as u8, vec![words.len()], 0, bytes);
        if let Some(&id) = self.constants.get(&key) {
            return Ok(id);
        }
        let id = self.add(Tensor {
            layout: Layout::Plain,
            name: name.to_owned(),
            dtype,
            shape: vec![words.len()],
            scale: 1.0,
            zero_point: 0,
            content: Content::Parameters(words),
            value: None,
        })?;
        self.constants.insert(key, id);
        Ok(id)
    }

    fn add(&mut self, tensor: Tensor) -> Result<TensorId> {
        if tensor.shape.len() > MAX_RANK {
            return Err(Error::input(format!(
                "`{}` has {} dimensions, the format holds {MAX_RANK}",
                tensor.name,
                tensor.shape.len()
            )));
        }
        self.program.tensors.push(tensor);
        Ok(self.program.tensors.len() - 1)
    }

    /// Appends a step.
    pub fn push(
        &mut self,
        opcode: Opcode,
        name: &str,
        inputs: Vec<TensorId>,
        outputs: Vec<TensorId>,
        attributes: Vec<u32>,
    ) {
        self.steps.push(Step {
            name: name.to_owned(),
            opcode,
            inputs,
            outputs,
            attributes,
        });
    }
}

/// The type that a value of the graph has in the file where it is not quantised.
pub(super) fn plain(dtype: Dtype) -> DType {
    match dtype {
        Dtype::F32 => DType::F32,
        Dtype::I64 | Dtype::I32 | Dtype::I8 | Dtype::U8 => DType::I32,
        Dtype::Bool => DType::Bool,
    }
}

/// The error of a node without a needed operand.
pub(super) fn missing(node: &Node, index: usize) -> Error {
    Error::input(format!("operand {index} is missing")).at_node(&node.name)
}

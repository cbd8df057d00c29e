//! One function of a file beside the float path and, where it is there, ONNX Runtime.
//!
//! ```text
//! for each sample:
//!     run the float path, keeping every float value
//!     run the file; each tensor that stands for one of these values adds to its noise
//!     ask ONNX Runtime
//!     measure the outputs: file against float, float and file against ONNX Runtime
//! ```

use super::channels::Channels;
use super::measure::Measure;
use super::signal::Noise;
use super::truth::{Opinion, Truth};
use crate::calibrate::{FloatRun, Input, Samples, function, reals, record};
use crate::error::{Error, Result};
use crate::graph::{Dtype, Function, Graph, Value, ValueId};
use qibu::Model;
use qibu::format::DType;
use std::collections::BTreeMap;

/// The graph value that a tensor of the file stands for.
pub(super) type Values = BTreeMap<u32, ValueId>;

/// What is compared.
pub(super) struct Comparison<'a> {
    pub graph: &'a Graph,
    pub float: &'a FloatRun,
    pub model: &'a Model<'a>,
    /// Values behind tensors of the file; those that are not listed are not compared.
    pub values: &'a Values,
    pub samples: &'a Samples,
    /// Whether channels of the file may be scaled, see [`Channels`].
    pub equalised: bool,
}

/// One output, measured three times.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    pub file_float: Measure,
    pub float_truth: Measure,
    pub file_truth: Measure,
}

impl Compared {
    /// Signal-to-noise ratio of a tensor of the file.
    pub fn decibels(&self, index: u32) -> Option<f64> {
        let channels = self.channels.get(&index).and_then(Channels::decibels);
        channels.or_else(|| self.noise.get(&index)?.decibels())
    }
}

/// One function, compared.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Noise of tensors of the file.
    pub noise: BTreeMap<u32, Noise>,
    /// The same of integers, but for powers of two.
    pub channels: BTreeMap<u32, Channels>,
    /// Its outputs, in order.
    pub outputs: Vec<Output>,
}

impl Comparison<'_> {
    /// Compares `target` on the first `count` samples. Where ONNX Runtime fails on the way, `truth`
    /// becomes its refusal, and what it said before counts for nothing.
    ///
    /// # Errors
    /// Samples that do not fit; a file whose function is not that of the graph.
    pub fn function(
        &self,
        target: &Function,
        count: usize,
        truth: &mut Opinion<Truth>,
        mut progress: impl FnMut(),
    ) -> Result<Compared> {
        let mut compared = Compared {
            outputs: vec![Output::default(); target.outputs.len()],
            ..Compared::default()
        };
        for sample in 0..count {
            let inputs = self.samples.inputs(self.graph, target, sample)?;
            let (float, file) = self.run(target, &inputs, &mut compared)?;
            let answer = match truth {
                Opinion::Given(session) => match session.ask(self.graph, &target.inputs, &inputs) {
                    Ok(answer) => answer,
                    Err(error) => {
                        *truth = Opinion::Refused(error.to_string());
                        BTreeMap::new()
                    }
                },
                _ => BTreeMap::new(),
            };
            for (position, output) in compared.outputs.iter_mut().enumerate() {
                let (Some(&id), Some(float), Some(file)) = (
                    target.outputs.get(position),
                    float.get(position),
                    file.get(position),
                ) else {
                    let (found, expected) = (file.len(), target.outputs.len());
                    return Err(Error::input(format!(
                        "function `{}` of the file has {found} outputs, the model's {expected}",
                        target.name
                    )));
                };
                let value = self.graph.value(id);
                let (float, file) = (&as_number(value, float), &as_number(value, file));
                let within = |error: Error| error.within(format!("output `{}`", value.name));
                let shape = &value.shape;
                output.file_float.add(shape, float, file).map_err(within)?;
                if let Some(expected) = answer.get(&value.name) {
                    let expected = &as_number(value, expected);
                    let measured = output.float_truth.add(shape, expected, float);
                    measured.map_err(within)?;
                    output
                        .file_truth
                        .add(shape, expected, file)
                        .map_err(within)?;
                }
            }
            progress();
        }
        if !matches!(truth, Opinion::Given(_)) {
            for output in &mut compared.outputs {
                output.float_truth = Measure::default();
                output.file_truth = Measure::default();
            }
        }
        Ok(compared)
    }

    /// Outputs of the float path and of the file.
    fn run(
        &self,
        target: &Function,
        inputs: &[Input],
        compared: &mut Compared,
    ) -> Result<(Vec<Input>, Vec<Input>)> {
        let mut expected: BTreeMap<ValueId, Vec<f32>> = BTreeMap::new();
        let float = self.float.run(&target.name, inputs, |value, values| {
            expected.insert(value, values.to_vec());
        })?;
        let mut wrong = None;
        let function = function(self.model, &target.name)?;
        let file = record(self.model, function, inputs, |index, tensor, bytes| {
            let value = self.values.get(&index);
            if let (Some(expected), Some(actual)) = (
                value.and_then(|value| expected.get(value)),
                reals(tensor, bytes),
            ) {
                if expected.len() != actual.len() {
                    wrong.get_or_insert(index);
                }
                let noise = compared.noise.entry(index).or_default();
                noise.add(expected, &actual);
                if self.equalised && matches!(tensor.dtype(), DType::I8 | DType::I16) {
                    let channels = compared.channels.entry(index).or_default();
                    channels.add(tensor.columns(), expected, &actual);
                }
            }
        })?;
        match wrong {
            None => Ok((float, file)),
            Some(index) => Err(Error::input(format!(
                "tensor {index} of the file has not the elements of its value"
            ))),
        }
    }
}

/// Bytes are quantised numbers, which may be off by a step, where wider integers are ids and counts.
fn as_number(value: &Value, output: &Input) -> Input {
    match (value.dtype, output) {
        (Dtype::I8 | Dtype::U8, Input::I32(items)) => {
            Input::F32(items.iter().map(|&item| item as f32).collect())
        }
        _ => output.clone(),
    }
}

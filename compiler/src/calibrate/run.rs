//! The float path: a graph as an f32 program in the runtime, every value kept.

use crate::aligned::AlignedBytes;
use crate::error::{Error, Result};
use crate::graph::{Graph, ValueId};
use crate::plan::{Planned, Reuse, plan_with};
use crate::quantise::float_program;
use crate::write::write;
use qibu::format::DType;
use qibu::{Limits, LoadError, Model};
use std::collections::BTreeMap;

/// One input of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Real numbers.
    F32(Vec<f32>),
    /// Indices.
    I32(Vec<i32>),
}

/// A graph ready to run in f32.
pub(crate) struct FloatRun {
    file: AlignedBytes,
    /// The graph's value behind each tensor of the file.
    values: BTreeMap<u32, ValueId>,
}

impl FloatRun {
    pub fn new(graph: &Graph) -> Result<Self> {
        let planned = plan_with(float_program(graph)?, Reuse::KeepAll)?;
        let file = AlignedBytes::from(&write(&planned)?[..]);
        let tensors = planned.program.tensors.iter().enumerate();
        let values = tensors.filter_map(|(index, tensor)| Some((index as u32, tensor.value?)));
        load_planned(&planned, &file)?;
        Ok(Self {
            values: values.collect(),
            file,
        })
    }

    fn model(&self) -> Result<Model<'_>> {
        load(&self.file)
    }

    /// Runs a function and shows every float value that it read or computed.
    pub fn run(
        &self,
        name: &str,
        inputs: &[Input],
        mut observe: impl FnMut(ValueId, &[f32]),
    ) -> Result<()> {
        let model = self.model()?;
        let function = function(&model, name)?;
        let mut arena = AlignedBytes::zeros(function.arena());
        let mut run = bind(function, &mut arena, inputs)?;
        run.execute()
            .map_err(|error| Error::input(format!("function `{name}`: {error}")))?;
        let steps: Vec<_> = function.steps().collect();
        let written = steps.iter().flat_map(|step| step.outputs());
        // Outputs too: one may be a view, which no step writes.
        let shown = function
            .inputs()
            .iter()
            .chain(written)
            .chain(function.outputs());
        for index in shown {
            let (Some(&value), Some(tensor)) = (self.values.get(index), model.tensor(*index))
            else {
                continue;
            };
            if tensor.dtype != DType::F32 {
                continue;
            }
            if let Some(bytes) = run.tensor_bytes(&tensor) {
                observe(
                    value,
                    &bytemuck::allocation::pod_collect_to_vec::<u8, f32>(bytes),
                );
            }
        }
        Ok(())
    }
}

/// Work of one run that the compiler accepts: hours on a desktop.
pub(crate) const LIMITS: Limits = Limits { macs: 1 << 40 };

/// Loads what this crate wrote; a refusal is a defect of the compiler or a model beyond limits.
pub(crate) fn load(bytes: &[u8]) -> Result<Model<'_>> {
    Model::load_within(bytes, LIMITS).map_err(refused)
}

/// [`load`] for the bytes of `planned`: a refusal names the node behind the step.
pub(crate) fn load_planned<'b>(planned: &Planned, bytes: &'b [u8]) -> Result<Model<'b>> {
    let program = &planned.program;
    Model::load_within(bytes, LIMITS).map_err(|error| {
        let name = match error {
            LoadError::Step(index, _) => {
                let mut steps = program
                    .functions
                    .iter()
                    .flat_map(|function| &function.steps);
                steps.nth(index as usize).map(|step| &step.name)
            }
            LoadError::Tensor(index, _) => {
                let tensor = program.tensors.get(index as usize);
                tensor.map(|tensor| &tensor.name)
            }
            _ => None,
        };
        match name {
            Some(name) => refused(error).at_node(name),
            None => refused(error),
        }
    })
}

fn refused(error: LoadError) -> Error {
    Error::input(format!("the runtime refuses the compiled file: {error}"))
}

/// The function called `name`.
pub(crate) fn function<'m>(model: &Model<'m>, name: &str) -> Result<qibu::Function<'m>> {
    model
        .function(name)
        .ok_or_else(|| Error::input(format!("the file has no function `{name}`")))
}

/// Joins a function to an arena and sets its inputs.
pub(crate) fn bind<'m, 'r>(
    function: qibu::Function<'m>,
    arena: &'r mut [u8],
    inputs: &[Input],
) -> Result<qibu::Run<'m, 'r>> {
    let failed = |error| Error::input(format!("function `{}`: {error}", function.name()));
    let mut run = function.bind(arena).map_err(failed)?;
    for (index, input) in inputs.iter().enumerate() {
        match input {
            Input::F32(values) => run.set_f32(index, values),
            Input::I32(values) => run.set_i32(index, values),
        }
        .map_err(failed)?;
    }
    Ok(run)
}

/// Runs a function and returns its outputs: real numbers, or indices.
pub(crate) fn outputs(function: qibu::Function<'_>, inputs: &[Input]) -> Result<Vec<Input>> {
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = bind(function, &mut arena, inputs)?;
    let failed = |error| Error::input(format!("function `{}`: {error}", function.name()));
    run.execute().map_err(failed)?;
    let mut values = Vec::new();
    for index in 0..function.outputs().len() {
        let tensor = function
            .output(index)
            .ok_or_else(|| failed(qibu::InputError::Index))?;
        values.push(match tensor.dtype {
            DType::F32 => Input::F32(run.output_f32(index).map_err(failed)?.to_vec()),
            // Indices count by one from zero; anything else is a quantised real number.
            _ if tensor.scale == 1.0 => Input::I32(run.output_i32(index).map_err(failed)?.to_vec()),
            _ => {
                let raw = run.output_i32(index).map_err(failed)?;
                let real =
                    |&q: &i32| qibu::rounding::dequantise(q, tensor.scale, tensor.zero_point);
                Input::F32(raw.iter().map(real).collect())
            }
        });
    }
    Ok(values)
}

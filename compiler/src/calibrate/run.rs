//! The float path: a graph as an f32 program in the runtime, every value kept.

use crate::aligned::AlignedBytes;
use crate::error::{Error, Result};
use crate::graph::{Graph, ValueId};
use crate::plan::{Planned, Reuse, plan_with};
use crate::quantise::float_program;
use crate::write::write;
use qibu::format::{DType, Tensor};
use qibu::{Function, InputError, Limits, LoadError, Model, Run};
use std::collections::{BTreeMap, BTreeSet};

/// One input of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Real numbers.
    F32(Vec<f32>),
    /// Indices and counts.
    I32(Vec<i32>),
    /// Truth values.
    Bool(Vec<bool>),
}

/// A graph ready to run in f32.
pub(crate) struct FloatRun {
    file: AlignedBytes,
    /// The graph's value behind each tensor of the file.
    values: BTreeMap<u32, ValueId>,
    /// Multiply-accumulates of all functions, and the step that takes the most.
    work: (u64, String),
}

impl FloatRun {
    pub fn new(graph: &Graph) -> Result<Self> {
        let planned = plan_with(float_program(graph)?, Reuse::KeepAll)?;
        let file = AlignedBytes::from(&write(&planned)?[..]);
        let tensors = planned.program.tensors.iter().enumerate();
        let values = tensors.filter_map(|(index, tensor)| Some((index as u32, tensor.value?)));
        let model = load_planned(&planned, &file)?;
        let functions = planned.program.functions.iter();
        let names = functions.flat_map(|function| &function.steps);
        let loaded: Vec<_> = model
            .functions()
            .flat_map(|function| function.steps().map(|step| step.macs()).collect::<Vec<_>>())
            .collect();
        let heaviest = loaded.iter().zip(names).max_by_key(|(macs, _)| **macs);
        let work = (
            loaded
                .iter()
                .fold(0, |sum: u64, &macs| sum.saturating_add(macs)),
            heaviest.map_or_else(String::new, |(_, step)| step.name.clone()),
        );
        Ok(Self {
            values: values.collect(),
            file,
            work,
        })
    }

    /// Refuses to run `samples` where that takes hours.
    pub fn check_work(&self, samples: usize) -> Result<()> {
        let (each, heaviest) = &self.work;
        let total = each.saturating_mul(samples as u64);
        if total <= MOST_WORK {
            return Ok(());
        }
        Err(Error::input(format!(
            "{samples} samples of {} multiply-accumulates each take too long to calibrate with",
            crate::report::grouped(*each as usize)
        ))
        .at_node(heaviest)
        .hint("give fewer samples with --calibrate; the node named takes the most"))
    }

    fn model(&self) -> Result<Model<'_>> {
        load(&self.file)
    }

    /// Runs a function, shows every float value that it read or computed, and returns its outputs.
    pub fn run(
        &self,
        name: &str,
        inputs: &[Input],
        mut observe: impl FnMut(ValueId, &[f32]),
    ) -> Result<Vec<Input>> {
        let model = self.model()?;
        record(
            &model,
            function(&model, name)?,
            inputs,
            |index, tensor, bytes| {
                if let (Some(&value), DType::F32) = (self.values.get(&index), tensor.dtype()) {
                    let values = bytemuck::allocation::pod_collect_to_vec::<u8, f32>(bytes);
                    observe(value, &values);
                }
            },
        )
    }
}

/// Runs a function of any file and shows each of its tensors, with number and bytes: inputs before
/// the first step, results right behind the step that wrote them, and then outputs that are views,
/// which no step writes. Returns the outputs.
pub(crate) fn record(
    model: &Model<'_>,
    function: Function<'_>,
    inputs: &[Input],
    mut observe: impl FnMut(u32, Tensor<'_>, &[u8]),
) -> Result<Vec<Input>> {
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = bind(function, &mut arena, inputs)?;
    let mut shown = BTreeSet::new();
    for &index in function.inputs() {
        if let Some(tensor) = model.tensor(index)
            && let Some(bytes) = run.tensor_bytes(tensor)
        {
            shown.insert(index);
            observe(index, tensor, bytes);
        }
    }
    run.execute_with(|step, arena| {
        for &index in step.outputs() {
            let Some(tensor) = model.tensor(index) else {
                continue;
            };
            let start = tensor.offset() as usize;
            let length = tensor.bytes().unwrap_or(0);
            if let Some(bytes) = arena.get(start..).and_then(|rest| rest.get(..length)) {
                shown.insert(index);
                observe(index, tensor, bytes);
            }
        }
    })
    .map_err(|error| failed(function, error))?;
    for &index in function.outputs() {
        if !shown.contains(&index)
            && let Some(tensor) = model.tensor(index)
            && let Some(bytes) = run.tensor_bytes(tensor)
        {
            observe(index, tensor, bytes);
        }
    }
    results(function, &run)
}

/// Multiply-accumulates of a calibration that the compiler accepts: some minutes on a desktop.
const MOST_WORK: u64 = 1 << 38;

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
pub(crate) fn function<'m>(model: &Model<'m>, name: &str) -> Result<Function<'m>> {
    model
        .function(name)
        .ok_or_else(|| Error::input(format!("the file has no function `{name}`")))
}

/// Joins a function to an arena and sets its inputs.
pub(crate) fn bind<'m, 'r>(
    function: Function<'m>,
    arena: &'r mut [u8],
    inputs: &[Input],
) -> Result<Run<'m, 'r>> {
    let mut run = function
        .bind(arena)
        .map_err(|error| failed(function, error))?;
    for (index, input) in inputs.iter().enumerate() {
        let stored = function.input(index).map(|tensor| tensor.dtype());
        match input {
            Input::F32(values) => run.set_f32(index, values),
            Input::I32(values) if stored == Some(DType::I8) => {
                // Integers of a grid: the graph's int8, whatever holds them here.
                let narrow: Vec<i8> = values.iter().map(|&q| q.clamp(-128, 127) as i8).collect();
                run.set_i8(index, &narrow)
            }
            Input::I32(values) => run.set_i32(index, values),
            Input::Bool(values) => run.set_bool(index, values),
        }
        .map_err(|error| failed(function, error))?;
    }
    Ok(run)
}

fn failed(function: Function<'_>, error: InputError) -> Error {
    Error::input(format!("function `{}`: {error}", function.name()))
}

/// Runs a function and returns its outputs: real numbers, indices or truth values.
pub(crate) fn outputs(function: Function<'_>, inputs: &[Input]) -> Result<Vec<Input>> {
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = bind(function, &mut arena, inputs)?;
    run.execute().map_err(|error| failed(function, error))?;
    results(function, &run)
}

/// The outputs of a run that is done.
fn results(function: Function<'_>, run: &Run<'_, '_>) -> Result<Vec<Input>> {
    let output = |index: usize| -> std::result::Result<Input, InputError> {
        let tensor = function.output(index).ok_or(InputError::Index)?;
        Ok(match tensor.dtype() {
            DType::F32 => Input::F32(run.output_f32(index)?.to_vec()),
            DType::Bool => {
                let bytes = run.output_bool(index)?;
                Input::Bool(bytes.iter().map(|&byte| byte != 0).collect())
            }
            // Integers that the model defines are those of its graph, by whatever grid.
            DType::I8 => {
                let integers = run.output_i8(index)?;
                Input::I32(integers.iter().map(|&q| q.into()).collect())
            }
            // Indices count by one from zero; anything else is a quantised real number.
            DType::I32 if tensor.scale() == 1.0 => Input::I32(run.output_i32(index)?.to_vec()),
            _ => {
                let bytes = run.tensor_bytes(tensor).ok_or(InputError::Index)?;
                Input::F32(reals(tensor, bytes).ok_or(InputError::Index)?)
            }
        })
    };
    (0..function.outputs().len())
        .map(|index| output(index).map_err(|error| failed(function, error)))
        .collect()
}

/// The real numbers that the bytes of a tensor stand for; none for types that hold no activation.
pub(crate) fn reals(tensor: Tensor<'_>, bytes: &[u8]) -> Option<Vec<f32>> {
    let real = |q: i32| qibu::rounding::dequantise(q, tensor.scale(), tensor.zero_point());
    Some(match tensor.dtype() {
        DType::F32 => bytemuck::allocation::pod_collect_to_vec(bytes),
        DType::I8 => bytes
            .iter()
            .map(|&byte| real((byte as i8).into()))
            .collect(),
        DType::I16 => bytemuck::allocation::pod_collect_to_vec::<u8, i16>(bytes)
            .into_iter()
            .map(|q| real(q.into()))
            .collect(),
        DType::I32 => bytemuck::allocation::pod_collect_to_vec::<u8, i32>(bytes)
            .into_iter()
            .map(|q| match q {
                // The score of nobody.
                i32::MIN => f32::NEG_INFINITY,
                q => real(q),
            })
            .collect(),
        DType::Bool => bytes
            .iter()
            .map(|&byte| f32::from(u8::from(byte != 0)))
            .collect(),
        DType::F16 | DType::I4 | DType::Scale => return None,
    })
}

//! The independent witness: ONNX Runtime, graph optimisations off, on the ONNX file itself.

use super::signal::Noise;
use crate::aligned::AlignedBytes;
use crate::calibrate::{Input, Samples, function, load, outputs};
use crate::engine::{self, Options, Session, Tensor};
use crate::error::{Error, Result};
use crate::graph::{Graph, ValueId};
use crate::input_file;
use crate::plan::{Reuse, plan_with};
use crate::quantise::float_program;
use crate::simplify::Simplified;
use crate::write::write;
use prost::Message;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Samples compared.
const SAMPLES: usize = 16;

/// What ONNX Runtime says of a compiled model.
#[derive(Clone, Debug, Serialize)]
pub struct Witness {
    /// Version of ONNX Runtime.
    pub version: String,
    /// Every output of every function.
    pub outputs: Vec<WitnessOutput>,
}

/// One output.
#[derive(Clone, Debug, Serialize)]
pub struct WitnessOutput {
    /// Function.
    pub function: String,
    /// Output.
    pub name: String,
    /// Largest difference between our float path and ONNX Runtime, over the largest magnitude;
    /// like the rest, none for a value that ONNX Runtime does not give out.
    pub float_error: Option<f64>,
    /// Signal-to-noise ratio of the compiled file against ONNX Runtime, in decibels.
    pub snr_db: Option<f64>,
    /// Share of equal indices, for index outputs: float path.
    pub float_equal: Option<f64>,
    /// Share of equal indices, for index outputs: compiled file.
    pub equal: Option<f64>,
}

/// Compares the file and the float path with ONNX Runtime; `None` where it is not installed.
///
/// # Errors
/// ONNX Runtime is there but refuses the model: its opinion, no fault of the file.
pub fn witness(
    model: &Path,
    simplified: &Simplified,
    file: &[u8],
    samples: &Samples,
) -> Result<Option<Witness>> {
    if engine::available().is_err() {
        return Ok(None);
    }
    let graph = simplified.graph();
    let source = input_file::read(model, "give the path of an existing .onnx file")?;
    let mut session = Session::load(&source, &Options::default())?;
    let arguments = arguments(&source)?;
    let (float, file) = (
        AlignedBytes::from(&write(&plan_with(float_program(graph)?, Reuse::WhenDead)?)?[..]),
        AlignedBytes::from(file),
    );
    let (float, compiled) = (load(&float)?, load(&file)?);
    let mut report = Vec::new();
    for target in &graph.functions {
        let mut columns: Vec<Column> = target.outputs.iter().map(|_| Column::default()).collect();
        for sample in 0..samples.count().min(SAMPLES) {
            let inputs = samples.inputs(graph, target, sample)?;
            let truth = ask(&mut session, graph, &target.inputs, &inputs, &arguments)?;
            let ours = outputs(function(&float, &target.name)?, &inputs)?;
            let theirs = outputs(function(&compiled, &target.name)?, &inputs)?;
            for (position, column) in columns.iter_mut().enumerate() {
                let value = graph.value(target.outputs[position]);
                let Some(expected) = truth.get(&value.name) else {
                    continue;
                };
                column.add(expected, &ours[position], &theirs[position])?;
            }
        }
        for (column, &output) in columns.into_iter().zip(&target.outputs) {
            report.push(column.report(&target.name, &graph.value(output).name));
        }
    }
    Ok(Some(Witness {
        version: engine::version()?,
        outputs: report,
    }))
}

/// Inputs that the ONNX file declares: name, whether it is float, shape.
fn arguments(source: &[u8]) -> Result<Vec<(String, bool, Vec<usize>)>> {
    let model = crate::onnx::ModelProto::decode(source)
        .map_err(|error| Error::input(format!("not an ONNX file: {error}")))?;
    let graph = model.graph.unwrap_or_default();
    let constants: Vec<&str> = graph
        .initializer
        .iter()
        .map(|tensor| tensor.name.as_str())
        .collect();
    let inputs = graph
        .input
        .iter()
        .filter(|input| !constants.contains(&input.name.as_str()));
    let described = inputs.map(|input| {
        let tensor = input
            .r#type
            .clone()
            .and_then(|kind| kind.tensor_type)
            .unwrap_or_default();
        let float = tensor.elem_type == crate::onnx::DataType::Float as i32;
        let dims = tensor.shape.unwrap_or_default().dim;
        let shape = dims.iter().map(|dim| match dim.value {
            // Inputs of functions left out may have any dimension: one element will do.
            Some(crate::onnx::Dimension::Value(length)) => usize::try_from(length).unwrap_or(1),
            _ => 1,
        });
        (input.name.clone(), float, shape.collect())
    });
    Ok(described.collect())
}

/// ONNX Runtime's outputs by name; inputs of other functions are zeros.
fn ask(
    session: &mut Session,
    graph: &Graph,
    given: &[ValueId],
    inputs: &[Input],
    arguments: &[(String, bool, Vec<usize>)],
) -> Result<BTreeMap<String, Tensor>> {
    let mut feeds = Vec::new();
    for (name, float, shape) in arguments {
        let position = given.iter().position(|&id| graph.value(id).name == *name);
        let length = shape.iter().product();
        let tensor = match position.map(|position| &inputs[position]) {
            Some(Input::F32(values)) => Tensor::f32(shape, values.clone()),
            Some(Input::I32(ids)) => Tensor::i64(shape, ids.iter().map(|&id| id.into()).collect()),
            None if *float => Tensor::f32(shape, vec![0.0; length]),
            None => Tensor::i64(shape, vec![0; length]),
        };
        feeds.push((name.as_str(), tensor));
    }
    Ok(session.run(&feeds)?.into_iter().collect())
}

/// One output's comparison over all samples.
#[derive(Default)]
struct Column {
    float: Noise,
    float_scale: f64,
    file: Noise,
    numbers: usize,
    indices: usize,
    equal: [usize; 2],
}

impl Column {
    fn add(&mut self, expected: &Tensor, float: &Input, file: &Input) -> Result<()> {
        match (float, file) {
            (Input::F32(float), Input::F32(file)) => {
                let expected = expected.as_f32("an output")?;
                self.numbers += expected.len();
                self.float.add(expected, float);
                self.file.add(expected, file);
                for &value in expected {
                    self.float_scale = f64::from(value.abs()).max(self.float_scale);
                }
            }
            (Input::I32(float), Input::I32(file)) => {
                let expected = expected.as_i64("an output")?;
                self.indices += expected.len();
                for (count, ours) in self.equal.iter_mut().zip([float, file]) {
                    let pairs = expected.iter().zip(ours);
                    *count += pairs
                        .filter(|(expected, ours)| **expected == i64::from(**ours))
                        .count();
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn report(self, function: &str, name: &str) -> WitnessOutput {
        let index = self.indices > 0;
        let share = |count: usize| index.then(|| count as f64 / self.indices as f64);
        WitnessOutput {
            function: function.to_owned(),
            name: name.to_owned(),
            float_error: (self.numbers > 0)
                .then(|| f64::from(self.float.largest()) / self.float_scale.max(1e-30)),
            snr_db: self.file.decibels(),
            float_equal: share(self.equal[0]),
            equal: share(self.equal[1]),
        }
    }
}

//! Pace 7: the file that ships, in the runtime that ships, against the float path.

mod report;
mod signal;
mod witness;

pub use report::{FunctionReport, LayerReport, OutputReport, Report};
pub use witness::{Witness, WitnessOutput, witness};

use crate::aligned::AlignedBytes;
use crate::calibrate::{FloatRun, Samples, bind, function, load_planned};
use crate::error::{Error, Result};
use crate::graph::{Function, Graph, ValueId};
use crate::plan::Planned;
use crate::simplify::Simplified;
use qibu::Step;
use qibu::format::TensorRecord;
pub(crate) use signal::Noise;
use std::collections::BTreeMap;

/// Samples compared.
const SAMPLES: usize = 64;

/// Runs `bytes` and the float path on the same samples and reports sizes and errors.
///
/// # Errors
/// The runtime refuses the file, or samples do not fit: both are faults of an earlier pace.
pub fn verify(
    simplified: &Simplified,
    planned: &Planned,
    bytes: &[u8],
    samples: &Samples,
    mut progress: impl FnMut(usize, usize),
) -> Result<Report> {
    let graph = simplified.graph();
    let float = FloatRun::new(graph)?;
    let file = AlignedBytes::from(bytes);
    let model = load_planned(planned, &file)?;
    if !model.verify_weights() {
        return Err(Error::input(
            "the weights' checksum does not match what was written",
        ));
    }
    let count = samples.count().min(SAMPLES);
    let total = count * graph.functions.len();
    let mut functions = Vec::new();
    for (position, target) in graph.functions.iter().enumerate() {
        let mut noise: BTreeMap<u32, Noise> = BTreeMap::new();
        for sample in 0..count {
            compare(
                graph, target, planned, &float, &model, samples, sample, &mut noise,
            )?;
            progress(position * count + sample + 1, total);
        }
        functions.push(report::function(planned, position, &model, &noise)?);
    }
    Ok(report::whole(planned, bytes, samples, functions))
}

/// Adds the noise of one sample to every tensor that the function computes.
#[allow(clippy::too_many_arguments)] // one call, all of it the comparison's subject
fn compare(
    graph: &Graph,
    target: &Function,
    planned: &Planned,
    float: &FloatRun,
    model: &qibu::Model<'_>,
    samples: &Samples,
    sample: usize,
    noise: &mut BTreeMap<u32, Noise>,
) -> Result<()> {
    let inputs = samples.inputs(graph, target, sample)?;
    let mut expected: BTreeMap<ValueId, Vec<f32>> = BTreeMap::new();
    float.run(&target.name, &inputs, |value, values| {
        expected.insert(value, values.to_vec());
    })?;
    let function = function(model, &target.name)?;
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = bind(function, &mut arena, &inputs)?;
    run.execute_with(|step: &Step<'_>, arena| {
        for &index in step.outputs() {
            let value = planned.program.tensors[index as usize].value;
            let (Some(expected), Some(tensor)) =
                (value.and_then(|v| expected.get(&v)), model.tensor(index))
            else {
                continue;
            };
            if let Some(actual) = reals(&tensor, arena) {
                noise.entry(index).or_default().add(expected, &actual);
            }
        }
    })
    .map_err(|error| Error::input(format!("function `{}`: {error}", target.name)))
}

/// The real numbers that a tensor stands for.
fn reals(tensor: &TensorRecord, arena: &[u8]) -> Option<Vec<f32>> {
    use qibu::format::DType;
    let start = tensor.offset as usize;
    let bytes = arena.get(start..start + tensor.bytes()?)?;
    let real = |q: i32| qibu::rounding::dequantise(q, tensor.scale, tensor.zero_point);
    Some(match tensor.dtype {
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
            .map(real)
            .collect(),
        DType::Bool => bytes
            .iter()
            .map(|&byte| f32::from(u8::from(byte != 0)))
            .collect(),
        DType::F16 | DType::I4 | DType::Scale => return None,
    })
}

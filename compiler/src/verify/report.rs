//! What a compilation reports: sizes, work and errors, by function and by layer.

use super::signal::Noise;
use crate::calibrate::Samples;
use crate::error::Result;
use crate::footprint;
use crate::plan::Planned;
use crate::program::TensorId;
use qibu::Model;
use qibu::format::StepRecord;
use serde::Serialize;
use std::collections::BTreeMap;

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// The graph node's name.
    pub name: String,
    /// Runtime operator.
    pub operator: &'static str,
    /// Shape of the first output.
    pub shape: Vec<usize>,
    /// Element type of the first output.
    pub dtype: String,
    /// Bytes of the constants that it reads.
    pub flash: usize,
    /// Bytes of its record, its operand list and its attributes.
    pub record: usize,
    /// Bytes of the activations that it writes.
    pub ram: usize,
    /// Bytes of all activations that are alive at the step.
    pub live: usize,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Signal-to-noise ratio of the first output that stands for real numbers, in decibels.
    pub snr_db: Option<f64>,
}

/// One output of a function.
#[derive(Clone, Debug, Serialize)]
pub struct OutputReport {
    /// Name.
    pub name: String,
    /// Signal-to-noise ratio in decibels; none for indices.
    pub snr_db: Option<f64>,
    /// Root of the mean squared error; none for indices. Fresh inputs like the samples err about
    /// as much.
    pub rms_error: Option<f64>,
    /// Largest absolute error; none for indices.
    pub largest_error: Option<f32>,
}

/// One function.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionReport {
    /// Name.
    pub name: String,
    /// Bytes of a file with this function alone.
    pub flash: usize,
    /// Bytes of arena.
    pub ram: usize,
    /// Largest sum of live bytes at any step.
    pub ram_lower_bound: usize,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Steps.
    pub layers: Vec<LayerReport>,
    /// Outputs.
    pub outputs: Vec<OutputReport>,
}

/// A whole compilation.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Bytes of the file.
    pub bytes: usize,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Samples that calibration used.
    pub samples: usize,
    /// Whether activation ranges come from noise; never of float files, which have no ranges.
    pub noise_calibrated: bool,
    /// Bytes that wide weights take more than int8 ones.
    pub wide_bytes: usize,
    /// Functions.
    pub functions: Vec<FunctionReport>,
    /// Comparison with ONNX Runtime, where it was found.
    pub witness: Option<super::Witness>,
    /// Why ONNX Runtime, though found, could not be compared with.
    pub witness_refusal: Option<String>,
}

pub(super) fn function(
    planned: &Planned,
    position: usize,
    model: &Model<'_>,
    noise: &BTreeMap<u32, Noise>,
) -> Result<FunctionReport> {
    let (program, plan) = (&planned.program, &planned.functions[position]);
    let function = &program.functions[position];
    let loaded = crate::calibrate::function(model, &function.name)?;
    let snr = |id: TensorId| noise.get(&(id as u32)).and_then(Noise::decibels);
    let layers: Vec<LayerReport> = function
        .steps
        .iter()
        .zip(loaded.steps())
        .zip(&plan.live)
        .map(|((step, loaded), &live)| {
            let first = &program.tensors[step.outputs[0]];
            let words = step.inputs.len() + step.outputs.len() + step.attributes.len();
            let constants = step.inputs.iter().filter(|&&id| !program.in_arena(id));
            LayerReport {
                name: step.name.clone(),
                operator: step.opcode.name(),
                shape: first.shape.clone(),
                dtype: crate::report::element_type(first.dtype),
                flash: constants.map(|&id| program.tensors[id].bytes()).sum(),
                record: StepRecord::LENGTH + 4 * words,
                ram: step
                    .outputs
                    .iter()
                    .map(|&id| program.tensors[id].bytes())
                    .sum(),
                live,
                macs: loaded.macs(),
                snr_db: step.outputs.iter().find_map(|&id| snr(id)),
            }
        })
        .collect();
    let outputs = function.outputs.iter().map(|&id| {
        // A view has the bytes, and so the error, of the tensor that a step wrote.
        let noise = noise
            .get(&(program.root(id) as u32))
            .or_else(|| noise.get(&(id as u32)));
        OutputReport {
            name: program.tensors[id].name.clone(),
            snr_db: noise.and_then(Noise::decibels),
            rms_error: noise.and_then(Noise::root_mean_square),
            largest_error: noise.map(Noise::largest),
        }
    });
    Ok(FunctionReport {
        name: function.name.clone(),
        flash: footprint::flash(model, &loaded),
        ram: plan.peak,
        ram_lower_bound: plan.lower_bound,
        macs: layers.iter().map(|layer| layer.macs).sum(),
        outputs: outputs.collect(),
        layers,
    })
}

pub(super) fn whole(
    planned: &Planned,
    bytes: &[u8],
    samples: &Samples,
    functions: Vec<FunctionReport>,
) -> Report {
    Report {
        bytes: bytes.len(),
        sha256: crate::sha256_hex(bytes),
        samples: samples.count(),
        noise_calibrated: planned.program.noise_calibrated,
        wide_bytes: planned.program.wide_bytes(),
        functions,
        witness: None,
        witness_refusal: None,
    }
}

//! Pace 7: the file that ships, in the runtime that ships, against the float path.
//!
//! Within a compilation, [`verify`] measures every layer and output for the report and [`witness`]
//! asks ONNX Runtime. For a file that exists, [`verify_file`] compares all three and judges.

mod channels;
mod compare;
mod judge;
mod layers;
mod measure;
mod model;
mod report;
mod signal;
mod truth;
mod witness;

pub use judge::Thresholds;
pub use measure::Measured;
pub use model::{
    Checked, LayerOfFile, ModelOutput, Subject, Verification, VerifiedFunction, verify_file,
};
pub use report::{FunctionReport, LayerReport, OutputReport, Report};
pub(crate) use signal::Noise;
pub use truth::Opinion;
pub use witness::{Witness, WitnessOutput, witness};

use crate::aligned::AlignedBytes;
use crate::calibrate::{FloatRun, Samples, load_planned};
use crate::error::{Error, Result};
use crate::plan::Planned;
use crate::simplify::Simplified;
use compare::{Comparison, Values};

/// Samples compared.
pub(crate) const SAMPLES: usize = 64;

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
    let values = values(planned);
    let comparison = Comparison {
        graph,
        float: &float,
        model: &model,
        values: &values,
        samples,
        equalised: false,
    };
    let (mut functions, mut done) = (Vec::new(), 0);
    for (position, target) in graph.functions.iter().enumerate() {
        let mut nobody = Opinion::Missing(String::new());
        let compared = comparison.function(target, count, &mut nobody, || {
            done += 1;
            progress(done, total);
        })?;
        functions.push(report::function(
            planned,
            position,
            &model,
            &compared.noise,
        )?);
    }
    Ok(report::whole(planned, bytes, samples, functions))
}

/// The value behind each tensor of the file.
fn values(planned: &Planned) -> Values {
    let tensors = planned.program.tensors.iter().enumerate();
    let values = tensors.filter_map(|(index, tensor)| Some((index as u32, tensor.value?)));
    values.collect()
}

#[cfg(test)]
mod tests;

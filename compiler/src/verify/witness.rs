//! What ONNX Runtime says of a compilation, for its report.

use super::compare::{Comparison, Output, Values};
use super::truth::{Opinion, Truth};
use crate::aligned::AlignedBytes;
use crate::calibrate::{FloatRun, LIMITS, Samples};
use crate::engine;
use crate::error::{Error, Result};
use crate::simplify::Simplified;
use serde::Serialize;
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

/// Compares the file and the float path with ONNX Runtime, where it is installed and takes the
/// model.
///
/// # Errors
/// Our own path fails: a fault of the file or of an earlier pace.
pub fn witness(
    model: &Path,
    simplified: &Simplified,
    file: &[u8],
    samples: &Samples,
) -> Result<Opinion<Witness>> {
    let mut truth = match Truth::open(model) {
        Opinion::Given(truth) => Opinion::Given(truth),
        Opinion::Missing(why) => return Ok(Opinion::Missing(why)),
        Opinion::Refused(why) => return Ok(Opinion::Refused(why)),
    };
    let graph = simplified.graph();
    let file = AlignedBytes::from(file);
    let loaded = qibu::Model::load_within(&file, LIMITS)
        .map_err(|error| Error::input(format!("the runtime refuses the compiled file: {error}")))?;
    let comparison = Comparison {
        graph,
        float: &FloatRun::new(graph)?,
        model: &loaded,
        values: &Values::new(),
        samples,
        equalised: false,
    };
    let mut outputs = Vec::new();
    for target in &graph.functions {
        let count = samples.count().min(SAMPLES);
        let compared = comparison.function(target, count, &mut truth, || {})?;
        if let Opinion::Refused(why) = truth {
            return Ok(Opinion::Refused(why));
        }
        // What ONNX does not know, such as what `--prosody` adds, is no comparison.
        let asked = |output: &Output| output.float_truth.measured().is_some();
        if !compared.outputs.iter().any(asked) {
            continue;
        }
        for (output, &id) in compared.outputs.iter().zip(&target.outputs) {
            let float = output.float_truth.measured().unwrap_or_default();
            let file = output.file_truth.measured().unwrap_or_default();
            outputs.push(WitnessOutput {
                function: target.name.clone(),
                name: graph.value(id).name.clone(),
                float_error: float.relative_error,
                snr_db: file.snr_db,
                float_equal: float.equal,
                equal: file.equal,
            });
        }
    }
    Ok(Opinion::Given(Witness {
        version: engine::version()?,
        outputs,
    }))
}

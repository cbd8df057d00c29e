//! Pace 3: the range of every float activation, measured on samples with the float path.
//!
//! The graph runs as an f32 program in the runtime itself, whose bits are the same on every
//! machine: so is what `compile` writes.

mod noise;
mod ranges;
mod run;
mod samples;

pub use ranges::{Range, Ranges};
pub use samples::{Samples, Source};

pub use run::Input;
pub(crate) use run::{FloatRun, bind, function, load, outputs};

use crate::error::{Error, Result};
use crate::graph::{Function, Graph, ValueId};
use crate::simplify::Simplified;

/// A graph with the ranges of its activations.
pub struct Calibrated<'g> {
    /// The simplified graph.
    pub graph: &'g Graph,
    /// Range of every float value that a function computes.
    pub ranges: Ranges,
    /// Whether the samples were noise.
    pub noise: bool,
}

/// Runs every function on `samples` and records the ranges.
///
/// `progress` hears the samples done and their number.
///
/// # Errors
/// Samples that do not fit the inputs; operators without a float form.
pub fn calibrate<'g>(
    simplified: &'g Simplified,
    samples: &Samples,
    mut progress: impl FnMut(usize, usize),
) -> Result<Calibrated<'g>> {
    let graph = simplified.graph();
    let mut ranges = Ranges::default();
    let float = FloatRun::new(graph)?;
    let functions: Vec<&Function> = graph.functions.iter().collect();
    let total = samples.count() * functions.len();
    let mut done = 0;
    for function in functions {
        if covered(graph, function, &ranges) {
            done += samples.count();
            progress(done, total);
            continue;
        }
        for sample in 0..samples.count() {
            let inputs = samples.inputs(graph, function, sample)?;
            let mut strayed = None;
            float.run(&function.name, &inputs, |value, values| {
                if values.iter().any(|x| x.is_nan()) {
                    strayed.get_or_insert(value);
                }
                ranges.observe(value, values);
            })?;
            if let Some(value) = strayed.or_else(|| ranges.overflowing()) {
                return Err(beyond(&graph.value(value).name, sample, samples));
            }
            done += 1;
            progress(done, total);
        }
    }
    Ok(Calibrated {
        graph,
        ranges,
        noise: samples.source() == Source::Noise,
    })
}

/// A value whose range no number format covers.
fn beyond(value: &str, sample: usize, samples: &Samples) -> Error {
    let error = Error::input(format!(
        "`{value}` is not a number, or passes the range of float32, on sample {sample} (from 0)"
    ));
    match samples.source() {
        Source::File(path) => error
            .within(path.display())
            .hint("give samples like the inputs that the model was trained on"),
        Source::Noise => error.hint("give samples of real inputs with --calibrate FILE"),
    }
}

/// Whether all that `function` computes, its plain results apart, has been measured already.
fn covered(graph: &Graph, function: &Function, ranges: &Ranges) -> bool {
    let nodes = graph.reach(function);
    let measured = |id: &ValueId| ranges.contains(*id) || graph.constant(*id).is_some();
    let operands = nodes
        .iter()
        .flat_map(|&index| graph.nodes[index].inputs.iter().flatten());
    let is_view = |id: &ValueId| function.outputs.contains(id);
    !ranges.is_empty()
        && operands
            .filter(|id| graph.value(**id).dtype == crate::graph::Dtype::F32 && !is_view(id))
            .all(measured)
}

//! Pace 3: the range of every float activation, measured on samples with the float path.
//!
//! The graph runs as an f32 program in the runtime itself, whose bits are the same on every
//! machine: so is what `compile` writes.

mod classes;
mod equalise;
mod histogram;
mod method;
mod moments;
mod noise;
mod ranges;
mod run;
mod samples;

pub use equalise::equalise;
pub use method::Method;
pub use ranges::{Range, Ranges};
pub use samples::{Samples, Source};

pub(crate) use moments::Moments;
pub use run::Input;
pub(crate) use run::outputs;
pub(crate) use run::{FloatRun, LIMITS, function, load_planned, reals, record};
pub(crate) use samples::table_rows;

use crate::error::{Error, Result};
use crate::graph::{Graph, Op};
use crate::simplify::Simplified;
use moments::Sites;

/// A graph with the ranges of its activations.
pub struct Calibrated<'g> {
    /// The simplified graph.
    pub graph: &'g Graph,
    /// Range of every float value that a function computes.
    pub ranges: Ranges,
    /// Whether the samples were noise.
    pub noise: bool,
}

/// Runs every function on `samples` and records ranges and moments; `method` chooses what int8
/// covers of a range.
///
/// `progress` hears the samples done and their number.
///
/// # Errors
/// Samples that do not fit the inputs; operators without a float form.
pub fn calibrate<'g>(
    simplified: &'g Simplified,
    samples: &Samples,
    method: Method,
    mut progress: impl FnMut(usize, usize),
) -> Result<Calibrated<'g>> {
    let graph = simplified.graph();
    let mut ranges = Ranges::default();
    let (sites, mut moments) = Sites::new(graph, samples.count());
    let float = FloatRun::new(graph)?;
    float.check_work(samples.count())?;
    let functions = graph.measured_functions();
    let total = samples.count() * functions.len();
    let mut done = 0;
    for function in functions {
        for sample in 0..samples.count() {
            let inputs = samples.inputs(graph, function, sample)?;
            let mut strayed = None;
            float.run(&function.name, &inputs, |value, values| {
                if values.iter().any(|x| x.is_nan()) {
                    strayed.get_or_insert(value);
                }
                ranges.observe(value, values);
                sites.observe(value, values, sample, &mut moments);
            })?;
            if let Some(value) = strayed.or_else(|| ranges.overflowing()) {
                return Err(beyond(&graph.value(value).name, sample, samples));
            }
            done += 1;
            progress(done, total);
        }
    }
    for node in &graph.nodes {
        if let (Op::Reshape { .. }, Some(source)) = (&node.op, node.input(0)) {
            ranges.view(source, node.outputs[0]);
        }
    }
    ranges.settle(method);
    ranges.moments = moments;
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

#[cfg(test)]
mod tests;

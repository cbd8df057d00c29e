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
pub(crate) use run::{FloatRun, bind, function, load, load_planned, outputs};

use crate::error::Result;
use crate::graph::{Function, Graph, ValueId};
use crate::quantise::results;
use crate::simplify::Simplified;
use qibu::format::Opcode;

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
        if covered(graph, function, &float, &ranges)? {
            done += samples.count();
            progress(done, total);
            continue;
        }
        for sample in 0..samples.count() {
            let inputs = samples.inputs(graph, function, sample)?;
            float.run(&function.name, &inputs, |value, values| {
                ranges.observe(value, values)
            })?;
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

/// Whether every range that quantising `function` asks for has been measured already.
fn covered(graph: &Graph, function: &Function, float: &FloatRun, ranges: &Ranges) -> Result<bool> {
    let results = results(graph, function);
    // What the caller alone reads of a matrix operator stays at 32 bits and needs no range.
    let needs_none = |opcode: Option<Opcode>, value: ValueId| match opcode {
        Some(Opcode::Dense | Opcode::Conv) => results.contains(&value),
        Some(Opcode::TopKDense) => true,
        _ => false,
    };
    let measurable = float.measurable(&function.name)?;
    let mut values = measurable.into_iter();
    Ok(values.all(|(opcode, value)| needs_none(opcode, value) || ranges.contains(value)))
}

#[cfg(test)]
mod tests;

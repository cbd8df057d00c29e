//! How long a model takes on this machine, and where the time goes.
//!
//! ```text
//! inputs        seeded noise, set anew before each run, outside the time: steps may overwrite them
//! whole runs    each timed on its own, after one that is not, until the time is over
//! steps         the same again, a clock between steps; what the clock takes is taken off
//! reported      median and best: the median is what to expect, the best what the machine can do
//! ```
//!
//! One thread.

use crate::aligned::AlignedBytes;
use crate::error::{Error, Result};
use crate::model_file::ModelFile;
use qibu::format::{DType, Tensor};
use qibu::random::Random;
use qibu::{Function, InputError, Run, kernels};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Times of one thing, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// The middle one.
    pub median_ns: f64,
    /// The shortest.
    pub best_ns: f64,
}

impl Times {
    /// Of measured nanoseconds, at least one.
    fn of(mut ns: Vec<f64>) -> Self {
        ns.sort_by(f64::total_cmp);
        Self {
            median_ns: ns.get(ns.len() / 2).copied().unwrap_or(0.0),
            best_ns: ns.first().copied().unwrap_or(0.0),
        }
    }
}

/// What a function takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunctionTimes {
    /// Its name.
    pub name: String,
    /// Runs that were timed.
    pub runs: usize,
    /// Of a run.
    #[serde(flatten)]
    pub times: Times,
    /// Multiply-accumulates of a run.
    pub macs: u64,
    /// Of its steps, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepTimes>,
}

/// What a step takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepTimes {
    /// Its operator.
    pub operator: &'static str,
    /// The kernel that runs it.
    pub kernel: &'static str,
    /// Of a run of it.
    #[serde(flatten)]
    pub times: Times,
    /// Its part of the sum of all steps' medians.
    pub share: f64,
    /// Its multiply-accumulates.
    pub macs: u64,
}

/// Multiply-accumulates in a nanosecond; none where there are none.
#[must_use]
pub fn per_ns(macs: u64, times: Times) -> Option<f64> {
    (macs > 0 && times.median_ns > 0.0).then(|| macs as f64 / times.median_ns)
}

/// Most runs that are kept, so that a long measurement of a small model fits the memory.
const MOST: usize = 1 << 20;

/// Times one function of `file`, or all; `time` for the runs of each, and again for its steps.
///
/// # Errors
/// There is no such function, or it refuses its inputs.
pub fn bench(
    file: &ModelFile,
    function: Option<&str>,
    time: Duration,
    per_step: bool,
) -> Result<Vec<FunctionTimes>> {
    let model = file.model()?;
    let mut found = Vec::new();
    for of in model.functions() {
        if function.is_none_or(|wanted| wanted == of.name()) {
            found.push(timed(&of, time, per_step)?);
        }
    }
    match (found.is_empty(), function) {
        (true, Some(wanted)) => {
            let names: Vec<&str> = model.functions().map(|of| of.name()).collect();
            Err(
                Error::usage(format!("{} has no function `{wanted}`", file.name()))
                    .hint(format!("it has: {}", names.join(", "))),
            )
        }
        _ => Ok(found),
    }
}

fn timed(function: &Function<'_>, time: Duration, per_step: bool) -> Result<FunctionTimes> {
    let mut arena = AlignedBytes::zeros(function.arena());
    let inputs = inputs(function);
    let refused = |error: InputError| Error::input(error.to_string());
    let mut run = function.bind(&mut arena).map_err(refused)?;
    let mut once = |observe: &mut dyn FnMut(Option<usize>)| -> Result<f64> {
        for (index, noise) in inputs.iter().enumerate() {
            noise.set(&mut run, index).map_err(refused)?;
        }
        observe(None);
        let start = Instant::now();
        let mut position = 0;
        run.execute_with(|_, _| {
            observe(Some(position));
            position += 1;
        })
        .map_err(refused)?;
        Ok(nanoseconds(start))
    };
    let mut runs = Vec::new();
    // The second run reads records for all that follow.
    once(&mut |_| {})?;
    once(&mut |_| {})?;
    let start = Instant::now();
    while runs.is_empty() || start.elapsed() < time && runs.len() < MOST {
        runs.push(once(&mut |_| {})?);
    }
    let macs = function.steps().map(|step| step.macs()).sum();
    let mut found = FunctionTimes {
        name: function.name().to_owned(),
        runs: runs.len(),
        times: Times::of(runs),
        macs,
        steps: Vec::new(),
    };
    if per_step {
        let count = function.steps().count();
        let most = MOST / count.max(1);
        let mut laps = vec![Vec::new(); count];
        let clock = clock();
        let start = Instant::now();
        let mut runs = 0;
        while runs == 0 || start.elapsed() < time && runs < most {
            let mut last = Instant::now();
            once(&mut |position| {
                let now = Instant::now();
                let spent = now.duration_since(last).as_secs_f64() * 1e9;
                // None: the first step is about to start.
                if let Some(laps) = position.and_then(|position| laps.get_mut(position)) {
                    laps.push((spent - clock).max(0.0));
                }
                last = Instant::now();
            })?;
            runs += 1;
        }
        found.steps = steps(function, laps);
    }
    Ok(found)
}

/// The steps with their times and shares.
fn steps(function: &Function<'_>, laps: Vec<Vec<f64>>) -> Vec<StepTimes> {
    let times: Vec<Times> = laps.into_iter().map(Times::of).collect();
    let sum: f64 = times.iter().map(|times| times.median_ns).sum();
    let steps = function.steps().zip(times);
    steps
        .map(|(step, times)| StepTimes {
            operator: step.opcode().name(),
            kernel: kernels::name(&step).unwrap_or(""),
            times,
            share: if sum > 0.0 {
                times.median_ns / sum
            } else {
                0.0
            },
            macs: step.macs(),
        })
        .collect()
}

fn nanoseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e9
}

/// Nanoseconds between two looks at the clock.
fn clock() -> f64 {
    let looks = (0..1000).map(|_| nanoseconds(Instant::now()));
    Times::of(looks.collect()).median_ns
}

/// Seeded noise for every input.
fn inputs(function: &Function<'_>) -> Vec<Noise> {
    let mut random = Random::new(1);
    let tensors = (0..function.inputs().len()).filter_map(|at| function.input(at));
    tensors
        .map(|tensor| Noise::new(tensor, &mut random))
        .collect()
}

/// Noise by element type; indices are zero, which every table has.
enum Noise {
    F32(Vec<f32>),
    I32(Vec<i32>),
    I16(Vec<i16>),
    I8(Vec<i8>),
    Bool(Vec<bool>),
}

impl Noise {
    fn new(tensor: Tensor<'_>, random: &mut Random) -> Self {
        let all = 0..tensor.elements().unwrap_or(0);
        match tensor.dtype() {
            DType::F32 => Self::F32(all.map(|_| random.gaussian()).collect()),
            DType::I8 => Self::I8(all.map(|_| random.next_u32() as i8).collect()),
            DType::I16 => Self::I16(all.map(|_| random.next_u32() as i16).collect()),
            DType::Bool => Self::Bool(all.map(|_| random.next_u32() & 1 == 1).collect()),
            _ => Self::I32(vec![0; all.len()]),
        }
    }

    fn set(&self, run: &mut Run<'_, '_>, index: usize) -> std::result::Result<(), InputError> {
        match self {
            Self::F32(values) => run.set_f32(index, values),
            Self::I32(values) => run.set_i32(index, values),
            Self::I16(values) => run.set_i16(index, values),
            Self::I8(values) => run.set_i8(index, values),
            Self::Bool(values) => run.set_bool(index, values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poem::testing;

    #[test]
    fn all_steps_are_timed_and_shares_add_up() {
        let file = ModelFile::from_bytes("m.qibu", &testing::file()).expect("a sound file");
        let time = Duration::from_millis(5);
        let found = bench(&file, None, time, true).expect("it runs");
        let model = file.model().expect("a sound file");
        assert_eq!(found.len(), model.functions().count());
        for (times, function) in found.iter().zip(model.functions()) {
            assert_eq!(times.name, function.name());
            assert!(times.runs > 0 && times.times.best_ns > 0.0);
            assert!(times.times.best_ns <= times.times.median_ns);
            assert_eq!(times.steps.len(), function.steps().count());
            let shares: f64 = times.steps.iter().map(|step| step.share).sum();
            assert!((shares - 1.0).abs() < 1e-9, "{shares}");
            let macs: u64 = times.steps.iter().map(|step| step.macs).sum();
            assert_eq!(times.macs, macs);
        }
        let one = bench(&file, Some(&found[0].name), time, false).expect("it runs");
        assert!(one.len() == 1 && one[0].steps.is_empty());
        let error = bench(&file, Some("none"), time, false).expect_err("an error");
        assert!(error.to_string().contains("no function `none`"), "{error}");
    }

    #[test]
    fn the_median_is_the_middle() {
        let times = Times::of(vec![5.0, 1.0, 9.0]);
        assert_eq!((times.best_ns, times.median_ns), (1.0, 5.0));
        assert_eq!(per_ns(10, times), Some(2.0));
        assert_eq!(per_ns(0, times), None);
    }
}

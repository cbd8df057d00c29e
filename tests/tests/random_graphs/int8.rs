//! int8 errors on other inputs against those that the report names.
//!
//! ```text
//! graphs with a product or convolution, all of whose outputs follow the inputs without steps
//! 128 samples, uniform within ±2, choose the ranges; the report measures on the first 64 of them
//! seen:    rms error on those 64: the reported one
//! covered: rms error on the other 64, which the report has not seen: ¼ to 2 times the reported
//! fresh:   rms error on 64 that nothing has seen: the same
//! ```
//!
//! An rms says nothing where few of its samples carry the error. Among fresh samples that is also
//! where a value leaves the range that calibration saw and is cut off, by an amount that no sample
//! tells: an output of one element has but as many values as there are samples. Hence the covered
//! set, which leaves no range, and of which nearly every output counts.

use super::ours::{self, Values};
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile, compile_float_bytes};
use qibu_compiler::engine::{Data, Tensor};
use qibu_compiler::train::tensors::File;
use qibu_tests::random_graph::{Kind, RandomGraph};

/// Samples that the report measures on, and as many for each measurement of ours.
const SAMPLES: u64 = 64;

/// Samples that carry an error, at least, for its rms over 64 to say anything within a factor of
/// two. Fewer do where an output is nearly always zero, or saturates: then one sample decides.
const DECIDING: f64 = 8.0;

/// Measured over reported, at least and at most.
const BOUNDS: [f64; 2] = [0.25, 2.0];

/// One output.
pub struct Compared {
    pub name: String,
    reported: f64,
    /// On the samples that the report measures on.
    seen: Measured,
    covered: Measured,
    fresh: Measured,
}

/// Energies of an output over some samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    error: f64,
    /// Of the samples' error energies, the squares.
    squares: f64,
    signal: f64,
    count: f64,
}

impl Measured {
    fn add(&mut self, expected: &[f32], found: &[f32]) {
        let mut energy = 0.0;
        for (&e, &f) in expected.iter().zip(found) {
            let error = f64::from(f) - f64::from(e);
            energy += error * error;
            self.signal += f64::from(e) * f64::from(e);
        }
        self.error += energy;
        self.squares += energy * energy;
        self.count += expected.len() as f64;
    }

    fn rms(self) -> f64 {
        (self.error / self.count).sqrt()
    }

    /// Whether enough samples carry the error: (Σe)² / Σe², as many as are alike.
    fn decided_by_many(self) -> bool {
        self.error * self.error >= DECIDING * self.squares
    }

    /// Whether it is no more than the rounding of f32, which no report predicts.
    fn is_rounding(self) -> bool {
        self.rms() <= 1e-6 * (self.signal / self.count).sqrt()
    }
}

impl Compared {
    /// Measured over reported; `None` where 64 samples do not tell.
    fn ratio(&self, measured: Measured) -> Option<f64> {
        let rounding = self.seen.is_rounding() && measured.is_rounding();
        let many = self.seen.decided_by_many() && measured.decided_by_many();
        (many && !rounding).then(|| measured.rms() / self.reported)
    }

    /// On samples that chose the ranges, but were not reported on.
    pub fn covered(&self) -> Option<f64> {
        self.ratio(self.covered)
    }

    /// On samples that nothing has seen.
    pub fn fresh(&self) -> Option<f64> {
        self.ratio(self.fresh)
    }
}

fn holds(ratio: f64) -> bool {
    (BOUNDS[0]..=BOUNDS[1]).contains(&ratio)
}

fn fits(graph: &RandomGraph) -> bool {
    let products = ["Conv", "Gemm", "MatMul"];
    let operators = graph.operators();
    let continuous = graph
        .outputs
        .iter()
        .all(|output| output.kind == Kind::Real && !output.stepped);
    let fed = |kind| matches!(kind, Kind::Real | Kind::Index(_));
    continuous
        && products.iter().any(|name| operators.contains(*name))
        && graph.inputs.iter().all(|input| fed(input.kind))
}

/// The outputs of a graph; none where it does not count.
pub fn judge(graph: &RandomGraph) -> Result<Vec<Compared>, String> {
    if !fits(graph) {
        return Ok(vec![]);
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let bytes = graph.bytes();
    let model = folder.path().join("model.onnx");
    let samples = folder.path().join("samples.safetensors");
    let written = std::fs::write(&model, &bytes)
        .and_then(|()| std::fs::write(&samples, calibration(graph).to_bytes()));
    written.map_err(|error| error.to_string())?;
    let request = Request {
        calibration: Some(samples),
        ..Request::new(&model)
    };
    let compiled = compile(&request, &mut |_, _, _| {}).map_err(|e| format!("int8: {e}"))?;
    let file = AlignedBytes::from(&compiled.bytes[..]);
    let float = compile_float_bytes(&bytes).map_err(|error| error.to_string())?;
    let float = AlignedBytes::from(&float[..]);
    let seen = measure(graph, &float, &file, 0)?;
    let covered = measure(graph, &float, &file, SAMPLES)?;
    let fresh = measure(graph, &float, &file, 2 * SAMPLES)?;
    let outputs = &compiled.report.functions[0].outputs;
    let named = graph.outputs.iter().zip(outputs);
    named
        .zip(seen.into_iter().zip(covered.into_iter().zip(fresh)))
        .map(|((value, report), (seen, (covered, fresh)))| {
            let missing = || format!("the report has no error of {}", value.name);
            Ok(Compared {
                name: value.name.clone(),
                reported: report.rms_error.ok_or_else(missing)?,
                seen,
                covered,
                fresh,
            })
        })
        .collect()
}

/// The file against the float path, on the samples from `first` on.
fn measure(
    graph: &RandomGraph,
    float: &[u8],
    file: &[u8],
    first: u64,
) -> Result<Vec<Measured>, String> {
    let mut all = vec![Measured::default(); graph.outputs.len()];
    for number in first..first + SAMPLES {
        let given = sample(graph, number);
        let (expected, found) = (ours::run(float, &given)?, ours::run(file, &given)?);
        for (measured, ((_, expected), (_, found))) in
            all.iter_mut().zip(expected.iter().zip(&found))
        {
            match (expected, found) {
                (Data::F32(expected), Data::F32(found)) => measured.add(expected, found),
                _ => return Err("an output is not real".into()),
            }
        }
    }
    Ok(all)
}

fn sample(graph: &RandomGraph, number: u64) -> Values {
    ours::inputs(&graph.inputs, graph.seed << 8 | number, false)
}

/// Every input's samples along a first axis.
fn calibration(graph: &RandomGraph) -> File {
    let samples: Vec<Values> = (0..2 * SAMPLES)
        .map(|number| sample(graph, number))
        .collect();
    let mut file = File::default();
    for input in &graph.inputs {
        let shape: Vec<usize> = [&[2 * SAMPLES as usize], &input.shape[..]].concat();
        let each = || samples.iter().map(|values| &values[&input.name]);
        let tensor = match input.kind {
            Kind::Real => {
                let floats = each().flat_map(|data| match data {
                    Data::F32(values) => values.clone(),
                    _ => vec![],
                });
                Tensor::f32(&shape, floats.collect())
            }
            _ => {
                let indices = each().flat_map(|data| match data {
                    Data::I64(values) => values.clone(),
                    _ => vec![],
                });
                Tensor::i64(&shape, indices.collect())
            }
        };
        file.tensors.insert(input.name.clone(), tensor);
    }
    file
}

/// Why the outputs are not as promised.
pub fn wrong(outputs: &Result<Vec<Compared>, String>) -> Option<String> {
    let outputs = match outputs {
        Ok(outputs) => outputs,
        Err(why) => return Some(why.clone()),
    };
    outputs.iter().find_map(|output| {
        let (name, reported, seen) = (&output.name, output.reported, output.seen.rms());
        if (seen - reported).abs() > 1e-3 * reported && !output.seen.is_rounding() {
            return Some(format!(
                "{name}: reported {reported:.3e}, but errs by {seen:.3e}"
            ));
        }
        let ratios = [("covered", output.covered()), ("fresh", output.fresh())];
        let told = ratios.into_iter().filter_map(|(what, r)| Some((what, r?)));
        let (what, ratio) = told.into_iter().find(|&(_, ratio)| !holds(ratio))?;
        Some(format!(
            "{name}: reported {reported:.3e}, {what} inputs err {ratio:.3} times that"
        ))
    })
}

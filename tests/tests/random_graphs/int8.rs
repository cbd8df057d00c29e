//! int8 errors on fresh inputs against those that the report names.
//!
//! ```text
//! graphs with a product or convolution, all of whose outputs follow the inputs without steps
//! calibrate on 64 samples, uniform within ±2; take every output's reported rms error
//! run the file and the float path on 64 other samples of the same kind: rms error again
//! ```

use super::ours::{self, Values};
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::{Request, compile, compile_float_bytes};
use qibu_compiler::engine::{Data, Tensor};
use qibu_compiler::train::tensors::File;
use qibu_tests::random_graph::{Kind, RandomGraph};

/// Samples to calibrate on, and as many to measure on.
const SAMPLES: u64 = 64;

/// Measured over reported, at least and at most.
const BOUNDS: [f64; 2] = [0.25, 2.0];

/// One output.
pub struct Compared {
    pub name: String,
    pub reported: f64,
    pub measured: f64,
    pub signal: f64,
}

impl Compared {
    /// Measured over reported; none where both are rounding of f32, which no report predicts.
    pub fn ratio(&self) -> Option<f64> {
        let rounding = 1e-6 * self.signal;
        let counts = self.reported > rounding || self.measured > rounding;
        counts.then(|| self.measured / self.reported)
    }
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
    let mut sums = vec![[0.0f64; 3]; graph.outputs.len()];
    for number in 0..SAMPLES {
        let given = sample(graph, SAMPLES + number);
        let (expected, found) = (ours::run(&float, &given)?, ours::run(&file, &given)?);
        for (sum, ((_, expected), (_, found))) in sums.iter_mut().zip(expected.iter().zip(&found)) {
            let (Data::F32(expected), Data::F32(found)) = (expected, found) else {
                return Err("an output is not real".into());
            };
            for (&e, &f) in expected.iter().zip(found) {
                let error = f64::from(f) - f64::from(e);
                sum[0] += error * error;
                sum[1] += f64::from(e) * f64::from(e);
                sum[2] += 1.0;
            }
        }
    }
    let outputs = &compiled.report.functions[0].outputs;
    let pairs = graph.outputs.iter().zip(outputs).zip(sums);
    pairs
        .map(|((value, report), [error, signal, count])| {
            let missing = || format!("the report has no error of {}", value.name);
            Ok(Compared {
                name: value.name.clone(),
                reported: report.rms_error.ok_or_else(missing)?,
                measured: (error / count).sqrt(),
                signal: (signal / count).sqrt(),
            })
        })
        .collect()
}

fn sample(graph: &RandomGraph, number: u64) -> Values {
    ours::inputs(&graph.inputs, graph.seed << 8 | number, false)
}

/// Every input's samples along a first axis.
fn calibration(graph: &RandomGraph) -> File {
    let samples: Vec<Values> = (0..SAMPLES).map(|number| sample(graph, number)).collect();
    let mut file = File::default();
    for input in &graph.inputs {
        let shape: Vec<usize> = [&[SAMPLES as usize], &input.shape[..]].concat();
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
    let [least, most] = BOUNDS;
    outputs.iter().find_map(|output| {
        let ratio = output.ratio()?;
        let (name, reported, measured) = (&output.name, output.reported, output.measured);
        (!(least..=most).contains(&ratio)).then(|| {
            format!(
                "{name}: rms error {measured:.3e}, reported {reported:.3e}, ratio {ratio:.3}, \
                 signal {:.3e}",
                output.signal
            )
        })
    })
}

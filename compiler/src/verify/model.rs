//! `qibu verify`: a file that exists beside the ONNX model that it was compiled from.
//!
//! ```text
//! the file says, by SHA-256, which model that is: another one is a mismatch
//! import and simplify the functions that the file has
//! find out which value each of its tensors stands for        (else no layers, and why)
//! run file, float path and, where it is there, ONNX Runtime on the same samples
//! judge each output three times: file / float, float / ONNX Runtime, file / ONNX Runtime
//! ```

use super::compare::{Compared, Comparison, Output, Values};
use super::judge::Thresholds;
use super::layers::{self, Layers};
use super::measure::{Measure, Measured};
use super::truth::{Opinion, Truth};
use crate::calibrate::{FloatRun, Samples, Source, function};
use crate::engine;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, Op};
use crate::import::{self, ImportOptions};
use crate::input_file;
use crate::model_file::ModelFile;
use crate::onnx::ModelProto;
use crate::prosody::Groups;
use crate::report::element_type;
use crate::simplify::simplify;
use prost::Message;
use qibu::Model;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What is to be verified.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The ONNX file.
    pub model: PathBuf,
    /// The compiled file.
    pub file: PathBuf,
    /// Samples; else seeded noise that no calibration uses.
    pub inputs: Option<PathBuf>,
    /// What is good enough.
    pub thresholds: Thresholds,
}

/// A comparison and whether it is good enough.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Checked {
    /// The numbers.
    #[serde(flatten)]
    pub measured: Measured,
    /// Whether they keep their thresholds.
    pub pass: bool,
}

/// One output of a function.
#[derive(Clone, Debug, Serialize)]
pub struct ModelOutput {
    /// Name.
    pub name: String,
    /// The file against the float path.
    pub file_vs_float: Option<Checked>,
    /// The float path against ONNX Runtime; none where that is not there or does not give it out.
    pub float_vs_onnx_runtime: Option<Checked>,
    /// The file against ONNX Runtime; likewise.
    pub file_vs_onnx_runtime: Option<Checked>,
}

/// One step of the file.
#[derive(Clone, Debug, Serialize)]
pub struct LayerOfFile {
    /// The graph node's name.
    pub name: String,
    /// Runtime operator.
    pub operator: &'static str,
    /// Element type of the first output.
    pub dtype: String,
    /// Shape of the first output.
    pub shape: Vec<usize>,
    /// Signal-to-noise ratio against the float path, in decibels; none of ids.
    pub snr_db: Option<f64>,
}

/// One function.
#[derive(Clone, Debug, Serialize)]
pub struct VerifiedFunction {
    /// Name.
    pub name: String,
    /// Its outputs.
    pub outputs: Vec<ModelOutput>,
    /// Its steps in order; none where they cannot be told apart.
    pub layers: Vec<LayerOfFile>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// The ONNX file, as given.
    pub model: String,
    /// SHA-256 of it.
    pub model_sha256: String,
    /// The compiled file, as given.
    pub file: String,
    /// SHA-256 of it.
    pub file_sha256: String,
    /// Number formats of the file; none where its layers are not known.
    pub formats: Option<String>,
    /// Where the samples come from: a path, or `noise`.
    pub inputs: String,
    /// Their number.
    pub samples: usize,
    /// What was good enough.
    pub thresholds: Thresholds,
    /// Version of ONNX Runtime, where it was compared with.
    pub onnx_runtime: Option<String>,
    /// Else why not.
    pub not_compared: Option<String>,
    /// Why there are no layers, where there are none.
    pub layers_not_compared: Option<String>,
    /// Functions of the file.
    pub functions: Vec<VerifiedFunction>,
    /// Comparisons made.
    pub comparisons: usize,
    /// What is beyond a threshold, in words.
    pub failures: Vec<String>,
    /// Whether nothing is.
    pub pass: bool,
}

/// Compares and judges. `progress` hears samples done and their number.
///
/// # Errors
/// Unreadable or malformed files, samples that do not fit, a file of another model.
pub fn verify_file(
    subject: &Subject,
    mut progress: impl FnMut(usize, usize),
) -> Result<Verification> {
    let file = ModelFile::open(&subject.file)?;
    let model = file.model()?;
    let source = input_file::read(&subject.model, "give the path of an existing .onnx file")?;
    check_source(subject, &source, &model)?;
    let names: Vec<String> = model.functions().map(|f| f.name().to_owned()).collect();
    // What the ONNX model does not know is made of it again, with the file's own groups.
    let groups = Groups::of(&model);
    let options = ImportOptions {
        functions: match &groups {
            Some(groups) => groups.imported(&names),
            None => names.clone(),
        },
        ..ImportOptions::default()
    };
    let graph = import::read(&subject.model, &options)?;
    let simplified = simplify(graph)
        .and_then(|simplified| match &groups {
            Some(groups) => groups.extend(simplified, &names),
            None => Ok(simplified),
        })
        .map_err(|error| error.within(subject.model.display()))?;
    let graph = simplified.graph();
    check_functions(graph, &model).map_err(|error| error.within(file.name()))?;
    let samples = match &subject.inputs {
        Some(path) => Samples::read(path)?,
        None => Samples::other_noise(),
    };
    let found = layers::find(&simplified, &model);
    let nothing = Values::new();
    let comparison = Comparison {
        graph,
        float: &FloatRun::new(graph)?,
        model: &model,
        values: found.as_ref().map_or(&nothing, |layers| &layers.values),
        samples: &samples,
        equalised: true,
    };
    let mut truth = Truth::open(&subject.model);
    let (mut compared, mut done) = (Vec::new(), 0);
    let total = samples.count() * graph.functions.len();
    for target in &graph.functions {
        let one = comparison.function(target, samples.count(), &mut truth, || {
            done += 1;
            progress(done, total);
        });
        compared.push(one.map_err(|error| within(error, &subject.file, &samples))?);
    }
    let mut judge = Judge {
        thresholds: subject.thresholds,
        exact: !layers::is_quantised(&model),
        snaps: graph
            .nodes
            .iter()
            .any(|node| matches!(node.op, Op::Snap(_))),
        heard: matches!(truth, Opinion::Given(_)),
        comparisons: 0,
        failures: Vec::new(),
    };
    let functions = compared
        .iter()
        .enumerate()
        .map(|(position, compared)| judge.function(graph, &model, position, compared, &found))
        .collect::<Result<Vec<_>>>()?;
    let (onnx_runtime, not_compared) = match truth {
        Opinion::Given(_) => (Some(engine::version()?), None),
        Opinion::Missing(why) | Opinion::Refused(why) => (None, Some(why)),
    };
    Ok(Verification {
        model: subject.model.display().to_string(),
        model_sha256: crate::sha256_hex(&source),
        file: file.name().to_owned(),
        file_sha256: crate::sha256_hex(file.bytes()),
        formats: found.as_ref().ok().map(|layers| layers.formats.to_text()),
        inputs: match samples.source() {
            Source::File(path) => path.display().to_string(),
            Source::Noise => "noise".into(),
        },
        samples: samples.count(),
        thresholds: subject.thresholds,
        onnx_runtime,
        not_compared,
        layers_not_compared: found.err(),
        functions,
        comparisons: judge.comparisons,
        pass: judge.failures.is_empty(),
        failures: judge.failures,
    })
}

/// An error of a run, with the file; errors of samples name theirs already.
fn within(error: Error, file: &Path, samples: &Samples) -> Error {
    match samples.source() {
        Source::File(path) if error.to_string().starts_with(&path.display().to_string()) => error,
        _ => error.within(file.display()),
    }
}

/// The file must say that it comes from `source`.
fn check_source(subject: &Subject, source: &[u8], model: &Model<'_>) -> Result<()> {
    let found = crate::sha256_hex(source);
    let recorded = model.metadata().get("source");
    let onnx = ModelProto::decode(source).is_ok_and(|proto| proto.graph.is_some());
    // What is no ONNX file at all is for import to refuse.
    if recorded == Some(&found) || !onnx {
        return Ok(());
    }
    let (file, given) = (subject.file.display(), subject.model.display());
    let message = match recorded {
        Some(hash) => format!(
            "{file} was compiled from another model than {given}:\n    \
             SHA-256 of its source: {}\n    SHA-256 of {given}: {found}",
            crate::report::printable(hash)
        ),
        None => format!("{file} does not say which model it was compiled from"),
    };
    Err(Error::new(ErrorKind::Verification, message).hint(
        "give the ONNX file that it was compiled from, or compile that model again with \
         `qibu compile`",
    ))
}

/// The file's functions must take and give what the graph's do: both carry the same hash, but a
/// hash is easily copied.
fn check_functions(graph: &Graph, model: &Model<'_>) -> Result<()> {
    for target in &graph.functions {
        let function = function(model, &target.name)?;
        for (what, ids, indices) in [
            ("input", &target.inputs, function.inputs()),
            ("output", &target.outputs, function.outputs()),
        ] {
            if ids.len() != indices.len() {
                let (found, expected) = (indices.len(), ids.len());
                return Err(mismatch(format!(
                    "function `{}` has {found} {what}s, the model's {expected}",
                    target.name
                )));
            }
            for (&id, &index) in ids.iter().zip(indices) {
                let value = graph.value(id);
                let tensor = model.tensor(index);
                let found = tensor.and_then(|tensor| tensor.elements()).unwrap_or(0);
                if found != value.len() {
                    let (name, expected) = (&value.name, value.len());
                    return Err(mismatch(format!(
                        "{what} `{name}` has {found} elements, the model's {expected}"
                    )));
                }
            }
        }
    }
    Ok(())
}

fn mismatch(message: String) -> Error {
    Error::new(ErrorKind::Verification, message).hint("compile the model again with `qibu compile`")
}

/// The verdict as it grows.
struct Judge {
    thresholds: Thresholds,
    /// Whether the file is in f32 throughout.
    exact: bool,
    /// Whether the model rounds to steps of its own: a value between two of them may go either way,
    /// so that what is exact elsewhere is a matter of noise.
    snaps: bool,
    /// Whether ONNX Runtime took part to the end: what it said of some functions only is no answer.
    heard: bool,
    comparisons: usize,
    failures: Vec<String>,
}

impl Judge {
    fn function(
        &mut self,
        graph: &Graph,
        model: &Model<'_>,
        position: usize,
        compared: &Compared,
        layers: &std::result::Result<Layers, String>,
    ) -> Result<VerifiedFunction> {
        let target = &graph.functions[position];
        let mut outputs = Vec::new();
        for (&id, output) in target.outputs.iter().zip(&compared.outputs) {
            outputs.push(self.output(&target.name, &graph.value(id).name, output));
        }
        let loaded = function(model, &target.name)?;
        // Pace 1 keeps the model's order of functions, and so does a file.
        let in_file = model.functions().position(|f| f.name() == target.name);
        let names = layers.as_ref().ok().zip(in_file);
        let names = names.and_then(|(layers, index)| layers.names.get(index));
        let steps = names.into_iter().flatten().zip(loaded.steps());
        let layers = steps.map(|(name, step)| {
            let first = step.output(0);
            let snr = |&index: &u32| compared.decibels(index);
            LayerOfFile {
                name: name.clone(),
                operator: step.opcode().name(),
                dtype: first
                    .map(|tensor| element_type(tensor.dtype()))
                    .unwrap_or_default(),
                shape: first.map_or_else(Vec::new, |tensor| {
                    tensor.shape().iter().map(|&dim| dim as usize).collect()
                }),
                snr_db: step.outputs().iter().find_map(snr),
            }
        });
        Ok(VerifiedFunction {
            name: target.name.clone(),
            layers: layers.collect(),
            outputs,
        })
    }

    fn output(&mut self, function: &str, name: &str, output: &Output) -> ModelOutput {
        let place = |what: &str| format!("{function}/{name}: {what}");
        let (exact, snaps, heard) = (self.exact, self.snaps, self.heard);
        let mut check = |what: &str, measure: &Measure, exact| {
            let measured = measure.measured()?;
            let faults = self.thresholds.faults(&measured, exact);
            let pass = faults.is_empty();
            self.comparisons += 1;
            self.failures.extend(
                faults
                    .iter()
                    .map(|fault| format!("{}: {fault}", place(what))),
            );
            Some(Checked { measured, pass })
        };
        let file = check("file against float", &output.file_float, exact);
        let (mut float_truth, mut file_truth) = (None, None);
        if heard {
            float_truth = check("float against ONNX Runtime", &output.float_truth, !snaps);
            file_truth = check(
                "file against ONNX Runtime",
                &output.file_truth,
                exact && !snaps,
            );
        }
        ModelOutput {
            name: name.to_owned(),
            file_vs_float: file,
            float_vs_onnx_runtime: float_truth,
            file_vs_onnx_runtime: file_truth,
        }
    }
}

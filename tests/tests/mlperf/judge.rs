//! One model through all checks.

use super::compile::{Footprint, compile};
use super::measure::{agreement, classes, largest_error, snr, within};
use super::reference::{Reference, reference};
use qibu_compiler::compile::compile_float;
use qibu_tests::mlperf::models::Model;
use qibu_tests::mlperf::run::File;
use std::path::Path;
use std::time::Duration;

/// Longest compilation. Nobody but a developer runs the compiler unoptimised, beside other tests.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 10 });
/// Most bytes of arena for each byte of the lower bound.
const RAM: f64 = 1.02;
/// Largest error of the float file.
const FLOAT: f64 = 1e-4;
/// Decibels by which int8 is to pass ONNX Runtime's.
const MARGIN: f64 = 1.0;
/// Share of a quantised model's outputs within one step.
const STEPS: f64 = 0.995;
/// Samples of the float file.
const FLOAT_SAMPLES: usize = 64;

/// How near the file's outputs are.
pub enum Nearness {
    /// int8 beside ONNX Runtime's int8: signal-to-noise in decibels and agreement in top-1.
    Beside {
        /// Ours, then theirs.
        snr: [f64; 2],
        /// Ours, then theirs.
        top: [f64; 2],
    },
    /// A quantised model beside ONNX Runtime's: within one step, and agreement in top-1.
    Steps(f64, f64),
}

/// What was found.
pub struct Verdict {
    /// The model's name.
    pub name: &'static str,
    /// What the device needs.
    pub footprint: Footprint,
    /// Time to compile.
    pub took: Duration,
    /// None without ONNX Runtime.
    pub nearness: Option<Nearness>,
    /// Further findings, for people.
    pub remarks: Vec<String>,
    /// What is missed.
    pub missed: Vec<String>,
}

impl Verdict {
    fn check(&mut self, holds: bool, what: String) {
        if !holds {
            self.missed.push(format!("{}: {what}", self.name));
        }
    }
}

/// Compiles `model` and measures the file; against ONNX Runtime where there is `python`.
pub fn judge(model: &Model, folder: &Path, python: Option<&Path>) -> Verdict {
    let folder = folder.join(model.name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("model.qibu");
    let (footprint, mut took) = compile(&model.path, &file, &[]);
    if took >= PATIENCE {
        // Other work on the machine is no fault of the compiler's: it gets a second chance.
        took = took.min(compile(&model.path, &file, &[]).1);
    }
    let mut verdict = Verdict {
        name: model.name,
        footprint,
        took,
        nearness: None,
        remarks: Vec::new(),
        missed: Vec::new(),
    };
    verdict.check(took < PATIENCE, format!("{took:.1?} to compile"));
    let (ram, bound) = (footprint.ram, footprint.lower_bound);
    let near = ram as f64 <= RAM * bound as f64;
    verdict.check(near, format!("{ram} bytes of RAM, lower bound {bound}"));
    if let Some(python) = python {
        let reference = reference(python, model, &folder);
        match &reference.logits {
            None => steps(&mut verdict, &file, &reference),
            Some((logits, theirs)) => {
                float(&mut verdict, model, &reference);
                let [cut, samples] = ["cut.onnx", "calibration.npz"].map(|name| folder.join(name));
                let file = folder.join("cut.qibu");
                compile(
                    &cut,
                    &file,
                    &["--calibrate", &samples.display().to_string()],
                );
                let ours = open(&file).run(&reference.inputs);
                let measured =
                    [&ours, theirs].map(|found| (snr(logits, found), agreement(logits, found)));
                beside(&mut verdict, measured, &classes(logits));
            }
        }
    }
    verdict
}

fn open(path: &Path) -> File {
    File::new(&std::fs::read(path).expect("the compiled file"))
}

/// The float file, on the first samples.
fn float(verdict: &mut Verdict, model: &Model, reference: &Reference) {
    let file = compile_float(&model.path).expect("it compiles");
    let found = File::new(&file).run(&reference.inputs[..FLOAT_SAMPLES]);
    let error = largest_error(&reference.output[..FLOAT_SAMPLES].to_vec(), &found);
    verdict.remarks.push(format!("float error {error:.1e}"));
    verdict.check(error <= FLOAT, format!("float error {error:e}"));
}

/// int8 beside ONNX Runtime's.
fn beside(verdict: &mut Verdict, measured: [(f64, f64); 2], classes: &[(usize, f64)]) {
    let [(snr, top), (their_snr, their_top)] = measured;
    let gain = snr - their_snr;
    verdict.check(gain >= MARGIN, format!("{gain:.2} dB above ONNX Runtime"));
    verdict.check(top >= their_top, format!("top-1 {top} below {their_top}"));
    spread(verdict, classes);
    verdict.nearness = Some(Nearness::Beside {
        snr: [snr, their_snr],
        top: [top, their_top],
    });
}

/// A quantised model: the integers themselves.
fn steps(verdict: &mut Verdict, file: &Path, reference: &Reference) {
    let found = open(file).run(&reference.inputs);
    let share = within(&reference.output, &found, 1.0);
    let top = agreement(&reference.output, &found);
    let worst = largest_error(&reference.output, &found);
    let equal = within(&reference.output, &found, 0.0);
    verdict.remarks.push(format!(
        "{:.2} % equal, at most {worst} steps",
        100.0 * equal
    ));
    verdict.check(share >= STEPS, format!("{share} within one step"));
    verdict.check(top == 1.0, format!("top-1 {top}"));
    spread(verdict, &classes(&reference.output));
    verdict.nearness = Some(Nearness::Steps(share, top));
}

/// At least two classes that count.
fn spread(verdict: &mut Verdict, classes: &[(usize, f64)]) {
    let shown: Vec<String> = classes
        .iter()
        .map(|(class, share)| format!("{class}: {:.0} %", 100.0 * share))
        .collect();
    verdict
        .remarks
        .push(format!("classes above 5 %: {}", shown.join(", ")));
    verdict.check(
        classes.len() >= 2,
        format!("{} classes above 5 %", classes.len()),
    );
}

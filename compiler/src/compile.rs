//! The seven paces, one a line.

use crate::calibrate::{Method, Samples, Source, calibrate, equalise};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Graph;
use crate::import::{self, ImportOptions};
use crate::plan::{Planned, plan};
use crate::prosody::{COMPOSE, Groups, Prosody};
use crate::quantise::{Activations, Scheme, Weights, formats, quantise};
use crate::search::{Found, Goal, search};
use crate::simplify::{Simplified, simplify};
use crate::target::Arrangement;
use crate::verify::{Opinion, Report, verify, witness};
use crate::write::write;
use std::path::{Path, PathBuf};

pub mod tune;

#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod special_tests;
#[cfg(test)]
mod tests;

/// What a compilation is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The ONNX file.
    pub model: PathBuf,
    /// Functions to keep; all where empty.
    pub functions: Vec<String>,
    /// Calibration samples; else those beside the model, else noise.
    pub calibration: Option<PathBuf>,
    /// Which part of the activations' ranges int8 covers.
    pub method: Method,
    /// Element type of weights.
    pub weights: Weights,
    /// Element type of activations; else what the model asks for.
    pub activations: Option<Activations>,
    /// Limits within which the format of every layer is searched.
    pub goal: Goal,
    /// How weights are arranged.
    pub arrangement: Arrangement,
    /// Tones and rhymes of characters, for a function of lists.
    pub prosody: Option<PathBuf>,
}

impl Request {
    /// Everything by default.
    pub fn new(model: &Path) -> Self {
        Self {
            model: model.to_owned(),
            functions: Vec::new(),
            calibration: None,
            method: Method::default(),
            weights: Weights::Int8,
            activations: None,
            goal: Goal::default(),
            arrangement: Arrangement::default(),
            prosody: None,
        }
    }
}

/// A compiled model.
pub struct Compiled {
    /// The file.
    pub bytes: Vec<u8>,
    /// The memory plan behind it.
    pub planned: Planned,
    /// What was measured of it.
    pub report: Report,
    /// What the search for formats found, where one was asked for.
    pub found: Option<Found>,
}

/// Hears what a compilation is doing: the pace, units done, units in all.
pub type Progress<'a> = &'a mut dyn FnMut(&'static str, usize, usize);

/// Compiles a model; nothing is written to disk.
///
/// # Errors
/// Whatever a pace finds wrong, with node and remedy.
pub fn compile(request: &Request, progress: Progress<'_>) -> Result<Compiled> {
    paces(request, progress).map_err(|error| {
        let files = [
            Some(&request.model),
            request.calibration.as_ref(),
            request.prosody.as_ref(),
        ];
        let mut named = files
            .into_iter()
            .flatten()
            .map(|file| file.display().to_string());
        // Paces that read a file name it; the others do not know it.
        match error.kind() == ErrorKind::Input && !named.any(|name| error.message().contains(&name))
        {
            true => error.within(request.model.display()),
            false => error,
        }
    })
}

fn paces(request: &Request, progress: Progress<'_>) -> Result<Compiled> {
    let mut simplified = read(request)?;
    let scheme = scheme(request, &simplified)?;
    let samples = Samples::find(request.calibration.as_deref(), &request.model)?;
    if !scheme.is_float() {
        simplified = equalise(simplified, &samples)?;
    }
    let calibrated = calibrate(&simplified, &samples, request.method, |done, of| {
        progress("calibrate", done, of)
    })?;
    // Noise that has set the ranges would judge them too kindly.
    let judges = match samples.source() {
        Source::Noise => Samples::other_noise(),
        Source::File(_) => samples.clone(),
    };
    let found = match request.goal.is_empty() {
        true => None,
        false => Some(search(
            &simplified,
            &calibrated,
            &judges,
            &request.goal,
            &request.arrangement,
            |done, of| progress("search", done, of),
        )?),
    };
    let formats = match &found {
        Some(found) => found.formats.clone(),
        None => formats(simplified.graph(), scheme)?,
    };
    let quantised = quantise(&calibrated, &formats)?;
    let planned = plan(quantised, request.arrangement.clone())?;
    let bytes = write(&planned)?;
    let mut report = verify(&simplified, &planned, &bytes, &judges, |done, of| {
        progress("verify", done, of)
    })?;
    match witness(&request.model, &simplified, &bytes, &judges)? {
        Opinion::Given(found) => report.witness = Some(found),
        Opinion::Refused(why) => report.witness_refusal = Some(why),
        Opinion::Missing(_) => {}
    }
    Ok(Compiled {
        bytes,
        planned,
        report,
        found,
    })
}

/// The files of one model in several arrangements, without search and report: the same numbers.
///
/// # Errors
/// Whatever a pace finds wrong, with node and remedy.
pub fn compile_arranged(request: &Request, arrangements: &[Arrangement]) -> Result<Vec<Vec<u8>>> {
    let planned = planned(request, arrangements)?;
    planned.iter().map(write).collect()
}

/// The first five paces, the last of them for each arrangement.
fn planned(request: &Request, arrangements: &[Arrangement]) -> Result<Vec<Planned>> {
    let mut simplified = read(request)?;
    let scheme = scheme(request, &simplified)?;
    let samples = Samples::find(request.calibration.as_deref(), &request.model)?;
    if !scheme.is_float() {
        simplified = equalise(simplified, &samples)?;
    }
    let calibrated = calibrate(&simplified, &samples, request.method, |_, _| {})?;
    let formats = formats(simplified.graph(), scheme)?;
    let each = arrangements.iter();
    each.map(|arrangement| plan(quantise(&calibrated, &formats)?, arrangement.clone()))
        .collect()
}

/// The first two paces, and the function that tones and rhymes add.
fn read(request: &Request) -> Result<Simplified> {
    let names = &request.functions;
    let own = |functions: Vec<String>| {
        let options = ImportOptions {
            functions,
            ..ImportOptions::default()
        };
        import::read(&request.model, &options)
    };
    let asked = names.iter().any(|name| name == COMPOSE);
    let Some(path) = &request.prosody else {
        return match own(names.clone()) {
            Err(error) if asked && error.kind() == ErrorKind::Usage => Err(error.hint(format!(
                "--prosody FILE adds function `{COMPOSE}`, from a table of tones and rhymes"
            ))),
            graph => simplify(graph?),
        };
    };
    if !names.is_empty() && !asked {
        return Err(Error::usage(format!(
            "--prosody adds function `{COMPOSE}`, which --functions leaves out"
        ))
        .hint(format!(
            "add {COMPOSE} to --functions, or leave out --prosody"
        )));
    }
    let groups = Groups::from(Prosody::read(path)?);
    let simplified = simplify(own(groups.imported(names))?)?;
    groups.extend(simplified, names)
}

/// The number formats that flags and the model's metadata ask for.
fn scheme(request: &Request, simplified: &Simplified) -> Result<Scheme> {
    let word = simplified.graph().metadata.activations.as_deref();
    let activations = match request.activations {
        Some(activations) => activations,
        None => Activations::from_metadata(word)?,
    };
    Ok(Scheme {
        weights: request.weights,
        activations,
    })
}

/// The model in f32 as a file, without calibration or report: the reference for `eval`.
///
/// # Errors
/// Whatever a pace finds wrong, with node and remedy.
pub fn compile_float(model: &Path) -> Result<Vec<u8>> {
    float_file(import::read(model, &ImportOptions::default())?)
}

/// [`compile_float`] for a model held in memory; external data is refused.
///
/// # Errors
/// Whatever a pace finds wrong, with node and remedy.
pub fn compile_float_bytes(onnx: &[u8]) -> Result<Vec<u8>> {
    float_file(import::from_bytes(onnx, None, &ImportOptions::default())?)
}

fn float_file(graph: Graph) -> Result<Vec<u8>> {
    let program = crate::quantise::float_program(simplify(graph)?.graph())?;
    write(&crate::plan::plan_with(
        program,
        crate::plan::Reuse::WhenDead,
    )?)
}

//! The cases: models of this repository, the four geometries of MLPerf Tiny, single layers.

use super::case::{Case, Form, first_sample, write_samples};
use super::kernels::{LAYERS, SPAN};
use super::slice;
use qibu_compiler::error::{Error, Result};
use qibu_tests::mlperf::fields::fields;
use qibu_tests::mlperf::models::{GEOMETRIES, published};
use qibu_tests::need::root;
use std::path::{Path, PathBuf};

/// Samples that quantisers calibrate on.
const SAMPLES: usize = 64;
/// Trained models: name, title, folder, function and its outputs.
const TRAINED: [(&str, &str, &str, &str, &[&str]); 2] = [
    (
        "poem",
        "Poem decoder",
        "poem5",
        "generate",
        &["top_ids", "top_scores"],
    ),
    (
        "tagger",
        "Tagger, 32 characters",
        "cws",
        "emit",
        &["emissions"],
    ),
];
/// Names and titles of the networks of MLPerf Tiny, in the order of [`GEOMETRIES`].
const TINY: [(&str, &str); 4] = [
    ("ad", "Anomaly detection"),
    ("kws", "Keyword spotting"),
    ("resnet", "Image classification"),
    ("vww", "Visual wake words"),
];

/// Writes all cases whose name holds `only` into `folder`; `original` takes the published files of
/// MLPerf Tiny instead of the seeded networks.
///
/// # Errors
/// A file is missing or cannot be written.
pub fn all(folder: &Path, only: Option<&str>, original: bool) -> Result<Vec<Case>> {
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    let mut cases = Vec::new();
    for (name, title, model, function, outputs) in TRAINED {
        if wanted(name) {
            cases.push(trained(folder, (name, title), model, function, outputs)?);
        }
    }
    // The order in which people name them.
    for index in [1, 2, 3, 0] {
        let (name, title) = TINY[index];
        if wanted(name) {
            cases.push(tiny(folder, index, (name, title), original)?);
        }
    }
    for (name, title, layer) in LAYERS {
        if wanted(name) {
            let shape = layer.input();
            let span = SPAN;
            let mut case = seeded(folder, (name, title), &layer.onnx(false), &shape, span)?;
            case.kernel = true;
            if shape.len() == 4 {
                let path = write(folder, &format!("{name}-first.onnx"), &layer.onnx(true))?;
                let [h, w, c] = [shape[1], shape[2], shape[3]];
                let mut feeds = case.form.feeds.clone();
                // The numbers in another order: no time depends on it.
                feeds
                    .iter_mut()
                    .for_each(|feed| feed.shape = vec![1, c, h, w]);
                case.first = Some(Form { onnx: path, feeds });
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

fn trained(
    folder: &Path,
    (name, title): (&str, &str),
    model: &str,
    function: &str,
    outputs: &[&str],
) -> Result<Case> {
    let home = root().join("models").join(model);
    let path = home.join("model.onnx");
    let bytes = std::fs::read(&path)
        .map_err(|error| Error::input(format!("{}: {error}", path.display())))?;
    let outputs: Vec<String> = outputs.iter().map(|&name| name.to_owned()).collect();
    let part = slice::slice(&bytes, &outputs)?;
    let calibration = home.join("calibration.safetensors");
    Ok(Case {
        name: name.into(),
        title: title.into(),
        kernel: false,
        form: Form {
            feeds: first_sample(&calibration, &slice::inputs(&part)?)?,
            onnx: write(folder, &format!("{name}.onnx"), &part)?,
        },
        first: None,
        calibration,
        // The metadata of the whole model says how to quantise it.
        source: (path, vec![function.into()]),
    })
}

fn tiny(folder: &Path, index: usize, names: (&str, &str), original: bool) -> Result<Case> {
    let (_, make, file, span) = GEOMETRIES[index];
    let bytes = match original {
        false => make(span),
        true => {
            let models = published().map_err(Error::environment)?;
            let found = models.iter().find(|model| model.name == file);
            let path = found.map(|model| model.path.clone()).unwrap_or_default();
            std::fs::read(&path)
                .map_err(|error| Error::input(format!("{}: {error}", path.display())))?
        }
    };
    let shape = slice::inputs(&bytes)?;
    let shape = shape.first().map(|(_, shape)| shape.clone());
    let shape = shape.ok_or_else(|| Error::input("a network without inputs"))?;
    seeded(folder, names, &bytes, &shape, span)
}

/// A network of one float input with seeded samples.
fn seeded(
    folder: &Path,
    (name, title): (&str, &str),
    onnx: &[u8],
    shape: &[usize],
    span: (f32, f32),
) -> Result<Case> {
    let inputs = slice::inputs(onnx)?;
    let input = inputs.first().map_or("", |(name, _)| name.as_str());
    let calibration = folder.join(format!("{name}.safetensors"));
    // As the runtime's own samples: [rows, inputs] of rows > 1 is one sample.
    let samples = fields(1, SAMPLES, shape, span);
    write_samples(&calibration, input, shape, &samples)?;
    let onnx = write(folder, &format!("{name}.onnx"), onnx)?;
    Ok(Case {
        name: name.into(),
        title: title.into(),
        kernel: false,
        form: Form {
            feeds: first_sample(&calibration, &inputs)?,
            onnx: onnx.clone(),
        },
        first: None,
        calibration,
        source: (onnx, Vec::new()),
    })
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = folder.join(name);
    let failed = |error| Error::input(format!("{}: {error}", path.display()));
    std::fs::write(&path, bytes).map_err(failed)?;
    Ok(path)
}

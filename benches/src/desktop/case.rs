//! What is run: a graph, its inputs, its calibration samples.

use qibu_compiler::error::{Error, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::path::{Path, PathBuf};

/// Elements of an input.
#[derive(Clone, Debug)]
pub enum Values {
    /// Real numbers.
    F32(Vec<f32>),
    /// Indices of tables.
    I32(Vec<i32>),
}

/// One input of a run.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Name in the graph.
    pub name: String,
    /// Dimensions.
    pub shape: Vec<usize>,
    /// Elements, row-major.
    pub values: Values,
}

/// A graph in one form.
#[derive(Clone, Debug)]
pub struct Form {
    /// The ONNX file.
    pub onnx: PathBuf,
    /// Its inputs: the first calibration sample.
    pub feeds: Vec<Feed>,
}

/// A model or a single layer.
#[derive(Clone, Debug)]
pub struct Case {
    /// Short name, for `--only`.
    pub name: String,
    /// What it is.
    pub title: String,
    /// A single layer.
    pub kernel: bool,
    /// The graph as ours and TensorFlow Lite get it.
    pub form: Form,
    /// The same with channels first all through, for peers that keep them so; of single layers.
    pub first: Option<Form>,
    /// Samples that all quantisers calibrate on.
    pub calibration: PathBuf,
    /// What ours compiles: the ONNX file and, of several functions, which.
    pub source: (PathBuf, Vec<String>),
}

impl Case {
    /// The form for libraries that keep channels first.
    pub fn channels_first(&self) -> &Form {
        self.first.as_ref().unwrap_or(&self.form)
    }
}

/// Writes samples as a calibration file: `samples` of one float input.
///
/// # Errors
/// The file cannot be written.
pub fn write_samples(path: &Path, name: &str, shape: &[usize], samples: &[Vec<f32>]) -> Result<()> {
    let bytes: Vec<u8> = samples
        .iter()
        .flatten()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let shape = [&[samples.len()], shape].concat();
    let failed =
        |error: &dyn std::fmt::Display| Error::input(format!("{}: {error}", path.display()));
    let view = TensorView::new(Dtype::F32, shape, &bytes).map_err(|error| failed(&error))?;
    let file = safetensors::serialize([(name, view)], None).map_err(|error| failed(&error))?;
    std::fs::write(path, file).map_err(|error| failed(&error))
}

/// The first sample of `calibration` for inputs of these names and shapes.
///
/// # Errors
/// The file has no such tensor.
pub fn first_sample(calibration: &Path, inputs: &[(String, Vec<usize>)]) -> Result<Vec<Feed>> {
    let place = || calibration.display();
    let bytes = std::fs::read(calibration)
        .map_err(|error| Error::input(format!("{}: {error}", place())))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| Error::input(format!("{}: {error}", place())))?;
    let feed = |(name, shape): &(String, Vec<usize>)| {
        let tensor = file
            .tensor(name)
            .map_err(|error| Error::input(format!("{}: {name}: {error}", place())))?;
        let length: usize = shape.iter().product();
        let words = tensor.data().as_chunks::<4>().0.iter().copied();
        let values = match tensor.dtype() {
            Dtype::F32 => Values::F32(words.take(length).map(f32::from_le_bytes).collect()),
            Dtype::I32 => Values::I32(words.take(length).map(i32::from_le_bytes).collect()),
            // Ids fit into 32 bits.
            Dtype::I64 => {
                let words = tensor.data().as_chunks::<8>().0.iter().copied();
                let narrow = words.map(|word| i64::from_le_bytes(word) as i32);
                Values::I32(narrow.take(length).collect())
            }
            other => {
                let message = format!("{}: {name} has type {other:?}", place());
                return Err(Error::input(message));
            }
        };
        Ok(Feed {
            name: name.clone(),
            shape: shape.clone(),
            values,
        })
    };
    inputs.iter().map(feed).collect()
}

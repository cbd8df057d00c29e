//! Samples: from a file of the user, from the one beside the model, or noise.

mod read;
#[cfg(test)]
mod tests;

use super::noise;
use super::run::Input;
use crate::error::{Error, Result};
use crate::graph::{Dtype, Function, Graph, Op, ValueId};
use crate::input_file;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where samples come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Seeded noise, for want of anything better.
    Noise,
}

/// Samples by input name.
#[derive(Clone, Debug)]
pub struct Samples {
    source: Source,
    /// Number of the first, where they are noise.
    first: usize,
    count: usize,
    tensors: BTreeMap<String, Tensor>,
}

#[derive(Clone, Debug)]
enum Tensor {
    F32(Vec<usize>, Vec<f32>),
    I64(Vec<usize>, Vec<i64>),
}

/// What a file of samples holds.
const SAMPLES: &str = "samples are a .npz or .safetensors file with a tensor for every input, of \
    its name and type (float32, integers or bool), samples along a first axis of their own";

/// Noise samples when there is no file.
const NOISE_COUNT: usize = 64;

impl Samples {
    /// The samples of `path`, else of `calibration.safetensors` beside `model`, else noise.
    ///
    /// # Errors
    /// The file cannot be read or holds no samples.
    pub fn find(path: Option<&Path>, model: &Path) -> Result<Self> {
        let beside = model.with_file_name("calibration.safetensors");
        match path {
            Some(path) => Self::read(path),
            None if beside.is_file() => Self::read(&beside),
            None => Ok(Self::noise()),
        }
    }

    /// Seeded noise.
    pub fn noise() -> Self {
        Self {
            source: Source::Noise,
            first: 0,
            count: NOISE_COUNT,
            tensors: BTreeMap::new(),
        }
    }

    /// As much noise again, none of it in [`Samples::noise`]: a file is not judged by the samples
    /// that it was calibrated on.
    pub fn other_noise() -> Self {
        Self {
            first: NOISE_COUNT,
            ..Self::noise()
        }
    }

    /// Reads a `.safetensors` or `.npz` file: tensors named as the inputs, samples along axis 0.
    pub fn read(path: &Path) -> Result<Self> {
        let place = || path.display();
        let bytes = input_file::read(path, SAMPLES)?;
        let npz = path.extension().is_some_and(|extension| extension == "npz");
        let tensors = if npz {
            read::npz(&bytes)
        } else {
            read::safetensors(&bytes)
        };
        let tensors = tensors.map_err(|error| error.within(place()).hint(SAMPLES))?;
        check_finite(&tensors).map_err(|error| error.within(place()))?;
        let counts = tensors.values().map(Tensor::count);
        let count = counts.clone().min().unwrap_or(0);
        if count == 0 || counts.max() != Some(count) {
            return Err(Error::input(
                "samples are missing or tensors hold different numbers of them",
            )
            .within(place())
            .hint(SAMPLES));
        }
        Ok(Self {
            source: Source::File(path.to_owned()),
            first: 0,
            count,
            tensors,
        })
    }

    /// The first `count` of noise; samples of a file as they are.
    pub(crate) fn first(mut self, count: usize) -> Self {
        if self.source == Source::Noise {
            self.count = self.count.min(count);
        }
        self
    }

    /// Number of samples.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Where they come from.
    pub fn source(&self) -> Source {
        self.source.clone()
    }

    /// Inputs of `function` for sample `number`.
    pub fn inputs(&self, graph: &Graph, function: &Function, number: usize) -> Result<Vec<Input>> {
        let input = |&value: &ValueId| {
            let rows = table_rows(graph, value);
            self.input(graph, value, rows, number)
        };
        function.inputs.iter().map(input).collect()
    }

    fn input(
        &self,
        graph: &Graph,
        value: ValueId,
        rows: Option<usize>,
        number: usize,
    ) -> Result<Input> {
        let Source::File(path) = &self.source else {
            return Ok(noise::sample(graph, value, rows, self.first + number));
        };
        let target = graph.value(value);
        let known: Vec<_> = self.tensors.keys().map(String::as_str).collect();
        let tensor = self.tensors.get(&target.name).ok_or_else(|| {
            Error::input(format!(
                "no samples for input `{}`, the file has: {}",
                target.name,
                known.join(", ")
            ))
            .within(path.display())
            .hint(SAMPLES)
        })?;
        let length = target.len();
        // Samples in another order of axes have as many elements; axes of length 1 make no difference.
        let long = |shape: &[usize]| -> Vec<usize> {
            shape.iter().copied().filter(|&dim| dim != 1).collect()
        };
        let turned = tensor.shape().len() > 2 && long(&tensor.shape()[1..]) != long(&target.shape);
        if tensor.len() != length * self.count || turned {
            return Err(Error::input(format!(
                "samples of `{}` have shape {:?}, expected [{}, …] with samples of shape {:?}",
                target.name,
                tensor.shape(),
                self.count,
                target.shape
            ))
            .within(path.display())
            .hint(SAMPLES));
        }
        let range = number * length..(number + 1) * length;
        match (tensor, target.dtype) {
            (Tensor::F32(_, values), Dtype::F32) => Ok(Input::F32(values[range].to_vec())),
            (Tensor::I64(_, values), Dtype::Bool) => {
                let truth = |&value: &i64| match value {
                    0 => Some(false),
                    1 => Some(true),
                    _ => None,
                };
                let truths: Option<Vec<bool>> = values[range].iter().map(truth).collect();
                truths.map(Input::Bool).ok_or_else(|| {
                    Error::input(format!(
                        "sample {number} of `{}` holds an integer other than 0 and 1, which stand \
                         for false and true",
                        target.name
                    ))
                    .within(path.display())
                    .hint(SAMPLES)
                })
            }
            (Tensor::I64(_, values), dtype) if dtype != Dtype::F32 => {
                let (least, most) = bounds(dtype, rows);
                let narrow = |&id: &i64| {
                    i32::try_from(id)
                        .ok()
                        .filter(|id| (least..=most).contains(id))
                };
                let ids: Option<Vec<i32>> = values[range].iter().map(narrow).collect();
                ids.map(Input::I32).ok_or_else(|| {
                    let what = match rows {
                        Some(rows) => format!("an index outside its table of {rows}"),
                        None => format!("an integer outside {least} to {most}"),
                    };
                    Error::input(format!("sample {number} of `{}` has {what}", target.name))
                        .within(path.display())
                        .hint("leave that sample out, or correct it")
                })
            }
            _ => Err(Error::input(format!(
                "samples of `{}` have the wrong element type",
                target.name
            ))
            .within(path.display())
            .hint(
                "float inputs take float32 samples, index inputs integers, truth values bool or \
                 uint8",
            )),
        }
    }
}

/// Smallest and largest integer that an input takes: an index of its table, else what its type and
/// the runtime's 32 bits hold.
fn bounds(dtype: Dtype, rows: Option<usize>) -> (i32, i32) {
    match (rows, dtype) {
        (Some(rows), _) => (0, i32::try_from(rows).unwrap_or(i32::MAX).saturating_sub(1)),
        (None, Dtype::I8) => (i8::MIN.into(), i8::MAX.into()),
        (None, Dtype::U8) => (0, u8::MAX.into()),
        (None, _) => (i32::MIN, i32::MAX),
    }
}

/// Rows of the smallest table that `value` indexes, at once or through views; none where it indexes
/// no table.
pub(crate) fn table_rows(graph: &Graph, value: ValueId) -> Option<usize> {
    let tables =
        graph
            .nodes
            .iter()
            .filter_map(|node| match (&node.op, node.input(0), node.input(1)) {
                (Op::Gather { axis }, Some(table), Some(ids)) if ids == value => {
                    Some(graph.shape(table)[*axis])
                }
                (Op::Scatter(_), Some(table), Some(ids)) if ids == value => {
                    Some(graph.shape(table)[0])
                }
                (Op::Reshape { .. }, Some(x), _) if x == value => {
                    table_rows(graph, node.outputs[0])
                }
                _ => None,
            });
    tables.min()
}

impl Tensor {
    fn shape(&self) -> &[usize] {
        match self {
            Self::F32(shape, _) | Self::I64(shape, _) => shape,
        }
    }

    fn count(&self) -> usize {
        self.shape().first().copied().unwrap_or(0)
    }

    fn len(&self) -> usize {
        match self {
            Self::F32(_, values) => values.len(),
            Self::I64(_, values) => values.len(),
        }
    }
}

/// A range that holds NaN or infinity covers nothing.
fn check_finite(tensors: &BTreeMap<String, Tensor>) -> Result<()> {
    for (name, tensor) in tensors {
        let Tensor::F32(_, values) = tensor else {
            continue;
        };
        if let Some(position) = values.iter().position(|value| !value.is_finite()) {
            let sample = position * tensor.count() / values.len();
            return Err(Error::input(format!(
                "samples of `{name}`: sample {sample} (from 0) holds {}",
                values[position]
            ))
            .hint("leave out samples with NaN or infinity"));
        }
    }
    Ok(())
}

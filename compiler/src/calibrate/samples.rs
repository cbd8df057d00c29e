//! Calibration samples: from a file of the user, from the one beside the model, or noise.

use super::noise;
use super::run::Input;
use crate::error::{Error, Result};
use crate::graph::{Dtype, Function, Graph, Op, ValueId};
use crate::input_file;
use safetensors::{Dtype as StDtype, SafeTensors};
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
    its name and type (float32, int32 or int64), samples along a first axis of their own";

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
            count: NOISE_COUNT,
            tensors: BTreeMap::new(),
        }
    }

    /// Reads a `.safetensors` or `.npz` file: tensors named as the inputs, samples along axis 0.
    pub fn read(path: &Path) -> Result<Self> {
        let place = || path.display();
        let bytes = input_file::read(path, SAMPLES)?;
        let npz = path.extension().is_some_and(|extension| extension == "npz");
        let tensors = if npz {
            read_npz(&bytes)
        } else {
            read_safetensors(&bytes)
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
            count,
            tensors,
        })
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
            if self.source == Source::Noise {
                return Ok(noise::sample(graph, value, rows, number));
            }
            self.input(graph, value, rows, number)
        };
        function.inputs.iter().map(input).collect()
    }

    fn input(&self, graph: &Graph, value: ValueId, rows: usize, number: usize) -> Result<Input> {
        let Source::File(path) = &self.source else {
            return Ok(noise::sample(graph, value, rows, number));
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
        if tensor.len() != length * self.count {
            return Err(Error::input(format!(
                "samples of `{}` have shape {:?}, expected [{}, …] with {length} elements each",
                target.name,
                tensor.shape(),
                self.count
            ))
            .within(path.display())
            .hint(SAMPLES));
        }
        let range = number * length..(number + 1) * length;
        match (tensor, target.dtype) {
            (Tensor::F32(_, values), Dtype::F32) => Ok(Input::F32(values[range].to_vec())),
            (Tensor::I64(_, values), Dtype::I64 | Dtype::I32) => {
                let ids = values[range]
                    .iter()
                    .map(|&id| usize::try_from(id).ok().filter(|&id| id < rows));
                let ids: Option<Vec<usize>> = ids.collect();
                let ids = ids.ok_or_else(|| {
                    Error::input(format!(
                        "sample {number} of `{}` has an index outside its table of {rows}",
                        target.name
                    ))
                    .within(path.display())
                })?;
                Ok(Input::I32(ids.into_iter().map(|id| id as i32).collect()))
            }
            _ => Err(Error::input(format!(
                "samples of `{}` have the wrong element type",
                target.name
            ))
            .within(path.display())
            .hint("float inputs take float32 samples, index inputs int32 or int64")),
        }
    }
}

/// Rows of the smallest table that `value` indexes, at once or through views; all of int32 where it
/// indexes none.
fn table_rows(graph: &Graph, value: ValueId) -> usize {
    let tables =
        graph
            .nodes
            .iter()
            .filter_map(|node| match (&node.op, node.input(0), node.input(1)) {
                (Op::Gather { axis: 0 }, Some(table), Some(ids)) if ids == value => {
                    Some(graph.shape(table)[0])
                }
                (Op::Reshape { .. }, Some(x), _) if x == value => {
                    Some(table_rows(graph, node.outputs[0]))
                }
                _ => None,
            });
    tables.min().unwrap_or(i32::MAX as usize)
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

fn read_safetensors(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| Error::input(format!("not a safetensors file: {error}")))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let (shape, data) = (view.shape().to_vec(), view.data());
        let tensor = match view.dtype() {
            StDtype::F32 => Tensor::F32(shape, bytemuck::allocation::pod_collect_to_vec(data)),
            StDtype::I64 => Tensor::I64(shape, bytemuck::allocation::pod_collect_to_vec(data)),
            StDtype::I32 => {
                let narrow: Vec<i32> = bytemuck::allocation::pod_collect_to_vec(data);
                Tensor::I64(shape, narrow.into_iter().map(i64::from).collect())
            }
            other => {
                return Err(Error::input(format!(
                    "tensor `{name}` is {other:?}, expected F32, I32 or I64"
                )));
            }
        };
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

fn read_npz(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>> {
    let malformed = |error: ndarray_npy::ReadNpzError| {
        Error::input(format!("not a readable .npz file: {error}"))
    };
    let mut file = ndarray_npy::NpzReader::new(std::io::Cursor::new(bytes)).map_err(malformed)?;
    let mut tensors = BTreeMap::new();
    for name in file.names().map_err(malformed)? {
        let key = name.trim_end_matches(".npy").to_owned();
        type Array<T> = ndarray::ArrayD<T>;
        let tensor = if let Ok(array) =
            file.by_name::<ndarray::OwnedRepr<f32>, ndarray::IxDyn>(&name)
        {
            let array: Array<f32> = array;
            Tensor::F32(array.shape().to_vec(), array.iter().copied().collect())
        } else if let Ok(array) = file.by_name::<ndarray::OwnedRepr<i64>, ndarray::IxDyn>(&name) {
            let array: Array<i64> = array;
            Tensor::I64(array.shape().to_vec(), array.iter().copied().collect())
        } else {
            let array: Array<i32> = file
                .by_name::<ndarray::OwnedRepr<i32>, ndarray::IxDyn>(&name)
                .map_err(|_| {
                    Error::input(format!("array `{key}` must be float32, int32 or int64"))
                })?;
            Tensor::I64(
                array.shape().to_vec(),
                array.iter().map(|&id| i64::from(id)).collect(),
            )
        };
        tensors.insert(key, tensor);
    }
    Ok(tensors)
}

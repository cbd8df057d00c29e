//! Sample files: `.safetensors` and `.npz`, integers and truth values widened to 64 bits.

use super::Tensor;
use crate::error::{Error, Result};
use safetensors::{Dtype as StDtype, SafeTensors};
use std::collections::BTreeMap;

/// Tensors of a `.safetensors` file by name.
pub(super) fn safetensors(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>> {
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
            StDtype::U8 | StDtype::BOOL => {
                Tensor::I64(shape, data.iter().map(|&byte| byte.into()).collect())
            }
            StDtype::I8 => {
                let wide = data.iter().map(|&byte| i64::from(byte as i8));
                Tensor::I64(shape, wide.collect())
            }
            other => {
                return Err(Error::input(format!(
                    "tensor `{name}` is {other:?}, expected F32, I64, I32, I8, U8 or BOOL"
                )));
            }
        };
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// Arrays of a `.npz` file by name.
pub(super) fn npz(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>> {
    let malformed = |error: ndarray_npy::ReadNpzError| {
        let cause = match error {
            ndarray_npy::ReadNpzError::Zip(cause) => cause.to_string(),
            other => other.to_string(),
        };
        Error::input(format!("not a readable .npz file: {cause}"))
    };
    let mut file = ndarray_npy::NpzReader::new(std::io::Cursor::new(bytes)).map_err(malformed)?;
    let mut tensors = BTreeMap::new();
    for name in file.names().map_err(malformed)? {
        let key = name.trim_end_matches(".npy").to_owned();
        let malformed = |_| {
            Error::input(format!(
                "array `{key}` must be float32, bool or an integer of 8, 32 or 64 bits"
            ))
        };
        let tensor = match array::<f32>(&mut file, &name) {
            Ok(array) => Tensor::F32(array.shape().to_vec(), array.iter().copied().collect()),
            Err(_) => integers::<i64>(&mut file, &name)
                .or_else(|_| integers::<i32>(&mut file, &name))
                .or_else(|_| integers::<bool>(&mut file, &name))
                .or_else(|_| integers::<u8>(&mut file, &name))
                .or_else(|_| integers::<i8>(&mut file, &name))
                .map_err(malformed)?,
        };
        tensors.insert(key, tensor);
    }
    Ok(tensors)
}

type Npz<'b> = ndarray_npy::NpzReader<std::io::Cursor<&'b [u8]>>;

/// The array called `name`, where it has elements `T`.
fn array<T: ndarray_npy::ReadableElement>(
    file: &mut Npz<'_>,
    name: &str,
) -> std::result::Result<ndarray::ArrayD<T>, ndarray_npy::ReadNpzError> {
    file.by_name::<ndarray::OwnedRepr<T>, ndarray::IxDyn>(name)
}

/// [`array`] of integers or truth values, widened.
fn integers<T: ndarray_npy::ReadableElement + Copy + Into<i64>>(
    file: &mut Npz<'_>,
    name: &str,
) -> std::result::Result<Tensor, ndarray_npy::ReadNpzError> {
    let array = array::<T>(file, name)?;
    let values = array.iter().map(|&value| value.into()).collect();
    Ok(Tensor::I64(array.shape().to_vec(), values))
}

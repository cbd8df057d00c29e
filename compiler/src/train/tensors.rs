//! Safetensors files with the same bytes on every run: names and metadata in order.

use crate::engine::{Data, Tensor};
use crate::error::{Error, Result};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;

/// The contents of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Tensors by name.
    pub tensors: BTreeMap<String, Tensor>,
    /// Text by key.
    pub metadata: BTreeMap<String, String>,
}

impl File {
    /// The file's bytes. The `safetensors` crate reads them but does not write them, because it
    /// takes metadata in a hash map, whose order differs from run to run.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut header = serde_json::Map::new();
        if !self.metadata.is_empty() {
            let entries = self
                .metadata
                .iter()
                .map(|(key, text)| (key.clone(), text.clone().into()));
            header.insert(
                "__metadata__".into(),
                serde_json::Value::Object(entries.collect()),
            );
        }
        let mut body = Vec::new();
        // Wide elements first, so that every tensor is aligned to its element.
        let width = |tensor: &Tensor| match tensor.data {
            Data::F64(_) | Data::I64(_) => 8,
            Data::F32(_) | Data::I32(_) => 4,
            Data::Bool(_) => 1,
        };
        for bytes in [8, 4, 1] {
            for (name, tensor) in self
                .tensors
                .iter()
                .filter(|(_, tensor)| width(tensor) == bytes)
            {
                let start = body.len();
                let dtype = match &tensor.data {
                    Data::F32(data) => {
                        body.extend(data.iter().flat_map(|value| value.to_le_bytes()));
                        "F32"
                    }
                    Data::F64(data) => {
                        body.extend(data.iter().flat_map(|value| value.to_le_bytes()));
                        "F64"
                    }
                    Data::I64(data) => {
                        body.extend(data.iter().flat_map(|value| value.to_le_bytes()));
                        "I64"
                    }
                    Data::I32(data) => {
                        body.extend(data.iter().flat_map(|value| value.to_le_bytes()));
                        "I32"
                    }
                    Data::Bool(data) => {
                        body.extend(data.iter().map(|&truth| u8::from(truth)));
                        "BOOL"
                    }
                };
                header.insert(
                    name.clone(),
                    serde_json::json!({
                        "dtype": dtype,
                        "shape": tensor.shape,
                        "data_offsets": [start, body.len()],
                    }),
                );
            }
        }
        let mut text = serde_json::Value::Object(header).to_string().into_bytes();
        text.resize(text.len().next_multiple_of(8), b' ');
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text);
        bytes.extend(body);
        bytes
    }

    /// Reads a file's bytes; float, int64, int32 and truth tensors only.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let broken = |error: safetensors::SafeTensorError| {
            Error::input(format!("not a whole safetensors file: {error}"))
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let mut tensors = BTreeMap::new();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(broken)?.tensors() {
            let data = match view.dtype() {
                Dtype::F32 => Data::F32(
                    view.data()
                        .chunks_exact(4)
                        .map(|b| f32::from_le_bytes(array(b)))
                        .collect(),
                ),
                Dtype::F64 => Data::F64(
                    view.data()
                        .chunks_exact(8)
                        .map(|b| f64::from_le_bytes(array(b)))
                        .collect(),
                ),
                Dtype::I64 => Data::I64(
                    view.data()
                        .chunks_exact(8)
                        .map(|b| i64::from_le_bytes(array(b)))
                        .collect(),
                ),
                Dtype::I32 => Data::I32(
                    view.data()
                        .chunks_exact(4)
                        .map(|b| i32::from_le_bytes(array(b)))
                        .collect(),
                ),
                Dtype::BOOL => Data::Bool(view.data().iter().map(|&byte| byte != 0).collect()),
                other => {
                    return Err(Error::input(format!(
                        "tensor {name} has element type {other:?}"
                    )));
                }
            };
            let shape = view.shape().to_vec();
            tensors.insert(name, Tensor { shape, data });
        }
        Ok(Self {
            tensors,
            metadata: metadata.into_iter().collect(),
        })
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("chunks have this length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_wrote() {
        let mut file = File::default();
        file.tensors
            .insert("z".into(), Tensor::f32(&[2, 1], vec![1.5, -0.0]));
        file.tensors
            .insert("ids".into(), Tensor::i64(&[3], vec![1, -2, 3]));
        let hashes = Tensor {
            shape: vec![2],
            data: Data::I32(vec![-5, i32::MAX]),
        };
        file.tensors.insert("hashes".into(), hashes);
        let truths = Tensor {
            shape: vec![2],
            data: Data::Bool(vec![true, false]),
        };
        file.tensors.insert("a mask".into(), truths);
        file.metadata.insert("vocab".into(), "白日\"依".into());
        file.metadata.insert("a".into(), "1".into());
        let bytes = file.to_bytes();
        assert_eq!(File::parse(&bytes).unwrap(), file);
        assert_eq!(bytes, file.to_bytes());
        assert!(File::parse(&bytes[..bytes.len() - 1]).is_err());
    }
}

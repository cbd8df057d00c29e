//! ONNX tensors become [`Tensor`]s: every storage form, every length checked.

use super::{external, value};
use crate::error::{Error, Result};
use crate::graph::{Data, Dtype, Limits, Tensor};
use crate::onnx::{DataLocation, DataType, TensorProto};
use std::borrow::Cow;
use std::path::Path;

/// Converts one tensor; `folder` is where external data may lie.
pub(super) fn convert(
    proto: &TensorProto,
    folder: Option<&Path>,
    limits: &Limits,
) -> Result<Tensor> {
    let dtype = value::dtype(proto.data_type)?;
    let dim = |&dim: &i64| {
        usize::try_from(dim).map_err(|_| Error::input(format!("dimension {dim} is negative")))
    };
    let shape: Vec<usize> = proto.dims.iter().map(dim).collect::<Result<_>>()?;
    let count = limits.check_shape(&shape, dtype)?;
    let kind = DataType::try_from(proto.data_type).unwrap_or(DataType::Undefined);
    let data = match raw_bytes(proto, folder, count, kind)? {
        Some(bytes) => from_bytes(kind, dtype, &bytes)?,
        None => from_fields(kind, proto)?,
    };
    check_numbers(&data)?;
    Tensor::new(shape, data)
}

/// Weights are numbers; infinity is one only as a bound, as Clip takes it.
fn check_numbers(data: &Data) -> Result<()> {
    let Data::F32(values) = data else {
        return Ok(());
    };
    // Infinities are ordinary in masks; weights that hold one are refused where they multiply.
    match values.iter().find(|value| value.is_nan()) {
        Some(value) => Err(Error::input(format!("holds {value} among its numbers"))
            .hint("training went astray, most likely; export a checkpoint from before that")),
        None => Ok(()),
    }
}

/// Bytes of one stored element.
fn width(kind: DataType) -> usize {
    use DataType::*;
    match kind {
        Double | Int64 | Uint64 => 8,
        Float | Int32 | Uint32 => 4,
        Float16 | Bfloat16 | Int16 | Uint16 => 2,
        _ => 1,
    }
}

/// Little-endian bytes, from the file itself or from beside it; `None` for typed fields.
fn raw_bytes<'a>(
    proto: &'a TensorProto,
    folder: Option<&Path>,
    count: usize,
    kind: DataType,
) -> Result<Option<Cow<'a, [u8]>>> {
    let length = count * width(kind); // within the limits, checked above (at most 2× for doubles)
    let bytes = if proto.data_location == DataLocation::External as i32 {
        Cow::Owned(external::read(&proto.external_data, folder, length)?)
    } else if proto.raw_data.is_empty() && length > 0 {
        return Ok(None);
    } else {
        Cow::Borrowed(proto.raw_data.as_slice())
    };
    if bytes.len() == length {
        return Ok(Some(bytes));
    }
    Err(Error::input(format!(
        "{} bytes of data, its shape and type need {length}",
        bytes.len()
    )))
}

/// Splits bytes into little-endian elements.
fn elements<'a, const N: usize, T>(
    bytes: &'a [u8],
    decode: impl Fn([u8; N]) -> T + 'a,
) -> impl Iterator<Item = T> + 'a {
    bytes.chunks_exact(N).map(move |chunk| {
        let mut item = [0; N];
        item.copy_from_slice(chunk);
        decode(item)
    })
}

fn from_bytes(kind: DataType, dtype: Dtype, bytes: &[u8]) -> Result<Data> {
    use half::{bf16, f16};
    Ok(match (kind, dtype) {
        (DataType::Float, _) => Data::F32(elements(bytes, f32::from_le_bytes).collect()),
        (DataType::Double, _) => {
            Data::F32(elements(bytes, |b| f64::from_le_bytes(b) as f32).collect())
        }
        (DataType::Float16, _) => {
            Data::F32(elements(bytes, |b| f16::from_le_bytes(b).to_f32()).collect())
        }
        (DataType::Bfloat16, _) => {
            Data::F32(elements(bytes, |b| bf16::from_le_bytes(b).to_f32()).collect())
        }
        (DataType::Int64, _) => Data::I64(elements(bytes, i64::from_le_bytes).collect()),
        (DataType::Uint64, _) => narrow(elements(bytes, u64::from_le_bytes))?,
        (DataType::Uint32, _) => {
            Data::I64(elements(bytes, |b| i64::from(u32::from_le_bytes(b))).collect())
        }
        (DataType::Int32, _) => Data::I32(elements(bytes, i32::from_le_bytes).collect()),
        (DataType::Int16, _) => {
            Data::I32(elements(bytes, |b| i32::from(i16::from_le_bytes(b))).collect())
        }
        (DataType::Uint16, _) => {
            Data::I32(elements(bytes, |b| i32::from(u16::from_le_bytes(b))).collect())
        }
        (DataType::Int8, _) => Data::I8(elements(bytes, i8::from_le_bytes).collect()),
        (DataType::Bool, _) => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect()),
        (_, Dtype::U8) => Data::U8(bytes.into()),
        _ => return Err(Error::input("this element type is not supported")),
    })
}

fn narrow(items: impl Iterator<Item = u64>) -> Result<Data> {
    let items: std::result::Result<Vec<i64>, _> = items.map(i64::try_from).collect();
    match items {
        Ok(items) => Ok(Data::I64(items.into())),
        Err(_) => Err(Error::input("an unsigned value passes the int64 range")),
    }
}

/// Typed fields; small types share `int32_data`.
fn from_fields(kind: DataType, proto: &TensorProto) -> Result<Data> {
    use half::{bf16, f16};
    let words = &proto.int32_data;
    let small = || words.iter().map(|&word| word as u16);
    Ok(match kind {
        DataType::Float => Data::F32(proto.float_data.as_slice().into()),
        DataType::Double => Data::F32(proto.double_data.iter().map(|&x| x as f32).collect()),
        DataType::Float16 => Data::F32(small().map(|w| f16::from_bits(w).to_f32()).collect()),
        DataType::Bfloat16 => Data::F32(small().map(|w| bf16::from_bits(w).to_f32()).collect()),
        DataType::Int64 => Data::I64(proto.int64_data.as_slice().into()),
        DataType::Uint64 | DataType::Uint32 => narrow(proto.uint64_data.iter().copied())?,
        DataType::Int32 | DataType::Int16 | DataType::Uint16 => Data::I32(words.as_slice().into()),
        DataType::Int8 => Data::I8(words.iter().map(|&word| word as i8).collect()),
        DataType::Uint8 => Data::U8(words.iter().map(|&word| word as u8).collect()),
        DataType::Bool => Data::Bool(words.iter().map(|&word| word != 0).collect()),
        _ => return Err(Error::input("this element type is not supported")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx;

    fn converted(proto: &TensorProto) -> Result<Tensor> {
        convert(proto, None, &Limits::default())
    }

    #[test]
    fn raw_and_typed_data_agree() {
        let raw = onnx::tensor::f32("x", &[2], &[1.5, -2.0]);
        let typed = TensorProto {
            raw_data: vec![],
            float_data: vec![1.5, -2.0],
            ..raw.clone()
        };
        assert_eq!(converted(&raw).unwrap(), converted(&typed).unwrap());
        let half = TensorProto {
            data_type: DataType::Float16 as i32,
            raw_data: vec![0x00, 0x3e, 0x00, 0xc0],
            ..raw.clone()
        };
        assert_eq!(converted(&raw).unwrap(), converted(&half).unwrap());
    }

    #[test]
    fn lengths_are_checked() {
        let mut proto = onnx::tensor::f32("x", &[2], &[1.5, -2.0]);
        proto.dims = vec![3];
        assert!(converted(&proto).is_err());
        proto.dims = vec![-1];
        assert!(converted(&proto).is_err());
        proto.dims = vec![i64::MAX, i64::MAX];
        assert!(converted(&proto).is_err());
        proto.dims = vec![2];
        proto.raw_data.clear();
        assert!(converted(&proto).is_err());
    }
}

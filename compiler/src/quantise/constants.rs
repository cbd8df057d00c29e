//! Constants that steps read as they read activations: as they are, or quantised.

use super::builder::{Builder, plain as plain_type};
use super::scheme::Weights;
use super::weights::{float_bytes, symmetric};
use crate::error::{Error, Result};
use crate::graph::{Data, Tensor};
use crate::program::TensorId;
use qibu::format::DType;

/// `tensor` in the type that it has in the graph; integers as int32.
pub(super) fn plain(builder: &mut Builder<'_>, name: &str, tensor: &Tensor) -> Result<TensorId> {
    let bytes = match tensor.data() {
        Data::F32(values) => float_bytes(values, Weights::F32).1,
        Data::Bool(values) => values.iter().map(|&value| u8::from(value)).collect(),
        _ => {
            let values = tensor.to_i64().unwrap_or_default();
            let narrow = values.iter().map(|&value| i32::try_from(value).ok());
            let narrow: Option<Vec<i32>> = narrow.collect();
            let beyond =
                || Error::input(format!("constant `{name}` holds integers beyond 32 bits"));
            let narrow = narrow.ok_or_else(beyond)?;
            narrow
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        }
    };
    builder.weights(name, plain_type(tensor.dtype()), tensor.shape(), 1.0, bytes)
}

/// Float constants as integers of `dtype`, one symmetric scale for all.
pub(super) fn integers(
    builder: &mut Builder<'_>,
    name: &str,
    tensor: &Tensor,
    dtype: DType,
) -> Result<TensorId> {
    let values = tensor.as_f32().unwrap_or(&[]);
    let (scale, bytes) = match dtype {
        DType::I16 => {
            let range = crate::calibrate::Range::of(values);
            let scale = range.quantisation(dtype, 0.0).scale;
            let quantised = values
                .iter()
                .map(|&x| qibu::rounding::quantise(x, scale, 0, -32767, 32767) as i16);
            (scale, quantised.flat_map(i16::to_le_bytes).collect())
        }
        _ => symmetric(values),
    };
    builder.weights(name, dtype, tensor.shape(), scale, bytes)
}

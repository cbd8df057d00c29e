//! Declared inputs and outputs: fixed shapes only.

use crate::error::{Error, Result};
use crate::graph::{Dtype, Limits, Value};
use crate::onnx::{DataType, Dimension, TensorTypeProto, ValueInfoProto};

/// The graph's type for one of ONNX's.
pub(super) fn dtype(code: i32) -> Result<Dtype> {
    use DataType::*;
    match DataType::try_from(code) {
        Ok(Float | Float16 | Bfloat16 | Double) => Ok(Dtype::F32),
        Ok(Int64 | Uint64 | Uint32) => Ok(Dtype::I64),
        Ok(Int32 | Int16 | Uint16) => Ok(Dtype::I32),
        Ok(Int8) => Ok(Dtype::I8),
        Ok(Uint8) => Ok(Dtype::U8),
        Ok(Bool) => Ok(Dtype::Bool),
        Ok(other) => Err(Error::input(format!(
            "element type {other:?} is not supported"
        ))),
        Err(_) => Err(Error::input(format!("element type {code} is unknown"))),
    }
}

fn tensor_type(info: &ValueInfoProto) -> Result<&TensorTypeProto> {
    let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    tensor.ok_or_else(|| Error::input(format!("`{}` is not a tensor", info.name)))
}

/// A graph input; an error with the remedy if a dimension is open.
pub(super) fn fixed(info: &ValueInfoProto, limits: &Limits) -> Result<Value> {
    let within = |error: Error| error.within(format!("graph input `{}`", info.name));
    let tensor = tensor_type(info)?;
    let dtype = dtype(tensor.elem_type).map_err(within)?;
    let shape = tensor.shape.as_ref().ok_or_else(|| {
        Error::input(format!("graph input `{}` declares no shape", info.name))
            .hint("declare a fixed shape, e.g. onnx.tools.update_model_dims")
    })?;
    let dims: Result<Vec<usize>> = shape
        .dim
        .iter()
        .enumerate()
        .map(|(axis, dim)| dimension(&info.name, axis, dim.value.as_ref()))
        .collect();
    let shape = dims?;
    limits.check_shape(&shape, dtype).map_err(within)?;
    Ok(Value {
        name: info.name.clone(),
        dtype,
        shape,
    })
}

fn dimension(name: &str, axis: usize, dim: Option<&Dimension>) -> Result<usize> {
    let open = match dim {
        Some(Dimension::Value(value)) if *value > 0 => {
            return usize::try_from(*value).map_err(|_| Error::input("a dimension is too large"));
        }
        Some(Dimension::Value(value)) => format!("is {value}"),
        Some(Dimension::Parameter(parameter)) => format!("is dynamic (`{parameter}`)"),
        None => "has no value".into(),
    };
    let option = match dim {
        Some(Dimension::Parameter(parameter)) if !parameter.is_empty() => {
            format!("--dim_param {parameter} --dim_value 1")
        }
        _ => format!("--input_name {name} --input_shape …"),
    };
    Err(Error::input(format!(
        "dimension {axis} of graph input `{name}` {open}; Qibu compiles fixed shapes"
    ))
    .hint(format!(
        "freeze the dimension, e.g. python -m onnxruntime.tools.make_dynamic_shape_fixed {option} in.onnx out.onnx"
    )))
}

/// Compares what the file claims about an output with what the operators say.
pub(super) fn check_claim(info: &ValueInfoProto, value: &Value) -> Result<()> {
    let Ok(tensor) = tensor_type(info) else {
        return Ok(());
    };
    let differs = |claimed: String| {
        Error::input(format!(
            "output `{}` is declared as {claimed} but computes to {} {:?}",
            info.name,
            value.dtype.name(),
            value.shape
        ))
    };
    if tensor.elem_type != 0 && dtype(tensor.elem_type).ok() != Some(value.dtype) {
        return Err(differs(format!("element type {}", tensor.elem_type)));
    }
    let Some(shape) = &tensor.shape else {
        return Ok(());
    };
    let agrees = |(dim, &length): (&Option<Dimension>, &usize)| match dim {
        Some(Dimension::Value(value)) => usize::try_from(*value) == Ok(length),
        _ => true,
    };
    let dims: Vec<_> = shape.dim.iter().map(|dim| dim.value.clone()).collect();
    if dims.len() == value.shape.len() && dims.iter().zip(&value.shape).all(agrees) {
        return Ok(());
    }
    Err(differs(format!("a tensor of {} axes {dims:?}", dims.len())))
}

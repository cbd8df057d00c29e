//! Short constructors for ONNX messages, for `train` and for tests.

use super::proto::*;

/// A node `op_type(inputs) -> outputs`, named after its first output.
pub fn node(
    op_type: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        op_type: op_type.into(),
        input: inputs.iter().map(|name| (*name).into()).collect(),
        output: outputs.iter().map(|name| (*name).into()).collect(),
        name: outputs.first().copied().unwrap_or_default().into(),
        attribute: attributes,
        ..NodeProto::default()
    }
}

/// Attribute constructors, one per ONNX attribute type in use.
pub mod attribute {
    use super::*;

    /// An integer attribute.
    pub fn int(name: &str, value: i64) -> AttributeProto {
        AttributeProto {
            name: name.into(),
            i: value,
            r#type: AttributeType::Int as i32,
            ..AttributeProto::default()
        }
    }

    /// A float attribute.
    pub fn float(name: &str, value: f32) -> AttributeProto {
        AttributeProto {
            name: name.into(),
            f: value,
            r#type: AttributeType::Float as i32,
            ..AttributeProto::default()
        }
    }

    /// An attribute that lists integers.
    pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
        AttributeProto {
            name: name.into(),
            ints: values.to_vec(),
            r#type: AttributeType::Ints as i32,
            ..AttributeProto::default()
        }
    }

    /// A string attribute.
    pub fn string(name: &str, value: &str) -> AttributeProto {
        AttributeProto {
            name: name.into(),
            s: value.into(),
            r#type: AttributeType::String as i32,
            ..AttributeProto::default()
        }
    }

    /// An attribute that lists texts.
    pub fn strings(name: &str, values: &[&str]) -> AttributeProto {
        AttributeProto {
            name: name.into(),
            strings: values.iter().map(|value| value.as_bytes().into()).collect(),
            r#type: AttributeType::Strings as i32,
            ..AttributeProto::default()
        }
    }

    /// A tensor attribute.
    pub fn tensor(name: &str, value: TensorProto) -> AttributeProto {
        AttributeProto {
            name: name.into(),
            t: Some(value),
            r#type: AttributeType::Tensor as i32,
            ..AttributeProto::default()
        }
    }
}

/// Tensor constructors; values go into `raw_data`, little-endian.
pub mod tensor {
    use super::*;

    fn raw(name: &str, shape: &[usize], data_type: DataType, bytes: Vec<u8>) -> TensorProto {
        TensorProto {
            name: name.into(),
            dims: shape.iter().map(|&dim| dim as i64).collect(),
            data_type: data_type as i32,
            raw_data: bytes,
            ..TensorProto::default()
        }
    }

    /// A float tensor.
    pub fn f32(name: &str, shape: &[usize], values: &[f32]) -> TensorProto {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        raw(name, shape, DataType::Float, bytes.collect())
    }

    /// An int8 tensor.
    pub fn i8(name: &str, shape: &[usize], values: &[i8]) -> TensorProto {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        raw(name, shape, DataType::Int8, bytes.collect())
    }

    /// An int32 tensor.
    pub fn i32(name: &str, shape: &[usize], values: &[i32]) -> TensorProto {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        raw(name, shape, DataType::Int32, bytes.collect())
    }

    /// An int64 tensor.
    pub fn i64(name: &str, shape: &[usize], values: &[i64]) -> TensorProto {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        raw(name, shape, DataType::Int64, bytes.collect())
    }

    /// A tensor of truth values.
    pub fn truth(name: &str, shape: &[usize], values: &[bool]) -> TensorProto {
        let bytes = values.iter().map(|&truth| u8::from(truth));
        raw(name, shape, DataType::Bool, bytes.collect())
    }
}

/// A fixed-shape tensor value, as graph inputs and outputs declare it.
pub fn value_info(name: &str, data_type: DataType, shape: &[usize]) -> ValueInfoProto {
    let dim = shape.iter().map(|&dim| DimensionProto {
        value: Some(Dimension::Value(dim as i64)),
    });
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: data_type as i32,
                shape: Some(TensorShapeProto { dim: dim.collect() }),
            }),
        }),
        ..ValueInfoProto::default()
    }
}

//! The ONNX file format: protobuf messages, and small helpers to build and read them.
//!
//! Field numbers follow `onnx.proto` (ONNX IR version 3 to 11); only the messages that a
//! fixed-shape inference graph can hold are declared, unknown fields are skipped by `prost`.

mod build;
mod proto;

pub use build::{attribute, node, tensor, value_info};
pub use proto::*;

/// IR version that [`build`] writes: the newest that every ONNX Runtime since 1.14 reads.
pub const IR_VERSION: i64 = 8;
/// Operator set that the graphs of `train` use.
pub const OPSET: i64 = 18;

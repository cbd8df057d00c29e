//! Qibu's compiler: trains small models or imports ONNX models and turns them, in seven paces,
//! into one flat int8 file for the `qibu` runtime.

pub mod atomic;
pub mod cli;
pub mod engine;
pub mod error;
pub mod eval;
pub mod onnx;
pub mod poem;
pub mod train;

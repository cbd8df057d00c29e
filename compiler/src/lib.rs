//! Qibu's compiler: trains small models or imports ONNX models and turns them, in seven paces,
//! into one flat int8 file for the `qibu` runtime.

pub mod atomic;
pub mod error;
pub mod graph;
pub mod import;
pub mod onnx;
pub mod report;
pub mod simplify;

#[cfg(test)]
mod testing;

//! Qibu's compiler: trains small models or imports ONNX models and turns them, in seven paces,
//! into one flat int8 file for the `qibu` runtime.
//!
//! The paces are seven modules, called one a line from [`compile::compile`]:
//! [`import`] → [`simplify`] → [`calibrate`] → [`quantise`] → [`plan`] → [`write`](mod@write) →
//! [`verify`]. Each takes what the one before returns, so that none can be skipped. [`graph`] is
//! what the first three work on, [`program`] what the last four do. [`train`] makes models through
//! ONNX Runtime, which only [`engine`] knows. [`prosody`] says which characters rhyme, for models
//! and for [`eval`], which measures them. [`poem`] and [`tag`] run models on the host, [`mod@bench`] times them. [`cli`] is the command line.

pub mod aligned;
pub mod atomic;
pub mod bench;
pub mod calibrate;
pub mod cli;
pub mod compile;
pub mod engine;
pub mod error;
pub mod eval;
pub mod footprint;
pub mod graph;
pub mod import;
pub mod input_file;
pub mod model_file;
pub mod onnx;
pub mod plan;
pub mod poem;
pub mod program;
pub mod prosody;
pub mod quantise;
pub mod report;
pub mod search;
pub mod simplify;
pub mod tag;
pub mod target;
pub mod train;
pub mod verify;
pub mod write;

#[cfg(test)]
mod testing;

/// SHA-256 of `bytes` in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

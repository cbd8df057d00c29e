//! What makes models train fast: activations as time-major matrices, weights packed for them.
//!
//! Same parameters, same values, another layout: activations are matrices `[T·B, C]`, position by
//! position. A shift along time is then a run of rows, a convolution is one matrix product of
//! shifted copies, and every gradient is a matrix product too. Each model has a test that holds
//! its plain and its fast form within 1e-5.

pub mod gated;
pub mod packing;
pub mod valid;
pub mod vocabulary;

//! ONNX Runtime, loaded at run time: the witness that checks the compiler, and the engine of
//! `train`. This folder is the only place that names `ort`.
//!
//! Nothing is linked: a build needs no library, and a machine without one gets an error that says
//! what to install. One process holds one ONNX Runtime environment, created on first use.

mod bound;
mod library;
mod session;
mod stepper;

pub use bound::Bound;
pub use library::{available, require, version};
pub use session::Session;
pub use stepper::{Slot, Stepper};

use crate::error::{Error, Result};
use std::str::FromStr;

/// Where a session runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The first CUDA device; nothing falls back to the processor.
    Cuda,
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            other => Err(Error::usage(format!(
                "unknown device {other:?}; known: cpu, cuda"
            ))),
        }
    }
}

/// How a session runs; the defaults suit a witness.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where it runs.
    pub device: Device,
    /// Threads inside an operator; 0 lets ONNX Runtime choose.
    pub threads: usize,
    /// Graph optimisations (fusions, folding). Off, each node computes what its definition says.
    pub optimise: bool,
    /// Asks ONNX Runtime for kernels that give the same bits on every run.
    pub deterministic: bool,
    /// Lets idle threads spin: faster on quiet cores, slower on busy ones.
    pub spin: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            device: Device::Cpu,
            threads: 1,
            optimise: false,
            deterministic: true,
            spin: false,
        }
    }
}

/// A dense tensor on the host, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its elements.
    pub data: Data,
}

/// The elements of a [`Tensor`].
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats: gradients are checked in them.
    F64(Vec<f64>),
    /// 64-bit integers: ids and indices.
    I64(Vec<i64>),
    /// 32-bit integers: what files keep in half the space.
    I32(Vec<i32>),
    /// Truth values.
    Bool(Vec<bool>),
}

impl Tensor {
    /// A float tensor; `data` holds the product of `shape`.
    pub fn f32(shape: &[usize], data: Vec<f32>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "{shape:?}");
        Self {
            shape: shape.to_vec(),
            data: Data::F32(data),
        }
    }

    /// A double tensor; `data` holds the product of `shape`.
    pub fn f64(shape: &[usize], data: Vec<f64>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "{shape:?}");
        Self {
            shape: shape.to_vec(),
            data: Data::F64(data),
        }
    }

    /// An integer tensor; `data` holds the product of `shape`.
    pub fn i64(shape: &[usize], data: Vec<i64>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "{shape:?}");
        Self {
            shape: shape.to_vec(),
            data: Data::I64(data),
        }
    }

    /// The floats; an error names `what` if the tensor holds something else.
    pub fn as_f32(&self, what: &str) -> Result<&[f32]> {
        match &self.data {
            Data::F32(data) => Ok(data),
            _ => Err(Error::input(format!("{what} is not a float tensor"))),
        }
    }

    /// The integers; an error names `what` if the tensor holds something else.
    pub fn as_i64(&self, what: &str) -> Result<&[i64]> {
        match &self.data {
            Data::I64(data) => Ok(data),
            _ => Err(Error::input(format!("{what} is not an int64 tensor"))),
        }
    }
}

/// What ONNX Runtime says, as an error of ours.
fn failed(doing: &str, error: impl std::fmt::Display) -> Error {
    Error::environment(format!("ONNX Runtime cannot {doing}: {error}"))
}

//! tract with its optimised plan and a state that is kept between runs.

use super::case::{Feed, Values};
use super::race::{Entry, cpu_seconds};
use qibu_compiler::error::{Error, Result};
use std::path::Path;
use tract_onnx::prelude::*;

/// A plan with its inputs.
pub struct Tract {
    state: TypedSimpleState,
    inputs: TVec<TValue>,
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::environment(format!("tract: {error}"))
}

/// Loads an ONNX file.
///
/// # Errors
/// tract refuses it.
pub fn load(path: &Path, feeds: &[Feed]) -> Result<Tract> {
    let model = tract_onnx::onnx().model_for_path(path).map_err(refused)?;
    let model = model.into_optimized().map_err(refused)?;
    let plan = model.into_runnable().map_err(refused)?;
    let input = |feed: &Feed| {
        let tensor = match &feed.values {
            Values::F32(values) => Tensor::from_shape(&feed.shape, values),
            Values::I32(values) => Tensor::from_shape(&feed.shape, values),
        };
        tensor.map(|tensor| tensor.into_tvalue()).map_err(refused)
    };
    let inputs = feeds.iter().map(input).collect::<Result<_>>()?;
    let state = plan.spawn().map_err(refused)?;
    let mut tract = Tract { state, inputs };
    tract.once()?;
    Ok(tract)
}

impl Tract {
    fn once(&mut self) -> Result<()> {
        let done = self.state.run(self.inputs.clone());
        done.map(drop).map_err(refused)
    }
}

impl Entry for Tract {
    fn turn(&mut self, runs: u64) -> Result<f64> {
        let start = cpu_seconds();
        for _ in 0..runs {
            self.once()?;
        }
        Ok(cpu_seconds() - start)
    }
}

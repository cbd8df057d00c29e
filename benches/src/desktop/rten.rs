//! rten with its own thread pool of one thread.

use super::case::{Feed, Values};
use super::race::{Entry, cpu_seconds};
use qibu_compiler::error::{Error, Result};
use rten::{Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::Tensor;
use std::path::Path;
use std::sync::Arc;

/// A model with its inputs.
pub struct Rten {
    model: Model,
    inputs: Vec<(NodeId, Value)>,
    options: RunOptions,
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::environment(format!("rten: {error}"))
}

/// Loads an ONNX file.
///
/// # Errors
/// rten refuses it.
pub fn load(path: &Path, feeds: &[Feed]) -> Result<Rten> {
    let mut options = rten::ModelOptions::with_all_ops();
    options.prepack_weights(true);
    let model = options.load_file(path).map_err(refused)?;
    let input = |feed: &Feed| {
        let shape = &feed.shape[..];
        let value: Value = match &feed.values {
            Values::F32(values) => Tensor::from_data(shape, values.clone()).into(),
            Values::I32(values) => Tensor::from_data(shape, values.clone()).into(),
        };
        Ok((model.node_id(&feed.name).map_err(refused)?, value))
    };
    let inputs = feeds.iter().map(input).collect::<Result<_>>()?;
    let pool = ThreadPool::with_num_threads(1);
    let options = RunOptions::default().with_thread_pool(Some(Arc::new(pool)));
    let rten = Rten {
        model,
        inputs,
        options,
    };
    rten.once()?;
    Ok(rten)
}

impl Rten {
    fn once(&self) -> Result<()> {
        let inputs: Vec<(NodeId, ValueOrView)> = self
            .inputs
            .iter()
            .map(|(id, value)| (*id, value.as_view().into()))
            .collect();
        let done = self
            .model
            .run(inputs, self.model.output_ids(), Some(self.options.clone()));
        done.map(drop).map_err(refused)
    }
}

impl Entry for Rten {
    fn turn(&mut self, runs: u64) -> Result<f64> {
        let start = cpu_seconds();
        for _ in 0..runs {
            self.once()?;
        }
        Ok(cpu_seconds() - start)
    }
}

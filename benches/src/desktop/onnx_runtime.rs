//! ONNX Runtime through IoBinding.

use super::case::{Feed, Values};
use super::race::{Entry, cpu_seconds};
use qibu_compiler::engine::{Bound, Options, Session, Tensor};
use qibu_compiler::error::Result;
use std::path::Path;

/// `model` with all optimisations, on `feeds`.
///
/// # Errors
/// There is no ONNX Runtime, or it refuses the model.
pub fn load(model: &Path, feeds: &[Feed]) -> Result<Bound> {
    let options = Options {
        optimise: true,
        deterministic: false,
        ..Options::default()
    };
    let inputs: Vec<(&str, Tensor)> = feeds
        .iter()
        .map(|feed| (feed.name.as_str(), tensor(feed)))
        .collect();
    Bound::new(Session::open(model, &options)?, &inputs)
}

fn tensor(feed: &Feed) -> Tensor {
    match &feed.values {
        Values::F32(values) => Tensor::f32(&feed.shape, values.clone()),
        Values::I32(values) => {
            let wide = values.iter().map(|&value| value.into()).collect();
            Tensor::i64(&feed.shape, wide)
        }
    }
}

impl Entry for Bound {
    fn turn(&mut self, runs: u64) -> Result<f64> {
        let start = cpu_seconds();
        for _ in 0..runs {
            self.run()?;
        }
        Ok(cpu_seconds() - start)
    }
}

//! The independent witness: ONNX Runtime, graph optimisations off, on the ONNX file itself.
//!
//! What it cannot do is its opinion and no fault of ours: an [`Opinion`] carries it as text, apart
//! from errors of our own path.

use crate::calibrate::Input;
use crate::engine::{self, Data, Options, Session, Tensor};
use crate::error::Result;
use crate::graph::{Graph, ValueId};
use std::collections::BTreeMap;
use std::path::Path;

/// What ONNX Runtime gave us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion<T> {
    /// Its answer.
    Given(T),
    /// It is not installed; why, and what to install.
    Missing(String),
    /// It is there but refuses the model; in its own words.
    Refused(String),
}

/// The model, loaded into ONNX Runtime.
pub(super) struct Truth {
    session: Session,
}

impl Truth {
    /// Loads the ONNX file `source`.
    pub fn open(source: &Path) -> Opinion<Self> {
        if let Err(error) = engine::available() {
            return Opinion::Missing(error.to_string());
        }
        match Session::open(source, &Options::default()) {
            Ok(session) => Opinion::Given(Self { session }),
            Err(error) => Opinion::Refused(error.to_string()),
        }
    }

    /// Every output by name; inputs that are not `given` belong to other functions and are zeros.
    ///
    /// # Errors
    /// ONNX Runtime's own.
    pub fn ask(
        &mut self,
        graph: &Graph,
        given: &[ValueId],
        inputs: &[Input],
    ) -> Result<BTreeMap<String, Input>> {
        let arguments = self.session.arguments();
        let mut feeds = Vec::new();
        for (name, float, shape) in &arguments {
            let position = given.iter().position(|&id| graph.value(id).name == *name);
            let input = position.and_then(|position| inputs.get(position));
            feeds.push((name.as_str(), tensor(*float, shape, input)));
        }
        let outputs = self.session.run(&feeds)?;
        Ok(outputs
            .into_iter()
            .map(|(name, tensor)| (name, plain(tensor)))
            .collect())
    }
}

/// An input for ONNX Runtime; the session narrows integers to the type that the model declares.
fn tensor(float: bool, shape: &[usize], input: Option<&Input>) -> Tensor {
    let length = shape.iter().product();
    match input {
        Some(Input::F32(values)) if values.len() == length => Tensor::f32(shape, values.clone()),
        Some(Input::I32(ids)) if ids.len() == length => {
            Tensor::i64(shape, ids.iter().map(|&id| id.into()).collect())
        }
        Some(Input::Bool(truths)) if truths.len() == length => {
            Tensor::i64(shape, truths.iter().map(|&truth| truth.into()).collect())
        }
        _ if float => Tensor::f32(shape, vec![0.0; length]),
        _ => Tensor::i64(shape, vec![0; length]),
    }
}

/// An output as the runtime would give it: double as float, 64-bit integers as 32-bit ones.
fn plain(tensor: Tensor) -> Input {
    match tensor.data {
        Data::F32(values) => Input::F32(values),
        Data::F64(values) => Input::F32(values.into_iter().map(|value| value as f32).collect()),
        Data::I32(values) => Input::I32(values),
        Data::I64(values) => {
            let narrow = |id: i64| id.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
            Input::I32(values.into_iter().map(narrow).collect())
        }
        Data::Bool(truths) => Input::Bool(truths),
    }
}

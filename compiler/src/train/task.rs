//! What the training loop asks of a kind of model: the loop knows nothing else of it.

use super::graph::{Graph, V};
use super::weights::{Handles, Weights};
use crate::engine::Tensor;
use crate::error::Result;

/// Where a run is: step `step` (from 0) is number `position` of epoch `epoch` (from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Steps done.
    pub step: usize,
    /// Steps of the whole run.
    pub total: usize,
    /// Epochs done.
    pub epoch: usize,
    /// Steps of this epoch done.
    pub position: usize,
}

/// What a step minimises and reports.
pub struct Objective {
    /// The scalar that is minimised.
    pub total: V,
    /// Scalars that are reported, the objective first.
    pub figures: Vec<V>,
}

/// What a validation found.
pub struct Measured {
    /// What the progress line says of it.
    pub text: String,
    /// What `metrics.json` says of it.
    pub entry: serde_json::Value,
    /// What is best where it is highest; `None` where the last weights are as good as any.
    pub score: Option<f64>,
}

/// A kind of model that can be trained.
///
/// Everything is a function of the recipe, the data and the step's place, so that a run that was
/// stopped anywhere goes on to the same weights.
pub trait Task {
    /// The first weights.
    fn start(&self) -> Weights;

    /// Number of figures that a step reports.
    fn figures(&self) -> usize;

    /// Appends forward pass and loss, with its own inputs, which [`Task::feeds`] feeds.
    fn objective(&self, graph: &mut Graph, weights: &Handles) -> Objective;

    /// Steps of each epoch.
    fn epochs(&self) -> Vec<usize>;

    /// The inputs of one step.
    fn feeds(&mut self, place: Place) -> Vec<(String, Tensor)>;

    /// The learning rate of one step.
    fn learning_rate(&self, place: Place) -> f64;

    /// Decoupled weight decay of the parameter called `name`, as a share of the learning rate.
    fn decay(&self, name: &str) -> f32 {
        let _ = name;
        0.0
    }

    /// Decay of the weights' running average at one step; `None` where there is none.
    fn average(&self) -> Option<f32> {
        None
    }

    /// Epochs without a better score after which training ends; 0 means never.
    fn patience(&self) -> usize {
        0
    }

    /// Figures as a user reads them while training.
    fn describe(&self, figures: &[f32]) -> String;

    /// After `epochs` epochs, may decide something by `weights` that later steps depend on. What it
    /// is goes into the checkpoint's entries, as key and text; scores of earlier epochs are void.
    fn turn(&mut self, epochs: usize, weights: &Weights) -> Result<Option<(String, String)>> {
        let _ = (epochs, weights);
        Ok(None)
    }

    /// Measures `weights` on the validation data, if there is any.
    fn measure(&mut self, weights: &Weights) -> Result<Option<Measured>>;
}

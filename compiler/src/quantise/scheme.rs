//! Number formats of weights and activations.

use crate::error::{Error, Result};
use crate::graph::{Node, ValueId};
use std::collections::BTreeMap;

/// Element type of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Weights {
    /// 8-bit integers, one scale per output channel.
    Int8,
    /// 4-bit integers, two a byte, one scale per output channel or table, where an operator has them;
    /// int8 elsewhere.
    Int4,
    /// IEEE half precision; activations are f32.
    F16,
    /// Single precision; activations are f32.
    F32,
}

/// Element type of activations where weights are integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Activations {
    /// 8-bit integers with scale and zero point.
    Int8,
    /// 16-bit integers with scale, wherever the 32-bit accumulator allows it; int8 elsewhere.
    Int16,
}

/// Number formats of a file or of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scheme {
    /// Element type of weights.
    pub weights: Weights,
    /// Element type of activations where weights are integers.
    pub activations: Activations,
}

impl Scheme {
    /// Everything in f32.
    pub const FLOAT: Self = Self {
        weights: Weights::F32,
        activations: Activations::Int8,
    };

    /// Whether activations are f32.
    pub fn is_float(self) -> bool {
        matches!(self.weights, Weights::F16 | Weights::F32)
    }
}

/// Number formats of a file, layer by layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats {
    /// Of every layer that is not listed.
    pub default: Scheme,
    /// Of single layers, by the value that they compute.
    pub layers: BTreeMap<ValueId, Scheme>,
}

impl Formats {
    /// Formats of `node`.
    pub fn of(&self, node: &Node) -> Scheme {
        let own = node.outputs.first().and_then(|id| self.layers.get(id));
        own.copied().unwrap_or(self.default)
    }
}

impl From<Scheme> for Formats {
    fn from(default: Scheme) -> Self {
        Self {
            default,
            layers: BTreeMap::new(),
        }
    }
}

impl Activations {
    /// What a model's metadata (`qibu.activations`) asks for.
    ///
    /// # Errors
    /// Another word than `int8` or `int16`.
    pub fn from_metadata(word: Option<&str>) -> Result<Self> {
        match word {
            None | Some("int8") => Ok(Self::Int8),
            Some("int16") => Ok(Self::Int16),
            Some(other) => Err(Error::input(format!(
                "metadata `qibu.activations` is `{other}`, expected int8 or int16"
            ))
            .hint("pass --activations to override it")),
        }
    }
}

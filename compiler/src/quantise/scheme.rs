//! Number formats of weights and activations.

use crate::error::{Error, Result};

/// Element type of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Weights {
    /// 8-bit integers, one scale per output channel.
    Int8,
    /// IEEE half precision; activations are f32.
    F16,
    /// Single precision; activations are f32.
    F32,
}

/// Element type of activations where weights are int8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Activations {
    /// 8-bit integers with scale and zero point.
    Int8,
    /// 16-bit integers with scale, wherever the 32-bit accumulator allows it; int8 elsewhere.
    Int16,
}

/// Number formats of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Element type of weights.
    pub weights: Weights,
    /// Element type of activations where weights are int8.
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
        self.weights != Weights::Int8
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

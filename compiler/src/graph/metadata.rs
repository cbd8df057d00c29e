//! What a model says about itself; travels through the paces untouched.

use super::Tensor;
use crate::quantise::Weights;
use std::collections::BTreeMap;

/// Descriptive properties, from ONNX `metadata_props` (`qibu.*`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Graph name or producer's title.
    pub name: String,
    /// Characters by id (`qibu.vocab`); empty where the model carries none.
    pub vocab: Vec<char>,
    /// What the model does (`qibu.task`), for instance `poem`.
    pub task: Option<String>,
    /// Form of what it writes (`qibu.form`): characters of a line.
    pub form: Option<String>,
    /// Licence (`qibu.licence`).
    pub licence: Option<String>,
    /// Author (`qibu.author`).
    pub author: Option<String>,
    /// How activations are stored where the model asks for it (`qibu.activations`).
    pub activations: Option<String>,
    /// Number formats of a file whose layers differ in them; pace 4 writes it.
    pub formats: Option<String>,
    /// Names of the tags, in order (`qibu.labels`).
    pub labels: Vec<String>,
    /// Pairs of characters that the model knows (`qibu.pairs`), ascending.
    pub pairs: Vec<[char; 2]>,
    /// Scores of tags beside each other (`qibu.crf`).
    pub crf: Option<Transitions>,
    /// How single initialisers are stored (`qibu.weights`), by name.
    pub weights: BTreeMap<String, Weights>,
    /// Constants that the file keeps as they are (`qibu.tables`), by name.
    pub tables: BTreeMap<String, Tensor>,
    /// Names of the rows of the table `themes`, in order (`qibu.themes`).
    pub themes: Vec<String>,
    /// Default sampling temperature (`qibu.temperature`).
    pub temperature: Option<f32>,
    /// Every other property whose key starts with `qibu.`, for later paces.
    pub other: BTreeMap<String, String>,
    /// SHA-256 of the ONNX file.
    pub source_sha256: [u8; 32],
}

/// The scores of a conditional random field that do not depend on the text, in nats; −∞ is
/// forbidden.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transitions {
    /// Of the first tag.
    pub start: Vec<f32>,
    /// Of each tag, those of the tag behind it.
    pub between: Vec<Vec<f32>>,
    /// Of the last tag.
    pub end: Vec<f32>,
}

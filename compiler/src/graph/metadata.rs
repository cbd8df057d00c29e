//! What a model says about itself; travels through the paces untouched.

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
    /// Form of what it writes (`qibu.form`), for instance `5+5`.
    pub form: Option<String>,
    /// Licence (`qibu.licence`).
    pub licence: Option<String>,
    /// Author (`qibu.author`).
    pub author: Option<String>,
    /// How activations are stored where the model asks for it (`qibu.activations`).
    pub activations: Option<String>,
    /// Number formats of a file whose layers differ in them; pace 4 writes it.
    pub formats: Option<String>,
    /// Default sampling temperature (`qibu.temperature`).
    pub temperature: Option<f32>,
    /// Every other property whose key starts with `qibu.`, for later paces.
    pub other: BTreeMap<String, String>,
    /// SHA-256 of the ONNX file.
    pub source_sha256: [u8; 32],
}

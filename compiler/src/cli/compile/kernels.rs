//! The list of kernels that a firmware links.

use crate::aligned::AlignedBytes;
use crate::error::{Error, Result};
use qibu::{Model, kernels};

/// How the list starts.
pub const HEAD: &str = "// Kernels";

/// An expression of Rust: the kernels that the model in `file` needs.
pub fn listed(file: &[u8]) -> Result<String> {
    let file = AlignedBytes::from(file);
    let model = Model::load_within(&file, crate::calibrate::LIMITS)
        .map_err(|error| Error::input(error.to_string()))?;
    let mut text = format!(
        "{HEAD} of the model beside which this file lies: `Model::load_with(MODEL, include!(…))`.\n&[\n"
    );
    for name in kernels::used(&model) {
        text += &format!("    &qibu::kernels::{name},\n");
    }
    Ok(text + "]\n")
}

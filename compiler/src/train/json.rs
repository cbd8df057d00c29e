//! What recipes have in common: JSON objects, read, written, and changed field by field.

use crate::error::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

/// Everything that shapes a model and its training, as one JSON object.
pub trait Fields: Serialize + DeserializeOwned {
    /// The preset called `name`.
    fn preset(name: &str) -> Result<Self>;

    /// The fields that every training has.
    fn common(&mut self) -> Common<'_>;

    /// A recipe from JSON; fields left out are those of the seed's model.
    fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| Error::input(format!("recipe: {error}")))
    }

    /// The recipe as JSON.
    fn to_json(&self) -> String {
        text(self)
    }

    /// Sets one field from `key=value`, the value as in JSON or bare text.
    fn set(&mut self, assignment: &str) -> Result<()> {
        let Some((key, text)) = assignment.split_once('=') else {
            return Err(Error::usage(format!(
                "--set {assignment}: expected key=value"
            )));
        };
        let mut fields = serde_json::to_value(&*self).expect("a recipe is plain data");
        let fields_of = fields.as_object_mut().expect("a recipe is an object");
        let Some(field) = fields_of.get_mut(key) else {
            let known: Vec<&str> = fields_of.keys().map(String::as_str).collect();
            return Err(Error::usage(format!("--set: no recipe field {key:?}"))
                .hint(format!("known: {}", known.join(", "))));
        };
        *field = match (field.is_string(), serde_json::from_str(text)) {
            (false, Ok(value)) => value,
            _ => serde_json::Value::String(text.into()),
        };
        *self = serde_json::from_value(fields)
            .map_err(|error| Error::usage(format!("--set {assignment}: {error}")))?;
        Ok(())
    }
}

/// `recipe` as an indented JSON object.
pub fn text(recipe: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(recipe).expect("a recipe is plain data");
    text.push('\n');
    text
}

/// The fields that every training has.
pub struct Common<'r> {
    /// Passes over the corpus.
    pub epochs: &'r mut usize,
    /// Rows per step.
    pub batch: &'r mut usize,
    /// Seed of weights, order and noise.
    pub seed: &'r mut u64,
}

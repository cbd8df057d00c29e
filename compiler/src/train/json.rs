//! Recipes as JSON objects: read, written, and changed field by field.

use crate::error::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

/// A recipe from JSON.
pub fn parse<R: DeserializeOwned>(text: &str) -> Result<R> {
    serde_json::from_str(text).map_err(|error| Error::input(format!("recipe: {error}")))
}

/// A recipe as JSON.
pub fn text(recipe: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(recipe).expect("a recipe is plain data");
    text.push('\n');
    text
}

/// Sets one field from `key=value`, the value as in JSON or bare text.
pub fn set<R: Serialize + DeserializeOwned>(recipe: &mut R, assignment: &str) -> Result<()> {
    let Some((key, text)) = assignment.split_once('=') else {
        return Err(Error::usage(format!(
            "--set {assignment}: expected key=value"
        )));
    };
    let mut fields = serde_json::to_value(&*recipe).expect("a recipe is plain data");
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
    *recipe = serde_json::from_value(fields)
        .map_err(|error| Error::usage(format!("--set {assignment}: {error}")))?;
    Ok(())
}

//! Formats as text: a file whose layers differ records them, so that `verify` can tell its layers
//! apart. `int8/int16 {"12":"f16/f32"}`: the default, then a JSON object by layer, each by the number
//! of its first result in the simplified graph: short, and the same wherever the model is compiled.

use super::scheme::{Activations, Formats, Scheme, Weights};
use crate::graph::ValueId;
use clap::ValueEnum;
use std::collections::BTreeMap;

impl Formats {
    /// One line of text.
    pub fn to_text(&self) -> String {
        let layers = self.layers.iter();
        let layers: serde_json::Map<_, _> = layers
            .map(|(value, scheme)| (value.0.to_string(), scheme.to_text().into()))
            .collect();
        match layers.is_empty() {
            true => self.default.to_text(),
            false => format!(
                "{} {}",
                self.default.to_text(),
                serde_json::Value::from(layers)
            ),
        }
    }

    /// Undoes [`Formats::to_text`]; `None` for other text.
    pub fn from_text(text: &str) -> Option<Self> {
        let (default, layers) = text.split_once(' ').unwrap_or((text, "{}"));
        let layers: BTreeMap<String, String> = serde_json::from_str(layers).ok()?;
        let layers = layers.into_iter().map(|(value, scheme)| {
            Some((ValueId(value.parse().ok()?), Scheme::from_text(&scheme)?))
        });
        Some(Self {
            default: Scheme::from_text(default)?,
            layers: layers.collect::<Option<_>>()?,
        })
    }
}

impl Scheme {
    /// Weights and activations, by the words of the command line.
    pub fn to_text(self) -> String {
        let activations = match self.is_float() {
            true => "f32".to_owned(),
            false => word(self.activations),
        };
        format!("{}/{activations}", word(self.weights))
    }

    fn from_text(text: &str) -> Option<Self> {
        let (weights, activations) = text.split_once('/')?;
        let weights = Weights::from_str(weights, false).ok()?;
        let scheme = Self {
            weights,
            activations: Activations::Int8,
        };
        match (scheme.is_float(), activations) {
            (true, "f32") => Some(scheme),
            (true, _) => None,
            (false, _) => Some(Self {
                activations: Activations::from_str(activations, false).ok()?,
                ..scheme
            }),
        }
    }
}

fn word(value: impl ValueEnum) -> String {
    let known = value.to_possible_value();
    known.map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back() {
        let integer = Scheme {
            weights: Weights::Int4,
            activations: Activations::Int16,
        };
        let mut formats = Formats::from(integer);
        assert_eq!(formats.to_text(), "int4/int16");
        formats.layers.insert(ValueId(12), Scheme::FLOAT);
        let text = formats.to_text();
        assert_eq!(text, r#"int4/int16 {"12":"f32/f32"}"#);
        assert_eq!(Formats::from_text(&text), Some(formats));
        for text in [
            "",
            "int8",
            "int8/f32",
            "f32/int8",
            "int8/int8 {",
            "int8/int8 {\"a\":\"b\"}",
        ] {
            assert_eq!(Formats::from_text(text), None, "{text}");
        }
    }
}

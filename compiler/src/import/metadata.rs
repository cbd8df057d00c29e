//! `metadata_props`: what the model says about itself.

use super::{tables, tagging};
use crate::error::{Error, Result};
use crate::graph::Metadata;
use crate::onnx::ModelProto;
use crate::quantise::Weights;
use clap::ValueEnum;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Key that lists the functions; read by its own file.
pub(super) const FUNCTIONS: &str = "qibu.functions";
/// Key that lists the named tables; read by its own file.
pub(super) const TABLES: &str = "qibu.tables";

/// Reads the `qibu.*` properties; `bytes` is the whole file.
pub(super) fn read(model: &ModelProto, bytes: &[u8]) -> Result<Metadata> {
    let mut metadata = Metadata {
        name: model.graph.as_ref().map_or("", |graph| &graph.name).into(),
        source_sha256: Sha256::digest(bytes).into(),
        ..Metadata::default()
    };
    let mut seen = BTreeSet::new();
    for entry in &model.metadata_props {
        if !entry.key.starts_with("qibu.") {
            continue;
        }
        if !seen.insert(&entry.key) {
            return Err(Error::input(format!(
                "property `{}` is given twice",
                entry.key
            )));
        }
        let text = || Some(entry.value.clone());
        match entry.key.as_str() {
            "qibu.vocab" => metadata.vocab = vocabulary(&entry.value)?,
            "qibu.task" => metadata.task = text(),
            "qibu.form" => metadata.form = text(),
            "qibu.licence" => metadata.licence = text(),
            "qibu.author" => metadata.author = text(),
            "qibu.activations" => metadata.activations = text(),
            "qibu.labels" => metadata.labels = tagging::labels(&entry.value)?,
            "qibu.pairs" => metadata.pairs = tagging::pairs(&entry.value)?,
            "qibu.crf" => metadata.crf = Some(tagging::transitions(&entry.value)?),
            "qibu.weights" => metadata.weights = weights(&entry.value, model)?,
            "qibu.temperature" => metadata.temperature = Some(temperature(&entry.value)?),
            "qibu.themes" => metadata.themes = tables::themes(&entry.value)?,
            FUNCTIONS | TABLES => {}
            key => {
                metadata.other.insert(key.into(), entry.value.clone());
            }
        }
    }
    Ok(metadata)
}

/// One Unicode scalar per id, none twice: text must map to ids in one way.
fn vocabulary(text: &str) -> Result<Vec<char>> {
    let mut seen = BTreeSet::new();
    let characters: Vec<char> = text.chars().collect();
    for (id, &character) in characters.iter().enumerate() {
        if !seen.insert(character) {
            return Err(Error::input(format!(
                "qibu.vocab: `{character}` is listed twice, again at id {id}"
            )));
        }
    }
    Ok(characters)
}

/// `{"INITIALIZER": "int4", …}`: how single initialisers are stored.
fn weights(text: &str, model: &ModelProto) -> Result<BTreeMap<String, Weights>> {
    const EXAMPLE: &str = "a JSON object of initialiser names and int4, int8, f16 or f32, such as \
        {\"pair_table\": \"int4\"}";
    let fault = |why: String| Error::input(format!("qibu.weights: {why}"));
    let words: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|error| fault(error.to_string()).hint(EXAMPLE))?;
    let graph = model.graph.as_ref();
    let known: BTreeSet<&str> = graph
        .iter()
        .flat_map(|graph| &graph.initializer)
        .map(|tensor| tensor.name.as_str())
        .collect();
    let mut weights = BTreeMap::new();
    for (name, word) in words {
        if !known.contains(name.as_str()) {
            return Err(
                fault(format!("the model has no initialiser `{name}`")).hint(format!(
                    "it has: {}",
                    known.into_iter().take(20).collect::<Vec<_>>().join(", ")
                )),
            );
        }
        let format = Weights::from_str(&word, false);
        let format = format.map_err(|_| {
            fault(format!("`{name}` asks for the unknown format `{word}`")).hint(EXAMPLE)
        })?;
        weights.insert(name, format);
    }
    Ok(weights)
}

fn temperature(text: &str) -> Result<f32> {
    match text.trim().parse::<f32>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err(Error::input(format!(
            "qibu.temperature `{text}` is no positive number"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::StringStringEntryProto;

    fn with(key: &str, value: &str) -> Result<Metadata> {
        let model = ModelProto {
            metadata_props: vec![StringStringEntryProto {
                key: key.into(),
                value: value.into(),
            }],
            ..ModelProto::default()
        };
        read(&model, b"abc")
    }

    #[test]
    fn properties_are_typed() {
        assert_eq!(
            with("qibu.vocab", "山水𠮷").unwrap().vocab,
            ['山', '水', '𠮷']
        );
        assert!(with("qibu.vocab", "山水山").is_err());
        assert_eq!(
            with("qibu.temperature", "0.8").unwrap().temperature,
            Some(0.8)
        );
        assert!(with("qibu.temperature", "hot").is_err());
        assert_eq!(with("qibu.labels", "B I").unwrap().labels, ["B", "I"]);
        let refusal = |text| with("qibu.weights", text).unwrap_err().to_string();
        assert!(refusal("[]").contains("JSON object"));
        assert!(refusal(r#"{"w": "int4"}"#).contains("no initialiser `w`"));
        assert_eq!(with("qibu.tone", "x").unwrap().other["qibu.tone"], "x");
        assert_eq!(with("other", "x").unwrap().source_sha256[..2], [0xba, 0x78]);
    }
}

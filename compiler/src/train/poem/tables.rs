//! What a poem model carries beside its network: `qibu.tables` of the ONNX file.

use super::pairs::Pairs;
use super::themes::Themes;
use crate::onnx::{ModelProto, tensor};

/// Constants that no node reads; the compiled file has them under their names.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Neighbours in the corpus' lines.
    pub pairs: Option<Pairs>,
    /// What is added to each character's score where a poem is composed; [`super::novelty`].
    pub novelty: Option<Vec<f32>>,
    /// Directions in the latent space.
    pub themes: Option<Themes>,
}

impl Tables {
    /// Adds the tables and the properties that name them.
    pub fn add_to(&self, model: &mut ModelProto) {
        let mut names = serde_json::Map::new();
        let mut tensors = Vec::new();
        if let Some(Pairs { table, .. }) = &self.pairs {
            let bytes: Vec<i8> = table.iter().map(|&byte| byte as i8).collect();
            tensors.push(tensor::i8("pairs", &[bytes.len()], &bytes));
        }
        if let Some(novelty) = &self.novelty {
            tensors.push(tensor::f32("novelty", &[novelty.len()], novelty));
        }
        let mut properties = Vec::new();
        if let Some(Themes { names, directions }) = &self.themes {
            let shape = [names.len(), directions.len() / names.len().max(1)];
            tensors.push(tensor::f32("themes", &shape, directions));
            properties.push(("qibu.themes", names.join(" ")));
        }
        for tensor in &tensors {
            names.insert(tensor.name.clone(), tensor.name.clone().into());
        }
        if !names.is_empty() {
            let names = serde_json::Value::Object(names).to_string();
            properties.insert(0, ("qibu.tables", names));
        }
        if let Some(graph) = &mut model.graph {
            graph.initializer.extend(tensors);
        }
        let properties = properties.into_iter().map(Into::into);
        model.metadata_props.extend(properties);
    }

    /// What the tables hold, for `metrics.json`.
    pub fn figures(&self) -> serde_json::Value {
        let pairs = self.pairs.as_ref();
        let themes = self.themes.as_ref();
        serde_json::json!({
            "pairs": pairs.map(|pairs| pairs.count),
            "pair_bytes": pairs.map(|pairs| pairs.table.len()),
            "themes": themes.map(|themes| themes.names.join(" ")),
        })
    }
}

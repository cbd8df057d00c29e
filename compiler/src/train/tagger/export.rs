//! `model.onnx` of a tagger: batch 1, one window, with the metadata that the compiler reads.

use super::super::graph::Graph;
use super::super::weights::{self, Weights};
use super::model::{self, CRF};
use super::recipe::Recipe;
use super::transitions::Transitions;
use super::vocabulary::Vocabulary;
use crate::onnx::ModelProto;

/// The network of `weights` at batch 1; the transition scores are metadata.
pub fn model(
    recipe: &Recipe,
    weights: &Weights,
    vocabulary: &Vocabulary,
    transitions: &Transitions,
) -> ModelProto {
    let mut graph = Graph::new();
    let length = recipe.window + 2 * recipe.reach();
    let ids = graph.ids32("ids", &[1, length]);
    let pairs = recipe
        .has_pairs()
        .then(|| graph.ids32("pairs", &[1, length - 1]));
    let network: Weights = weights
        .iter()
        .filter(|(name, _)| !CRF.contains(&name.as_str()))
        .map(|(name, tensor)| (name.clone(), tensor.clone()))
        .collect();
    let handles = weights::constants(&mut graph, &network);
    let scores = model::emissions(&mut graph, recipe, &handles, ids, pairs);
    graph.output(scores, "emissions");
    let mut model = graph.to_model("tagger");
    let inputs = match pairs {
        Some(_) => vec!["ids", "pairs"],
        None => vec!["ids"],
    };
    let functions = serde_json::json!({"emit": {"inputs": inputs, "outputs": ["emissions"]}});
    let mut properties = vec![
        ("qibu.task", "tag".into()),
        ("qibu.functions", functions.to_string()),
        ("qibu.labels", vocabulary.labels.join(" ")),
        ("qibu.vocab", vocabulary.text()),
        ("qibu.crf", transitions.to_json().to_string()),
        ("qibu.licence", recipe.licence.clone()),
        ("qibu.author", recipe.author.clone()),
    ];
    if pairs.is_some() {
        properties.push(("qibu.pairs", vocabulary.pair_text()));
        properties.push(("qibu.weights", r#"{"pair_table":"int4"}"#.into()));
    }
    model.metadata_props = properties.into_iter().map(Into::into).collect();
    model
}

//! `model.onnx` of a tagger: batch 1, one window, with the metadata that the compiler reads.

use super::super::graph::Graph;
use super::super::weights::{self, Weights};
use super::model::{self, CRF};
use super::recipe::Recipe;
use super::vocabulary::Vocabulary;
use crate::engine::{Data, Tensor};
use crate::onnx::{ModelProto, StringStringEntryProto};
use serde_json::Value;

/// Scores of a label sequence's start, neighbours and end, in nats; −∞ where forbidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Transitions {
    /// Number of tags.
    pub tags: usize,
    /// Score of each first tag.
    pub start: Vec<f32>,
    /// Score of each tag after each: `transitions[from · tags + to]`.
    pub transitions: Vec<f32>,
    /// Score of each last tag.
    pub end: Vec<f32>,
}

impl Transitions {
    /// Those of `weights`, with what `mask` forbids at −∞.
    pub fn of(weights: &Weights, mask: Option<&Transitions>) -> Self {
        let part = |name: &str, mask: Option<&Vec<f32>>| -> Vec<f32> {
            let mut values = match weights.get(name).map(|tensor| &tensor.data) {
                Some(Data::F32(values)) => values.clone(),
                _ => Vec::new(),
            };
            for (value, allowed) in values.iter_mut().zip(mask.into_iter().flatten()) {
                if *allowed == f32::NEG_INFINITY {
                    *value = f32::NEG_INFINITY;
                }
            }
            values
        };
        let start = part(CRF[0], mask.map(|mask| &mask.start));
        Self {
            tags: start.len(),
            start,
            transitions: part(CRF[1], mask.map(|mask| &mask.transitions)),
            end: part(CRF[2], mask.map(|mask| &mask.end)),
        }
    }

    /// What no segmentation into words has, with the tags begin, middle, end and single.
    pub fn segmentation() -> Self {
        const NO: f32 = f32::NEG_INFINITY;
        let (inside, between) = ([NO, 0.0, 0.0, NO], [0.0, NO, NO, 0.0]);
        Self {
            tags: 4,
            start: between.into(),
            transitions: [inside, inside, between, between].concat(),
            end: vec![NO, NO, 0.0, 0.0],
        }
    }

    /// As the decoder's table: start scores, a row for each tag before, end scores.
    pub fn table(&self) -> Vec<f32> {
        [&self.start[..], &self.transitions, &self.end].concat()
    }

    /// As JSON, `null` being −∞.
    pub fn to_json(&self) -> Value {
        let row = |values: &[f32]| -> Value {
            let one = |value: &f32| match value.is_finite() {
                true => Value::from(f64::from(*value)),
                false => Value::Null,
            };
            values.iter().map(one).collect()
        };
        let rows: Value = self.transitions.chunks(self.tags.max(1)).map(row).collect();
        serde_json::json!({
            "start": row(&self.start),
            "transitions": rows,
            "end": row(&self.end),
        })
    }
}

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
    model.metadata_props = properties
        .into_iter()
        .map(|(key, value)| StringStringEntryProto {
            key: key.into(),
            value,
        })
        .collect();
    model
}

/// A little tagger with random weights: what tests of other parts compile and run.
///
/// Characters of one to four UTF-8 bytes, a few pairs, a plain layer and a gated, dilated one with
/// a residual; reach 4, window 8.
pub fn tiny(seed: u64) -> ModelProto {
    let layer = super::recipe::Layer {
        width: 8,
        ..Default::default()
    };
    let gated = super::recipe::Layer {
        gated: true,
        residual: true,
        dilation: 2,
        ..layer
    };
    let recipe = Recipe {
        embedding: 8,
        pair_embedding: 4,
        embedding_start: 1.0,
        layers: vec![layer, gated],
        window: 8,
        seed,
        ..Recipe::seed_model()
    };
    const TEXT: &str = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\
        Über 3 naïve Õs, 白日 𠀀𠀁上山，黄河里 a b 12。";
    let text: Vec<char> = TEXT.chars().filter(|one| *one != ' ').collect();
    let labels = ["B", "M", "E", "S"].map(String::from).into();
    let vocabulary = Vocabulary::count([&text[..]].into_iter(), labels, 1, 1);
    let mut weights = weights::draw(model::parameters(&recipe, vocabulary.sizes()), seed);
    // Transitions and biases start at zero; with zeros a forgotten one would not show.
    let mut random = super::super::random::Random::new(seed, 0x71_4217);
    for tensor in weights.values_mut() {
        if let Tensor {
            data: Data::F32(values),
            ..
        } = tensor
        {
            values
                .iter_mut()
                .for_each(|value| *value += random.symmetric(0.3));
        }
    }
    let transitions = Transitions::of(&weights, Some(&Transitions::segmentation()));
    model(&recipe, &weights, &vocabulary, &transitions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Options, Session};
    use crate::train::testing::engine_or_skip;
    use prost::Message;

    /// Scores depend on a position's neighbours within reach and on nothing else.
    #[test]
    fn reach_is_what_the_shapes_say() {
        if !engine_or_skip() {
            return;
        }
        let bytes = tiny(1).encode_to_vec();
        let mut session = Session::load(&bytes, &Options::default()).unwrap();
        let (window, reach) = (8, 4);
        let length = window + 2 * reach;
        let mut run = |ids: &[i64], pairs: &[i64]| -> Vec<f32> {
            let feeds = [
                ("ids", Tensor::i64(&[1, length], ids.to_vec())),
                ("pairs", Tensor::i64(&[1, length - 1], pairs.to_vec())),
            ];
            session.values(&feeds).unwrap()[0]
                .as_f32("emissions")
                .unwrap()
                .to_vec()
        };
        let (ids, pairs) = (vec![5; length], vec![3; length - 1]);
        let plain = run(&ids, &pairs);
        assert_eq!(plain.len(), window * 4);
        let changed = |other: &[f32]| -> Vec<usize> {
            let differ = |&at: &usize| plain[at * 4..][..4] != other[at * 4..][..4];
            (0..window).filter(differ).collect()
        };
        for at in 0..length {
            // Characters reach one less than pairs: by themselves they are read in the middle.
            let mut other = ids.clone();
            other[at] = 9;
            let near = |position: &usize| (position + reach).abs_diff(at) < reach;
            let expected: Vec<usize> = (0..window).filter(near).collect();
            let got = changed(&run(&other, &pairs));
            assert!(
                got.iter().all(|one| expected.contains(one)),
                "{at}: {got:?}"
            );
            assert!(got.len() * 2 >= expected.len(), "{at}: {got:?}");
        }
        for at in 0..length - 1 {
            let mut other = pairs.clone();
            other[at] = 0;
            let near = |position: &usize| {
                let first = position + reach;
                at + reach >= first && at < first + reach
            };
            let expected: Vec<usize> = (0..window).filter(near).collect();
            let got = changed(&run(&ids, &other));
            assert!(
                got.iter().all(|one| expected.contains(one)),
                "{at}: {got:?}"
            );
            assert!(got.len() * 2 >= expected.len(), "{at}: {got:?}");
        }
    }

    #[test]
    fn metadata_is_what_the_compiler_reads() {
        let model = tiny(1);
        let get = |key: &str| {
            let found = model.metadata_props.iter().find(|entry| entry.key == key);
            found.unwrap().value.clone()
        };
        assert_eq!(
            (get("qibu.task"), get("qibu.labels")),
            ("tag".into(), "B M E S".into())
        );
        let crf: Value = serde_json::from_str(&get("qibu.crf")).unwrap();
        assert!(crf["transitions"][0][1].is_number() && crf["transitions"][0][3].is_null());
        assert!(crf["start"][1].is_null() && crf["end"][2].is_number());
        assert_eq!(get("qibu.pairs").chars().count() % 2, 0);
        assert!(get("qibu.vocab").chars().is_sorted());
        assert_ne!(tiny(1), tiny(2));
    }
}

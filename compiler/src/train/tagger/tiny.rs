//! A little tagger with random weights: what tests of other parts compile and run.

use super::super::random::Random;
use super::super::weights;
use super::recipe::{Layer, Recipe};
use super::transitions::Transitions;
use super::vocabulary::Vocabulary;
use super::{export, model};
use crate::engine::{Data, Tensor};
use crate::onnx::ModelProto;

/// The model; characters of one to four UTF-8 bytes, a few pairs, a plain layer and a gated, dilated one with
/// a residual; reach 4, window 8.
pub fn tiny(seed: u64) -> ModelProto {
    let layer = Layer {
        width: 8,
        ..Default::default()
    };
    let gated = Layer {
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
    let mut random = Random::new(seed, 0x71_4217);
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
    export::model(&recipe, &weights, &vocabulary, &transitions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Options, Session};
    use crate::train::testing::engine_or_skip;
    use prost::Message;
    use serde_json::Value;

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

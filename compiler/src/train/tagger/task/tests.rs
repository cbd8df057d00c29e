//! The whole objective's gradient against finite differences, and the masks in their places.

use super::super::corpus::{Corpus, Text};
use super::super::recipe::Layer;
use super::*;
use crate::engine::{Data, Session};
use crate::onnx::DataType;
use crate::train::autodiff;
use crate::train::lower::packing::Packing;
use crate::train::random::Random;
use crate::train::task::Task as _;
use crate::train::testing::engine_or_skip;
use prost::Message;

const TEXT: &str =
    "今天 天气 很 好\n我们 去 公园 散步 吧\n好\n小猫 在 窗台 上 晒 太阳 ， 太阳 很 大\n";

fn task(recipe: Recipe) -> Task {
    let corpus = Corpus::parse(TEXT.as_bytes(), Format::Words, None).unwrap();
    let letters = |texts: &[Text]| -> Vec<Vec<char>> {
        texts.iter().map(|text| text.characters.clone()).collect()
    };
    let all = letters(&corpus.texts);
    let texts = all.iter().map(Vec::as_slice);
    let vocabulary = Vocabulary::count(texts, corpus.labels.clone(), 1, 1);
    let source = Source::new(&recipe, corpus.texts, &vocabulary, true);
    let options = Options::default();
    Task::new(recipe, vocabulary, Format::Words, source, None, options)
}

fn small() -> Recipe {
    let plain = Layer {
        width: 5,
        ..Layer::default()
    };
    let gated = Layer {
        gated: true,
        residual: true,
        dilation: 2,
        ..plain
    };
    Recipe {
        embedding: 4,
        pair_embedding: 3,
        layers: vec![plain, gated],
        auxiliary: 0.3,
        augment: 0.2,
        row: 16,
        batch: 3,
        epochs: 4,
        ..Recipe::seed_model()
    }
}

fn doubles(tensor: &Tensor) -> &[f64] {
    match &tensor.data {
        Data::F64(data) => data,
        _ => panic!("doubles in, doubles out"),
    }
}

#[test]
fn gradient_of_the_objective_equals_finite_differences() {
    if !engine_or_skip() {
        return;
    }
    let one_sided = Recipe {
        pair_sides: 1,
        mask: false,
        auxiliary: 0.0,
        ..small()
    };
    let no_pairs = Recipe {
        pair_embedding: 0,
        layer_dropout: 0.0,
        ..small()
    };
    for recipe in [small(), one_sided, no_pairs] {
        check(&mut task(recipe));
    }
}

fn check(task: &mut Task) {
    const STEP: f64 = 1e-5;
    let packing = Packing::of(&task.start());
    let mut graph = Graph::of(DataType::Double);
    let (parameters, model) = packing.inputs(&mut graph);
    let objective = task.objective(&mut graph, &model);
    let small = parameters["small"];
    let slope = autodiff::gradients(&mut graph, objective.total, &[small]).unwrap()[0];
    graph.output(objective.total, "loss");
    graph.output(slope, "slope");
    let bytes = graph.to_model("test").encode_to_vec();
    let mut session = Session::load(&bytes, &Options::default()).unwrap();
    let place = Place {
        step: 0,
        total: 8,
        epoch: 0,
        position: 0,
    };
    let widen = |tensor: Tensor| match tensor.data {
        Data::F32(data) => {
            let data = data.into_iter().map(f64::from).collect();
            Tensor::f64(&tensor.shape, data)
        }
        _ => tensor,
    };
    let fixed = task.feeds(place).into_iter();
    let fixed: Vec<(String, Tensor)> = fixed.map(|(name, tensor)| (name, widen(tensor))).collect();
    let count = graph.shape(small)[0];
    let mut random = Random::new(21, 4);
    let mut point: Vec<f64> = (0..count)
        .map(|_| f64::from(random.symmetric(0.5)))
        .collect();
    let mut run = |point: &[f64]| {
        let mut feeds: Vec<(&str, Tensor)> = fixed
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor.clone()))
            .collect();
        feeds.push(("small", Tensor::f64(&[count], point.to_vec())));
        session.values(&feeds).unwrap()
    };
    let outputs = run(&point);
    let slope = doubles(&outputs[1]).to_vec();
    let mut moved = 0;
    for element in (0..count).step_by((count / 150).max(1)) {
        let centre = point[element];
        point[element] = centre + STEP;
        let above = doubles(&run(&point)[0])[0];
        point[element] = centre - STEP;
        let below = doubles(&run(&point)[0])[0];
        point[element] = centre;
        let measured = (above - below) / (2.0 * STEP);
        moved += usize::from(measured.abs() > 1e-4);
        assert!(
            (measured - slope[element]).abs() <= 1e-6 * (1.0 + measured.abs()),
            "element {element}: {}, finite difference {measured}",
            slope[element]
        );
    }
    assert!(moved > 40, "only {moved} of the elements matter");
}

#[test]
fn steps_are_functions_of_their_place() {
    let place = |step: usize, epoch: usize, position: usize| Place {
        step,
        total: 12,
        epoch,
        position,
    };
    let mut straight = task(small());
    let steps = straight.epochs();
    let mut all = Vec::new();
    let mut step = 0;
    for (epoch, &count) in steps.iter().enumerate() {
        for position in 0..count {
            all.push((
                place(step, epoch, position),
                straight.feeds(place(step, epoch, position)),
            ));
            step += 1;
        }
    }
    for (place, feeds) in all.iter().rev() {
        assert_eq!(&task(small()).feeds(*place), feeds, "{place:?}");
    }
    let other = Recipe { seed: 2, ..small() };
    assert_ne!(task(other).feeds(all[0].0), all[0].1);
    // Each epoch has every character once.
    let gold = |feeds: &[(String, Tensor)]| -> f32 {
        let found = feeds.iter().find(|(name, _)| name == "gold").unwrap();
        found.1.as_f32("gold").unwrap().iter().sum()
    };
    let last = steps.len() - 1;
    let total: f32 = all
        .iter()
        .filter(|(place, _)| place.epoch == last)
        .map(|(_, feeds)| gold(feeds))
        .sum();
    let characters = TEXT.chars().filter(|one| !one.is_whitespace()).count();
    assert_eq!(
        total as usize, characters,
        "the last epochs replace no words"
    );
}

#[test]
fn rates_rise_and_fall() {
    let rate = |schedule, step| {
        let recipe = Recipe {
            schedule,
            learning_rate: 1.0,
            warmup: 0.1,
            ..small()
        };
        let place = Place {
            step,
            total: 100,
            epoch: 0,
            position: 0,
        };
        task(recipe).learning_rate(place)
    };
    assert!((rate(Schedule::Constant, 0) - 0.1).abs() < 1e-6);
    assert!((rate(Schedule::Constant, 99) - 1.0).abs() < 1e-6);
    assert!((rate(Schedule::Linear, 50) - 0.5).abs() < 1e-6);
    assert!((rate(Schedule::Cosine, 50) - 0.5).abs() < 1e-6);
    assert!(rate(Schedule::Cosine, 99) < 1e-3);
}

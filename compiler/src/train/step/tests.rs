//! The update and the bound state against independent computations.

use super::super::graph::Graph;
use super::super::poem::corpus::Encoded;
use super::super::poem::recipe::Recipe;
use super::super::poem::task::Task as Poem;
use super::super::random::Random;
use super::*;
use crate::train::testing::engine_or_skip;

/// Adam as its authors write it, in doubles.
#[test]
fn updates_equal_adam() {
    if !engine_or_skip() {
        return;
    }
    const COUNT: usize = 32;
    let mut graph = Graph::new();
    let [p, m, v, g] = ["p", "m", "v", "g"].map(|name| graph.input(name, &[COUNT]));
    let [rate, epsilon] = ["rate", "epsilon"].map(|name| graph.input(name, &[1]));
    let next = adam::update(&mut graph, [p, m, v], g, [rate, epsilon]);
    for (value, name) in next.into_iter().zip(["p2", "m2", "v2"]) {
        graph.output(value, name);
    }
    let bytes = graph.to_model("test").encode_to_vec();
    let mut session = Session::load(&bytes, &Options::default()).unwrap();
    let mut random = Random::new(8, 8);
    let start = random.normals(COUNT);
    let vector = |data: &[f32]| Tensor::f32(&[COUNT], data.to_vec());
    let mut state = [vector(&start), vector(&[0.0; COUNT]), vector(&[0.0; COUNT])];
    let mut exact: Vec<[f64; 3]> = start.iter().map(|&p| [f64::from(p), 0.0, 0.0]).collect();
    for step in 1..=50 {
        let gradient: Vec<f32> = random.normals(COUNT).iter().map(|g| g * 0.01).collect();
        let learning_rate = 0.003;
        let [rate, epsilon] = adam::scalars(learning_rate, step);
        let [p, m, v] = state;
        let feeds = [
            ("p", p),
            ("m", m),
            ("v", v),
            ("g", vector(&gradient)),
            ("rate", Tensor::f32(&[1], vec![rate])),
            ("epsilon", Tensor::f32(&[1], vec![epsilon])),
        ];
        state = session.values(&feeds).unwrap().try_into().unwrap();
        for ([p, m, v], &g) in exact.iter_mut().zip(&gradient) {
            let g = f64::from(g);
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            let corrected = |moment: f64, beta: f64| moment / (1.0 - libm::pow(beta, step as f64));
            *p -= learning_rate * corrected(*m, 0.9) / (libm::sqrt(corrected(*v, 0.999)) + 1e-8);
        }
    }
    for (got, want) in state[0].as_f32("p").unwrap().iter().zip(&exact) {
        assert!(
            (f64::from(*got) - want[0]).abs() < 2e-6,
            "{got} and {}",
            want[0]
        );
    }
}

/// The two buffers take turns: steps on bound state equal runs that pass the state by hand.
#[test]
fn bound_steps_equal_plain_runs() {
    if !engine_or_skip() {
        return;
    }
    let recipe = Recipe {
        embedding: 8,
        width: 8,
        latent: 4,
        ..Recipe::best()
    };
    const BATCH: usize = 4;
    const CHARACTERS: usize = 30;
    let options = Options {
        threads: 2,
        optimise: true,
        ..Options::default()
    };
    let mut random = Random::new(2, 2);
    let ids: Vec<i64> = (0..recipe.form * BATCH * 5)
        .map(|_| i64::from(random.below(CHARACTERS as u32)))
        .collect();
    let mut task = Poem {
        vocabulary: ('a'..).take(CHARACTERS).collect(),
        train: Encoded {
            form: recipe.form,
            known: ids.len(),
            total: ids.len(),
            ids,
        },
        valid: None,
        pairs: None,
        batch: BATCH,
        options,
        order: None,
        recipe,
    };
    let start = State::start(&task);
    let mut trainer = Trainer::new(&task, &start, &options).unwrap();
    let packing = Packing::of(&start.weights);
    let model = graph(&task, &packing, &start.weights)
        .unwrap()
        .to_model("train");
    let mut session = Session::load(&model.encode_to_vec(), &options).unwrap();
    let mut by_hand: Weights = packing.pack(&start.weights);
    for (suffix, part) in [("first", &start.first), ("second", &start.second)] {
        for (name, tensor) in packing.pack(part) {
            by_hand.insert(format!("{name}/{suffix}"), tensor);
        }
    }
    for step in 0..5 {
        let place = Place {
            step,
            total: 5,
            epoch: 0,
            position: step,
        };
        let own = task.feeds(place);
        let own = own
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor.clone()));
        let mut feeds = trainer.scalars(&task, place);
        feeds.extend(own);
        feeds.extend(
            by_hand
                .iter()
                .map(|(name, tensor)| (name.as_str(), tensor.clone())),
        );
        let outputs = session.run(&feeds).unwrap();
        let next = outputs.into_iter().filter_map(|(name, tensor)| {
            let name = name.strip_prefix("next/")?;
            Some((name.to_string(), tensor))
        });
        by_hand = next.collect();
        trainer.step(&mut task, place).unwrap();
    }
    let plain: Weights = by_hand
        .into_iter()
        .filter(|(name, _)| !name.contains('/'))
        .collect();
    assert_eq!(trainer.state().unwrap().weights, packing.unpack(&plain));
}

//! The whole objective's gradient, and the update, against independent computations.

use super::super::graph::Graph;
use super::super::poem;
use super::super::random::Random;
use super::super::recipe::{Posterior, Recipe};
use super::*;
use crate::engine::Data;
use crate::onnx::DataType;
use crate::train::testing::engine_or_skip;

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
    let base = Recipe {
        embedding: 5,
        width: 6,
        latent: 4,
        ..Recipe::seed_model()
    };
    check(&base);
    check(&Recipe {
        posterior: Posterior::Flatten,
        free_bits: 0.01,
        head: 3,
        ..base.clone()
    });
    check(&Recipe {
        bn_gamma: 0.6,
        encoder_width: 5,
        decoder_layers: 2,
        ..base
    });
}

fn check(recipe: &Recipe) {
    const BATCH: usize = 4;
    const CHARACTERS: usize = 12;
    const STEP: f64 = 1e-5;
    let packing = Packing::of(&poem::start(recipe, CHARACTERS));
    let mut graph = Graph::of(DataType::Double);
    let ids = graph.ids("ids", &[recipe.form * BATCH]);
    let noise = graph.input("noise", &[BATCH, recipe.latent]);
    let kl_weight = graph.input("kl_weight", &[1]);
    let (parameters, model) = packing.inputs(&mut graph);
    let loss = objective(&mut graph, recipe, &model, [ids, noise, kl_weight]);
    let small = parameters["small"];
    let slope = autodiff::gradients(&mut graph, loss.total, &[small]).unwrap()[0];
    graph.output(loss.total, "loss");
    graph.output(slope, "slope");
    let bytes = graph.to_model("test").encode_to_vec();
    let mut session = Session::load(&bytes, &Options::default()).unwrap();
    let mut random = Random::new(21, 4);
    let mut draw = |count: usize, limit: f32| -> Vec<f64> {
        (0..count)
            .map(|_| f64::from(random.symmetric(limit)))
            .collect()
    };
    let count = graph.shape(small)[0];
    let noise = draw(BATCH * recipe.latent, 1.5);
    let mut point = draw(count, 0.5);
    let ids: Vec<i64> = (0..recipe.form * BATCH)
        .map(|index| (index * index % CHARACTERS) as i64)
        .collect();
    let mut run = |point: &[f64]| {
        let feeds = [
            ("ids", Tensor::i64(&[ids.len()], ids.clone())),
            ("noise", Tensor::f64(&[BATCH, recipe.latent], noise.clone())),
            ("kl_weight", Tensor::f64(&[1], vec![0.7])),
            ("small", Tensor::f64(&[count], point.to_vec())),
        ];
        session.values(&feeds).unwrap()
    };
    let outputs = run(&point);
    let slope = doubles(&outputs[1]).to_vec();
    let mut moved = 0;
    for element in (0..count).step_by(count / 60) {
        let centre = point[element];
        point[element] = centre + STEP;
        let above = doubles(&run(&point)[0])[0];
        point[element] = centre - STEP;
        let below = doubles(&run(&point)[0])[0];
        point[element] = centre;
        let measured = (above - below) / (2.0 * STEP);
        moved += usize::from(measured.abs() > 1e-3);
        // Constants such as 0.6 enter the graph as 32-bit floats, alike in both computations.
        assert!(
            (measured - slope[element]).abs() <= 1e-6 * (1.0 + measured.abs()),
            "element {element}: {}, finite difference {measured}",
            slope[element]
        );
    }
    assert!(moved > 20, "only {moved} of the elements matter");
}

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
    let start = State::start(&recipe, CHARACTERS);
    let mut trainer = Trainer::new(&recipe, &start, BATCH, &options).unwrap();
    let packing = Packing::of(&start.weights);
    let model = graph(&recipe, &packing, BATCH).unwrap().to_model("train");
    let mut session = Session::load(&model.encode_to_vec(), &options).unwrap();
    let mut by_hand: Weights = packing.pack(&start.weights);
    for (suffix, part) in [("first", &start.first), ("second", &start.second)] {
        for (name, tensor) in packing.pack(part) {
            by_hand.insert(format!("{name}/{suffix}"), tensor);
        }
    }
    let mut random = Random::new(2, 2);
    for step in 1..=5 {
        let ids: Vec<i64> = (0..recipe.form * BATCH)
            .map(|_| i64::from(random.below(CHARACTERS as u32)))
            .collect();
        let noise = random.normals(BATCH * recipe.latent);
        let [rate, epsilon] = adam::scalars(0.01, step);
        let scalar = |value: f32| Tensor::f32(&[1], vec![value]);
        let mut feeds = vec![
            ("ids", Tensor::i64(&[ids.len()], ids.clone())),
            ("noise", Tensor::f32(&[BATCH, recipe.latent], noise.clone())),
            ("rate", scalar(rate)),
            ("epsilon", scalar(epsilon)),
            ("kl_weight", scalar(1.0)),
        ];
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
        trainer.step(ids, noise, step, [0.01, 1.0]).unwrap();
    }
    let plain: Weights = by_hand
        .into_iter()
        .filter(|(name, _)| !name.contains('/'))
        .collect();
    assert_eq!(trainer.state().unwrap().weights, packing.unpack(&plain));
}

//! The scatter-adds at full batch shape, with ids that repeat as in text, on two threads.
//!
//! Small tests stay below the size at which ONNX Runtime runs kernels on several threads, hence
//! cannot see an update that is lost between them.

use super::super::graph::Graph;
use super::super::lower;
use super::super::random::Random;
use super::gradients;
use crate::engine::{Options, Session, Tensor};
use crate::train::testing::engine_or_skip;
use prost::Message;

/// Ids as text has them: the r-th character with a probability like 1/r, so most repeat.
fn zipf(random: &mut Random, count: usize, characters: u32) -> Vec<i64> {
    let draw = |_| {
        let u = f64::from(random.below(1 << 24)) / f64::from(1 << 24);
        let rank = libm::exp(u * libm::log(f64::from(characters))) - 1.0;
        rank as i64
    };
    (0..count).map(draw).collect()
}

/// ONNX Runtime's faster scatter loses updates where ids repeat, on two threads, at this size and
/// not below: so the rule in use is tested here, against a sequential sum in doubles.
///
/// A sum of n float terms bounded by 1 in magnitude errs by at most n·n·2⁻²⁴; the commonest id
/// repeats some 600 times and the terms' signs alternate at random, so that errors grow like
/// n: 600 · 2⁻²⁴ · max|partial sum| ≈ 4e-5 · 25. The bound below is 1e-3; a lost update is of
/// size 0.1 to 1.
#[test]
fn scatter_adds_lose_nothing_at_full_batch_shape() {
    if !engine_or_skip() {
        return;
    }
    let [rows, characters, width] = [5120usize, 3400usize, 64usize];
    let mut random = Random::new(11, 2);
    let mut graph = Graph::new();
    let table = graph.input("table", &[characters, width]);
    let ids = graph.ids("ids", &[rows]);
    let weights = graph.input("weights", &[rows, width]);
    let looked_up = graph.gather(table, ids);
    let weighted = graph.mul(looked_up, weights);
    let loss = graph.sum(weighted, &[0, 1]);
    let slope = gradients(&mut graph, loss, &[table]).unwrap()[0];
    graph.output(slope, "slope");
    graph.output(loss, "loss");
    let options = Options {
        threads: 2,
        optimise: true,
        ..Options::default()
    };
    let mut session = Session::load(&graph.to_model("test").encode_to_vec(), &options).unwrap();
    let chosen = zipf(&mut random, rows, characters as u32);
    let values: Vec<f32> = (0..rows * width).map(|_| random.symmetric(1.0)).collect();
    let mut expected = vec![0.0f64; characters * width];
    for (row, &id) in chosen.iter().enumerate() {
        for column in 0..width {
            expected[id as usize * width + column] += f64::from(values[row * width + column]);
        }
    }
    let table = Tensor::f32(&[characters, width], vec![0.0; characters * width]);
    for _ in 0..20 {
        let feeds = [
            ("table", table.clone()),
            ("ids", Tensor::i64(&[rows], chosen.clone())),
            ("weights", Tensor::f32(&[rows, width], values.clone())),
        ];
        let slope = session.values(&feeds).unwrap().remove(0);
        let worst = slope
            .as_f32("slope")
            .unwrap()
            .iter()
            .zip(&expected)
            .map(|(got, want)| (f64::from(*got) - want).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-3, "off by {worst}");
    }
}

/// The fused loss at full batch shape, two threads: its scatter-adds into `dW` and `db`.
#[test]
fn vocabulary_gradient_loses_nothing_at_full_batch_shape() {
    if !engine_or_skip() {
        return;
    }
    let [rows, characters, width] = [5120usize, 3400usize, 64usize];
    let mut random = Random::new(12, 2);
    let mut graph = Graph::new();
    let h = graph.input("h", &[rows, width]);
    let weight = graph.input("weight", &[characters, width]);
    let bias = graph.input("bias", &[characters]);
    let ids = graph.ids("ids", &[rows]);
    let loss = lower::vocabulary::loss(&mut graph, h, weight, bias, ids);
    let slopes = gradients(&mut graph, loss, &[weight, bias]).unwrap();
    graph.output(slopes[0], "dw");
    graph.output(slopes[1], "db");
    let options = Options {
        threads: 2,
        optimise: true,
        ..Options::default()
    };
    let mut session = Session::load(&graph.to_model("test").encode_to_vec(), &options).unwrap();
    let chosen = zipf(&mut random, rows, characters as u32);
    let hidden: Vec<f32> = (0..rows * width).map(|_| random.symmetric(1.0)).collect();
    // With no weights every character is equally probable, so the exact gradient is a plain sum.
    let share = 1.0 / characters as f64;
    let mut expected_w = vec![0.0f64; characters * width];
    let mut expected_b = vec![rows as f64 * share; characters];
    let mut column_sums = vec![0.0f64; width];
    for (row, &id) in chosen.iter().enumerate() {
        expected_b[id as usize] -= 1.0;
        for column in 0..width {
            let value = f64::from(hidden[row * width + column]);
            column_sums[column] += value * share;
            expected_w[id as usize * width + column] -= value;
        }
    }
    for row in expected_w.chunks_exact_mut(width) {
        row.iter_mut()
            .zip(&column_sums)
            .for_each(|(value, sum)| *value += sum);
    }
    for _ in 0..3 {
        let feeds = [
            ("h", Tensor::f32(&[rows, width], hidden.clone())),
            (
                "weight",
                Tensor::f32(&[characters, width], vec![0.0; characters * width]),
            ),
            ("bias", Tensor::f32(&[characters], vec![0.0; characters])),
            ("ids", Tensor::i64(&[rows], chosen.clone())),
        ];
        let slopes = session.values(&feeds).unwrap();
        for (slope, expected) in slopes.iter().zip([&expected_w, &expected_b]) {
            let values = slope.as_f32("slope").unwrap();
            let worst = values
                .iter()
                .zip(expected)
                .map(|(got, want)| (f64::from(*got) - want).abs())
                .fold(0.0, f64::max);
            assert!(worst < 1e-3, "off by {worst}");
        }
    }
}

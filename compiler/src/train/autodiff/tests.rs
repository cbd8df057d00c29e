//! Every rule against finite differences, in doubles.

use super::super::graph::{Graph, V};
use super::super::lower;
use super::super::random::Random;
use super::{gradients, operators};
use crate::engine::{Data, Options, Session, Tensor};
use crate::onnx::DataType;
use crate::train::testing::engine_or_skip;
use prost::Message;

/// Central differences of a smooth function in doubles are this close to the derivative.
const TOLERANCE: f64 = 1e-6;
const STEP: f64 = 1e-5;

/// A scalar function of float inputs, built by `body` from their handles.
struct Case {
    op: &'static str,
    inputs: &'static [&'static [usize]],
    /// Inputs are drawn from (−1, 1), or from (0.2, 1.2) where the operator wants positive ones.
    positive: bool,
    body: fn(&mut Graph, &[V]) -> V,
}

const CASES: &[Case] = &[
    case("Add", &[&[3, 4], &[4]], |g, x| g.add(x[0], x[1])),
    case("Add", &[&[1, 4], &[3, 1]], |g, x| g.add(x[0], x[1])),
    case("Sub", &[&[3, 4], &[1, 4]], |g, x| g.sub(x[0], x[1])),
    case("Mul", &[&[3, 4], &[1]], |g, x| g.mul(x[0], x[1])),
    case("Mul", &[&[3, 4], &[3, 4]], |g, x| g.mul(x[0], x[1])),
    positive("Div", &[&[3, 4], &[1, 4]], |g, x| g.div(x[0], x[1])),
    case("Max", &[&[3, 4], &[1, 4]], |g, x| g.max(x[0], x[1])),
    case("Neg", &[&[5]], |g, x| g.neg(x[0])),
    case("Exp", &[&[5]], |g, x| g.exp(x[0])),
    positive("Log", &[&[5]], |g, x| g.log(x[0])),
    positive("Sqrt", &[&[5]], |g, x| g.sqrt(x[0])),
    case("Sigmoid", &[&[5]], |g, x| g.sigmoid(x[0])),
    case("Tanh", &[&[5]], |g, x| g.tanh(x[0])),
    case("Relu", &[&[9]], |g, x| g.relu(x[0])),
    case("Gemm", &[&[2, 3], &[3, 4], &[4]], |g, x| {
        g.gemm(x[0], x[1], Some(x[2]), [false, false])
    }),
    case("Gemm", &[&[2, 3], &[4, 3]], |g, x| {
        g.gemm(x[0], x[1], None, [false, true])
    }),
    case("Gemm", &[&[3, 2], &[3, 4]], |g, x| {
        g.gemm(x[0], x[1], None, [true, false])
    }),
    case("Gemm", &[&[3, 2], &[4, 3], &[4]], |g, x| {
        g.gemm(x[0], x[1], Some(x[2]), [true, true])
    }),
    case("MatMul", &[&[2, 3, 4], &[2, 4, 2]], |g, x| {
        g.matmul(x[0], x[1])
    }),
    case("Softmax", &[&[3, 4]], |g, x| g.softmax(x[0])),
    case("LogSoftmax", &[&[3, 4]], |g, x| g.log_softmax(x[0])),
    // log Σ exp, in which the largest is taken out and put back.
    case("DetachedMax", &[&[3, 4]], |g, x| {
        let most = g.detached_max(x[0], &[1]);
        let less = g.sub(x[0], most);
        let powers = g.exp(less);
        let total = g.sum(powers, &[1]);
        let logs = g.log(total);
        g.add(logs, most)
    }),
    case("Reshape", &[&[3, 4]], |g, x| g.reshape(x[0], &[2, 6])),
    case("Transpose", &[&[2, 3, 4]], |g, x| {
        g.transpose(x[0], &[2, 0, 1])
    }),
    case("Expand", &[&[3, 1]], |g, x| g.expand(x[0], &[2, 3, 4])),
    case("Concat", &[&[2, 3], &[2, 1]], |g, x| {
        g.concat(&[x[0], x[1]], 1)
    }),
    case("Concat", &[&[2, 3]], |g, x| {
        let zeros = g.zeros(&[1, 3]);
        g.concat(&[zeros, x[0]], 0)
    }),
    case("Slice", &[&[5, 3]], |g, x| g.slice(x[0], 0, 1, 4)),
    case("Slice", &[&[5, 3]], |g, x| g.slice(x[0], 1, 0, 2)),
    case("Split", &[&[2, 5]], |g, x| {
        let parts = g.split(x[0], 1, &[2, 2, 1]);
        g.mul(parts[0], parts[1])
    }),
    case("Gather", &[&[4, 3]], |g, x| {
        let ids = g.integer_list(&[1, 3, 1, 1, 0]);
        g.gather(x[0], ids)
    }),
    case("ReduceSum", &[&[2, 3, 2]], |g, x| g.sum(x[0], &[0, 2])),
    case("ReduceMean", &[&[2, 4, 2]], |g, x| g.mean(x[0], &[1])),
    case("VocabularyLoss", &[&[4, 3], &[5, 3], &[5]], |g, x| {
        let ids = g.integer_list(&[4, 0, 4, 2]);
        lower::vocabulary::loss(g, x[0], x[1], x[2], ids)
    }),
];

const fn case(
    op: &'static str,
    inputs: &'static [&'static [usize]],
    body: fn(&mut Graph, &[V]) -> V,
) -> Case {
    Case {
        op,
        inputs,
        positive: false,
        body,
    }
}

const fn positive(
    op: &'static str,
    inputs: &'static [&'static [usize]],
    body: fn(&mut Graph, &[V]) -> V,
) -> Case {
    Case {
        positive: true,
        ..case(op, inputs, body)
    }
}

#[test]
fn every_rule_has_a_case() {
    for op in operators() {
        assert!(CASES.iter().any(|case| case.op == op), "{op} is not tested");
    }
}

#[test]
fn rules_equal_finite_differences() {
    if !engine_or_skip() {
        return;
    }
    for (seed, case) in CASES.iter().enumerate() {
        check(case, seed as u64);
    }
}

fn check(case: &Case, seed: u64) {
    let mut random = Random::new(seed, 1);
    let mut graph = Graph::of(DataType::Double);
    let names = ["x0", "x1", "x2"];
    let inputs: Vec<V> = case
        .inputs
        .iter()
        .zip(names)
        .map(|(shape, name)| graph.input(name, shape))
        .collect();
    let result = (case.body)(&mut graph, &inputs);
    // A weighted sum of squares-plus-identity: every element's gradient differs, none vanishes.
    let shape = graph.shape(result).to_vec();
    let count = shape.iter().product();
    let weights: Vec<f32> = (0..count).map(|_| random.symmetric(1.0)).collect();
    let weights = graph.constant(&shape, &weights);
    let square = graph.mul(result, result);
    let mixed = graph.add(square, result);
    let weighted = graph.mul(mixed, weights);
    let axes: Vec<usize> = (0..shape.len()).collect();
    let loss = graph.sum(weighted, &axes);
    let slopes = gradients(&mut graph, loss, &inputs).unwrap();
    graph.output(loss, "loss");
    for (slope, name) in slopes.iter().zip(["d0", "d1", "d2"]) {
        graph.output(*slope, name);
    }
    let bytes = graph.to_model("test").encode_to_vec();
    let mut session = Session::load(&bytes, &Options::default()).unwrap();
    let mut point: Vec<Vec<f64>> = case
        .inputs
        .iter()
        .map(|shape| {
            let draw = |_| {
                let value = f64::from(random.symmetric(1.0));
                if case.positive {
                    0.7 + 0.5 * value
                } else {
                    value
                }
            };
            (0..shape.iter().product()).map(draw).collect()
        })
        .collect();
    let mut run = |point: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let feeds: Vec<(&str, Tensor)> = names
            .iter()
            .zip(case.inputs)
            .zip(point)
            .map(|((name, shape), data)| (*name, Tensor::f64(shape, data.clone())))
            .collect();
        let outputs = session.values(&feeds).unwrap();
        outputs
            .into_iter()
            .map(|tensor| match tensor.data {
                Data::F64(data) => data,
                _ => panic!("doubles in, doubles out"),
            })
            .collect()
    };
    let exact = run(&point);
    for input in 0..point.len() {
        for element in 0..point[input].len() {
            let centre = point[input][element];
            point[input][element] = centre + STEP;
            let above = run(&point)[0][0];
            point[input][element] = centre - STEP;
            let below = run(&point)[0][0];
            point[input][element] = centre;
            let measured = (above - below) / (2.0 * STEP);
            let computed = exact[1 + input][element];
            assert!(
                (measured - computed).abs() <= TOLERANCE * (1.0 + measured.abs()),
                "{} input {input} element {element}: {computed}, finite difference {measured}",
                case.op
            );
        }
    }
}

//! A naive interpreter of the graph: the judge of every pass.
//!
//! Written for obviousness from the operators' doc comments, sharing no code with the passes.

mod elementwise;
mod general;
mod lists;
mod numbers;

use super::windows::{channels_last, convolve, nhwc_shape, slide};
use crate::graph::{Clamp, Data, Graph, Node, Op, Tensor, ValueId};
use std::collections::BTreeMap;

type Values = BTreeMap<ValueId, Tensor>;

/// Runs the whole graph; results by name. Inputs are named tensors.
pub(crate) fn run(graph: &Graph, inputs: &[(&str, Tensor)]) -> BTreeMap<String, Tensor> {
    let mut values: Values = graph.constants.clone();
    for (name, tensor) in inputs {
        if let Some(id) = graph.find(name) {
            values.insert(id, tensor.clone());
        }
    }
    for node in &graph.nodes {
        for (id, tensor) in node.outputs.iter().zip(compute(graph, node, &values)) {
            assert_eq!(tensor.shape(), graph.shape(*id), "{}", node.name);
            assert_eq!(tensor.dtype(), graph.value(*id).dtype, "{}", node.name);
            values.insert(*id, tensor);
        }
    }
    let named = |id: &ValueId| (graph.value(*id).name.clone(), values[id].clone());
    graph.outputs.iter().map(named).collect()
}

fn compute(graph: &Graph, node: &Node, values: &Values) -> Vec<Tensor> {
    if let Some(results) = general::compute(graph, node, values) {
        return results;
    }
    let x = |index: usize| &values[&node.inputs[index].unwrap()];
    let bias = node.input(2).map(|id| floats(&values[&id]).to_vec());
    let out = graph.shape(node.outputs[0]);
    let one = |values: Vec<f32>| vec![Tensor::f32(out, values).unwrap()];
    let map = |f: &dyn Fn(f32) -> f32| one(floats(x(0)).iter().map(|&v| f(v)).collect());
    match &node.op {
        Op::Identity => vec![x(0).clone()],
        Op::Reshape { shape } => vec![x(0).reshaped(shape).unwrap()],
        Op::Transpose { permutation } => vec![x(0).transposed(permutation)],
        Op::Clip(clamp) => map(&|v| limit(v, Some(*clamp))),
        Op::Gate => one(each(out, |at| {
            let [a, b, x] = [0, 1, 2].map(|index| get(x(index), at, out));
            a * (1.0 / (1.0 + libm::expf(-b))) + x
        })),
        Op::Gemm(g) => {
            let (a, b) = (turned(x(0), g.transpose_a), turned(x(1), g.transpose_b));
            let product = matrix(&a, &turned(&b, true), None, None);
            let add = |at: &[usize]| node.input(2).map_or(0.0, |id| get(&values[&id], at, out));
            let sums = each(out, |at| g.beta * add(at));
            one(product
                .iter()
                .zip(sums)
                .map(|(p, s)| g.alpha * p + s)
                .collect())
        }
        Op::Dense { clamp } => one(matrix(x(0), x(1), bias.as_deref(), *clamp)),
        Op::TopKDense { k, line } => {
            let logits = matrix(x(0), x(1), bias.as_deref(), None);
            let width = x(1).shape()[0];
            match line {
                None => best(&logits, width, *k, out),
                Some(line) => lists::best(&logits, width, x(3), (*k, *line), out),
            }
        }
        Op::Conv(conv) => {
            // A channels-first convolution is a channels-last one between two transpositions.
            let (x, w) = (channels_last(x(0)), channels_last(x(1)));
            let lasts = nhwc_shape(out);
            let y = convolve(
                &x,
                &w,
                bias.as_deref(),
                &conv.window,
                conv.group,
                &lasts,
                None,
            );
            let y = Tensor::f32(&lasts, y).unwrap().transposed(&[0, 3, 1, 2]);
            vec![y.reshaped(out).unwrap()]
        }
        Op::ConvNhwc { conv, clamp } => {
            let (w, group) = (&conv.window, conv.group);
            one(convolve(x(0), x(1), bias.as_deref(), w, group, out, *clamp))
        }
        Op::Pool(pool) => {
            let lasts = nhwc_shape(out);
            let y = slide(&channels_last(x(0)), pool.kind, &pool.window, &lasts);
            let y = Tensor::f32(&lasts, y).unwrap().transposed(&[0, 3, 1, 2]);
            vec![y.reshaped(out).unwrap()]
        }
        Op::PoolNhwc(pool) => one(slide(x(0), pool.kind, &pool.window, out)),
        other => {
            let operands: Vec<&Tensor> = (0..node.inputs.len()).map(x).collect();
            let dtype = graph.value(node.outputs[0]).dtype;
            super::composite::compute(other, &operands, out, dtype)
        }
    }
}

pub(crate) fn floats(tensor: &Tensor) -> &[f32] {
    tensor.as_f32().unwrap()
}

pub(super) fn flat(shape: &[usize], at: &[usize]) -> usize {
    let pairs = shape.iter().zip(at);
    pairs.fold(0, |index, (dim, at)| index * dim + at)
}

/// Calls `f` with every index of `shape`, in order.
pub(super) fn each<T>(shape: &[usize], mut f: impl FnMut(&[usize]) -> T) -> Vec<T> {
    let mut at = vec![0; shape.len()];
    let mut results = Vec::new();
    for mut rest in 0..shape.iter().product() {
        for axis in (0..shape.len()).rev() {
            at[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        results.push(f(&at));
    }
    results
}

/// The element at `at` of a tensor broadcast to `shape`.
fn get(tensor: &Tensor, at: &[usize], shape: &[usize]) -> f32 {
    let own = &at[shape.len() - tensor.shape().len()..];
    let dims = tensor.shape().iter();
    let at: Vec<_> = own
        .iter()
        .zip(dims)
        .map(|(&i, &d)| if d == 1 { 0 } else { i })
        .collect();
    floats(tensor)[flat(tensor.shape(), &at)]
}

pub(super) fn limit(v: f32, clamp: Option<Clamp>) -> f32 {
    match clamp {
        Some(clamp) if v < clamp.low => clamp.low,
        Some(clamp) if v > clamp.high => clamp.high,
        _ => v,
    }
}

fn turned(tensor: &Tensor, turn: bool) -> Tensor {
    if turn {
        tensor.transposed(&[1, 0])
    } else {
        tensor.clone()
    }
}

/// Rows of `x` against rows of `w`.
fn matrix(x: &Tensor, w: &Tensor, bias: Option<&[f32]>, clamp: Option<Clamp>) -> Vec<f32> {
    let width = w.shape()[1];
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let mut results = Vec::new();
    for row in floats(x).chunks(width) {
        for (n, weights) in floats(w).chunks(width).enumerate() {
            let sum = dot(row, weights) + bias.map_or(0.0, |bias| bias[n]);
            results.push(limit(sum, clamp));
        }
    }
    results
}

fn best(values: &[f32], width: usize, k: usize, shape: &[usize]) -> Vec<Tensor> {
    let (mut scores, mut ids) = (Vec::new(), Vec::new());
    for row in values.chunks(width) {
        let mut order: Vec<usize> = (0..width).collect();
        order.sort_by(|&i, &j| row[j].total_cmp(&row[i]));
        scores.extend(order[..k].iter().map(|&i| row[i]));
        ids.extend(order[..k].iter().map(|&i| i as i64));
    }
    let ids = Tensor::new(shape.to_vec(), Data::I64(ids.into())).unwrap();
    vec![Tensor::f32(shape, scores).unwrap(), ids]
}

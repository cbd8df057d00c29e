//! A naive float interpreter of the graph: the judge of every pass.
//!
//! Written for obviousness from the operators' doc comments, sharing no code with the passes.

use super::windows::{channels_last, convolve, nhwc_shape, slide};
use crate::graph::{Binary, Clamp, Data, Graph, Node, Op, ReduceKind, Tensor, Unary, ValueId};
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
        Op::Unary(kind) => map(&|v| unary(*kind, v)),
        Op::Binary(kind) if !kind.is_truth() => one(each(out, |at| {
            binary(*kind, get(x(0), at, out), get(x(1), at, out))
        })),
        Op::Gate => one(each(out, |at| {
            let [a, b, x] = [0, 1, 2].map(|index| get(x(index), at, out));
            a * unary(Unary::Sigmoid, b) + x
        })),
        Op::Gather { axis: 0 } => {
            let width: usize = x(0).shape()[1..].iter().product();
            let rows = x(1).to_i64().unwrap();
            let row = |&row: &i64| floats(x(0))[row as usize * width..][..width].to_vec();
            one(rows.iter().flat_map(row).collect())
        }
        Op::Reduce { kind, axes, .. } => one(reduce(*kind, axes, x(0))),
        Op::Softmax { axis, log: false } => one(softmax(x(0), *axis)),
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
        Op::MatMul if x(1).shape().len() == 2 => one(matrix(x(0), &turned(x(1), true), None, None)),
        Op::Dense { clamp } => one(matrix(x(0), x(1), bias.as_deref(), *clamp)),
        Op::TopK(top) if top.largest => best_along(x(0), top.axis, top.k),
        Op::ArgMax(arg) if !arg.minimum && !arg.last => {
            let best = best_along(x(0), arg.axis, 1);
            vec![best[1].reshaped(out).unwrap()]
        }
        Op::Slice { starts, steps, .. } => one(each(out, |at| {
            let axes = at.iter().zip(starts.iter().zip(steps));
            let from: Vec<_> = axes
                .map(|(&i, (&start, &step))| (start as isize + i as isize * step) as usize)
                .collect();
            floats(x(0))[flat(x(0).shape(), &from)]
        })),
        Op::Split { axis, sizes } if x(0).as_f32().is_some() => {
            let mut start = 0;
            let mut part = |&size: &usize| {
                let mut shape = x(0).shape().to_vec();
                shape[*axis] = size;
                let values = each(&shape, |at| {
                    let mut at = at.to_vec();
                    at[*axis] += start;
                    floats(x(0))[flat(x(0).shape(), &at)]
                });
                start += size;
                Tensor::f32(&shape, values).unwrap()
            };
            sizes.iter().map(&mut part).collect()
        }
        Op::TopKDense { k } => {
            let logits = matrix(x(0), x(1), bias.as_deref(), None);
            best(&logits, x(1).shape()[0], *k, out)
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
        Op::Concat { axis } => one(each(out, |at| {
            let (mut at, mut index) = (at.to_vec(), 0);
            while at[*axis] >= x(index).shape()[*axis] {
                at[*axis] -= x(index).shape()[*axis];
                index += 1;
            }
            floats(x(index))[flat(x(index).shape(), &at)]
        })),
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

pub(crate) fn flat(shape: &[usize], at: &[usize]) -> usize {
    let pairs = shape.iter().zip(at);
    pairs.fold(0, |index, (dim, at)| index * dim + at)
}

/// Calls `f` with every index of `shape`, in order.
pub(crate) fn each(shape: &[usize], mut f: impl FnMut(&[usize]) -> f32) -> Vec<f32> {
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

fn unary(kind: Unary, v: f32) -> f32 {
    match kind {
        Unary::Relu => limit(v, Some(Clamp::RELU)),
        Unary::Sigmoid => 1.0 / (1.0 + libm::expf(-v)),
        Unary::Tanh => libm::tanhf(v),
        Unary::Exp => libm::expf(v),
        Unary::Neg => -v,
        Unary::Sqrt => libm::sqrtf(v),
        Unary::Reciprocal => 1.0 / v,
        Unary::Round => libm::rintf(v),
        Unary::Softsign => v / (1.0 + libm::fabsf(v)),
        Unary::Softplus => libm::log1pf(libm::expf(v)),
        Unary::HardSigmoid(alpha, beta) => limit(
            alpha * v + beta,
            Some(Clamp {
                low: 0.0,
                high: 1.0,
            }),
        ),
        Unary::LeakyRelu(alpha) if v < 0.0 => alpha * v,
        Unary::Elu(alpha) if v < 0.0 => alpha * libm::expm1f(v),
        Unary::ThresholdedRelu(alpha) if v <= alpha => 0.0,
        Unary::LeakyRelu(_) | Unary::Elu(_) | Unary::ThresholdedRelu(_) => v,
        other => panic!("the test interpreter lacks {other:?}"),
    }
}

fn binary(kind: Binary, a: f32, b: f32) -> f32 {
    match kind {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Min => a.min(b),
        Binary::Max => a.max(b),
        other => panic!("the test interpreter lacks {other:?}"),
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

/// The best k along any axis: turned to the end, searched, turned back.
fn best_along(x: &Tensor, axis: usize, k: usize) -> Vec<Tensor> {
    let last = x.shape().len() - 1;
    let mut swap: Vec<usize> = (0..=last).collect();
    swap.swap(axis, last);
    let x = x.transposed(&swap);
    let mut shape = x.shape().to_vec();
    let width = std::mem::replace(&mut shape[last], k);
    let found = best(floats(&x), width, k, &shape);
    found
        .iter()
        .map(|tensor| tensor.transposed(&swap))
        .collect()
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

fn reduce(kind: ReduceKind, axes: &[usize], x: &Tensor) -> Vec<f32> {
    let collapsed = |(axis, &dim): (usize, &usize)| if axes.contains(&axis) { 1 } else { dim };
    let shape: Vec<_> = x.shape().iter().enumerate().map(collapsed).collect();
    let mut cells = vec![Vec::new(); shape.iter().product()];
    let mut order = floats(x).iter();
    each(x.shape(), |at| {
        let at: Vec<_> = at
            .iter()
            .zip(&shape)
            .map(|(&i, &d)| if d == 1 { 0 } else { i })
            .collect();
        cells[flat(&shape, &at)].push(*order.next().unwrap());
        0.0
    });
    let combine = |cell: &Vec<f32>| match kind {
        ReduceKind::Mean => cell.iter().sum::<f32>() / cell.len() as f32,
        ReduceKind::Sum => cell.iter().sum(),
        ReduceKind::Product => cell.iter().product(),
        ReduceKind::Max => cell.iter().copied().fold(f32::NEG_INFINITY, f32::max),
        ReduceKind::Min => cell.iter().copied().fold(f32::INFINITY, f32::min),
    };
    cells.iter().map(combine).collect()
}

fn softmax(x: &Tensor, axis: usize) -> Vec<f32> {
    let most = floats(x).iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = floats(x).iter().map(|&v| libm::expf(v - most)).collect();
    let powers = Tensor::f32(x.shape(), powers).unwrap();
    let sums = reduce(ReduceKind::Sum, &[axis], &powers);
    let mut shape = x.shape().to_vec();
    shape[axis] = 1;
    let sums = Tensor::f32(&shape, sums).unwrap();
    each(x.shape(), |at| {
        get(&powers, at, x.shape()) / get(&sums, at, x.shape())
    })
}

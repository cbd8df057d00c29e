//! Operators that exist for every element type, index by index.

use super::numbers::{View, tensor};
use super::{each, elementwise, flat};
use crate::graph::{Binary, Dtype, Graph, Node, Op, ReduceKind, ScatterKind, Tensor};
use crate::graph::{Pad, TopK, ValueId};
use std::collections::BTreeMap;

/// The results of a node, where its operator is one of these.
pub(super) fn compute(
    graph: &Graph,
    node: &Node,
    values: &BTreeMap<ValueId, Tensor>,
) -> Option<Vec<Tensor>> {
    let x = |index: usize| View::of(&values[&node.inputs[index].unwrap()]);
    let dtype = |index: usize| graph.value(node.inputs[index].unwrap()).dtype;
    let out = graph.shape(node.outputs[0]);
    let kind = graph.value(node.outputs[0]).dtype;
    let one = |items: Vec<f64>| Some(vec![tensor(kind, out, &items)]);
    match &node.op {
        Op::Unary(f) => one(x(0)
            .items
            .iter()
            .map(|&v| elementwise::unary(*f, v))
            .collect()),
        Op::Cast { to: Dtype::Bool } => one(x(0)
            .items
            .iter()
            .map(|&v| f64::from(u8::from(v != 0.0)))
            .collect()),
        Op::Cast { .. } => one(x(0).items),
        Op::Binary(f) => {
            let (a, b, whole) = (x(0), x(1), dtype(0) != Dtype::F32);
            one(each(out, |at| {
                elementwise::binary(*f, a.stretched(at), b.stretched(at), whole)
            }))
        }
        Op::Where => {
            let (condition, a, b) = (x(0), x(1), x(2));
            one(each(out, |at| match condition.stretched(at) != 0.0 {
                true => a.stretched(at),
                false => b.stretched(at),
            }))
        }
        Op::Expand { .. } => {
            let x = x(0);
            one(each(out, |at| x.stretched(at)))
        }
        Op::Pad(pad) => one(padded(&x(0), pad, out)),
        Op::Gather { axis } => one(gathered(&x(0), &x(1), *axis, out)),
        Op::Scatter(how) => one(scattered(x(0), &x(1), &x(2), *how)),
        Op::Reduce { kind, axes, .. } => one(reduced(*kind, axes, &x(0))),
        Op::Softmax { axis, log } => {
            let x = x(0);
            one(each(out, |at| {
                let line = x.line(*axis, at);
                let most = line.iter().copied().fold(f64::MIN, f64::max);
                let sum: f64 = line.iter().map(|&v| libm::exp(v - most)).sum();
                let logarithm = x.at(at) - most - libm::log(sum);
                if *log {
                    logarithm
                } else {
                    libm::exp(logarithm)
                }
            }))
        }
        Op::MatMul => {
            let (a, b) = (x(0), x(1));
            let depth = b.shape[b.shape.len() - 2];
            one(each(out, |at| {
                let term = |k: usize| {
                    let (mut row, mut column) = (at.to_vec(), at.to_vec());
                    row[at.len() - 1] = k;
                    column[at.len() - 2] = k;
                    a.stretched(&row) * b.stretched(&column)
                };
                (0..depth).map(term).sum()
            }))
        }
        Op::CumSum(sum) => {
            let x = x(0);
            one(each(out, |at| {
                let own = at[sum.axis];
                let counts = |i: usize| match (sum.reverse, sum.exclusive) {
                    (false, false) => i <= own,
                    (false, true) => i < own,
                    (true, false) => i >= own,
                    (true, true) => i > own,
                };
                let line = x.line(sum.axis, at);
                (0..line.len())
                    .filter(|&i| counts(i))
                    .map(|i| line[i])
                    .sum()
            }))
        }
        Op::ArgMax(arg) => {
            let x = x(0);
            let at_least = |a: f64, b: f64| if arg.minimum { a <= b } else { a >= b };
            one(each(out, |at| {
                let mut at = at.to_vec();
                match arg.keep {
                    true => at[arg.axis] = 0,
                    false => at.insert(arg.axis, 0),
                }
                let line = x.line(arg.axis, &at);
                let best = |&i: &usize| line.iter().all(|&other| at_least(line[i], other));
                let mut found = (0..line.len()).filter(best);
                let found = if arg.last {
                    found.next_back()
                } else {
                    found.next()
                };
                found.unwrap() as f64
            }))
        }
        Op::TopK(top) => Some(best(&x(0), top, dtype(0), out)),
        Op::Slice { starts, steps, .. } => {
            let x = x(0);
            one(each(out, |at| {
                let axes = at.iter().zip(starts.iter().zip(steps));
                let from: Vec<usize> = axes
                    .map(|(&i, (&start, &step))| (start as isize + i as isize * step) as usize)
                    .collect();
                x.at(&from)
            }))
        }
        Op::Split { axis, sizes } => {
            let (x, mut start) = (x(0), 0);
            let part = |&size: &usize| {
                let mut shape = x.shape.clone();
                shape[*axis] = size;
                let items = each(&shape, |at| {
                    let mut at = at.to_vec();
                    at[*axis] += start;
                    x.at(&at)
                });
                start += size;
                tensor(kind, &shape, &items)
            };
            Some(sizes.iter().map(part).collect())
        }
        Op::Concat { axis } => {
            let parts: Vec<View> = (0..node.inputs.len()).map(x).collect();
            one(each(out, |at| {
                let (mut at, mut index) = (at.to_vec(), 0);
                while at[*axis] >= parts[index].shape[*axis] {
                    at[*axis] -= parts[index].shape[*axis];
                    index += 1;
                }
                parts[index].at(&at)
            }))
        }
        _ => None,
    }
}

fn padded(x: &View, pad: &Pad, out: &[usize]) -> Vec<f64> {
    each(out, |at| {
        let mut from = Vec::new();
        for (axis, &i) in at.iter().enumerate() {
            let i = i as isize - pad.before[axis] as isize;
            let step = pad.step[axis] as isize;
            if i < 0 || i % step != 0 || i / step >= x.shape[axis] as isize {
                return f64::from(pad.value);
            }
            from.push((i / step) as usize);
        }
        x.at(&from)
    })
}

fn resolved(index: f64, length: usize) -> usize {
    let index = if index < 0.0 {
        index + length as f64
    } else {
        index
    };
    assert!(
        (0.0..length as f64).contains(&index),
        "index {index} of {length}"
    );
    index as usize
}

fn gathered(table: &View, indices: &View, axis: usize, out: &[usize]) -> Vec<f64> {
    let rank = indices.shape.len();
    each(out, |at| {
        let index = indices.at(&at[axis..axis + rank]);
        let row = resolved(index, table.shape[axis]);
        table.at(&[&at[..axis], &[row], &at[axis + rank..]].concat())
    })
}

fn scattered(mut data: View, rows: &View, updates: &View, how: ScatterKind) -> Vec<f64> {
    for at in updates.indices() {
        let row = resolved(rows.items[at[0]], data.shape[0]);
        let place = flat(&data.shape, &[row, at[1]]);
        let (old, new) = (data.items[place], updates.at(&at));
        data.items[place] = match how {
            ScatterKind::Replace => new,
            ScatterKind::Add => old + new,
            ScatterKind::Mul => old * new,
            ScatterKind::Max => elementwise::binary(Binary::Max, old, new, false),
            ScatterKind::Min => elementwise::binary(Binary::Min, old, new, false),
        };
    }
    data.items
}

fn reduced(kind: ReduceKind, axes: &[usize], x: &View) -> Vec<f64> {
    let collapsed = |(axis, &dim): (usize, &usize)| if axes.contains(&axis) { 1 } else { dim };
    let shape: Vec<_> = x.shape.iter().enumerate().map(collapsed).collect();
    let mut cells = vec![Vec::new(); shape.iter().product()];
    for at in x.indices() {
        let pairs = at.iter().zip(&shape);
        let cell: Vec<usize> = pairs.map(|(&i, &d)| if d == 1 { 0 } else { i }).collect();
        cells[flat(&shape, &cell)].push(x.at(&at));
    }
    let fold = |cell: &[f64], kind: Binary| {
        let pairs = cell.iter().copied();
        pairs
            .reduce(|a, b| elementwise::binary(kind, a, b, false))
            .unwrap()
    };
    let combine = |cell: &Vec<f64>| match kind {
        ReduceKind::Mean => cell.iter().sum::<f64>() / cell.len() as f64,
        ReduceKind::Sum => cell.iter().sum(),
        ReduceKind::Product => cell.iter().product(),
        ReduceKind::Max => fold(cell, Binary::Max),
        ReduceKind::Min => fold(cell, Binary::Min),
    };
    cells.iter().map(combine).collect()
}

fn best(x: &View, top: &TopK, dtype: Dtype, out: &[usize]) -> Vec<Tensor> {
    let ranked = |at: &[usize]| {
        let line = x.line(top.axis, at);
        let mut order: Vec<usize> = (0..line.len()).collect();
        order.sort_by(|&i, &j| match top.largest {
            true => line[j].total_cmp(&line[i]),
            false => line[i].total_cmp(&line[j]),
        });
        order[at[top.axis]]
    };
    let ids = each(out, |at| ranked(at) as f64);
    let scores = each(out, |at| {
        let mut from = at.to_vec();
        from[top.axis] = ranked(at);
        x.at(&from)
    });
    vec![tensor(dtype, out, &scores), tensor(Dtype::I64, out, &ids)]
}

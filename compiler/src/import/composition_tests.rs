//! Composed operators against what ONNX says they compute, written out naively.

use crate::graph::Tensor;
use crate::onnx::{AttributeProto, DataType, attribute, node, tensor};
use crate::testing::{Model, import, noise, run};

/// A model of one node whose operands are all inputs but those in `constants`, and its results.
fn computed(
    kind: &str,
    operands: &[(&str, &Tensor)],
    constants: &[&str],
    outputs: &[&str],
    attributes: Vec<AttributeProto>,
) -> Vec<Vec<f32>> {
    let names: Vec<&str> = operands.iter().map(|(name, _)| *name).collect();
    let mut model = Model::default();
    for (name, value) in operands.iter().filter(|(name, _)| !name.is_empty()) {
        model = match constants.contains(name) {
            true => model.tensor(tensor::f32(name, value.shape(), value.as_f32().unwrap())),
            false => model.input(name, DataType::Float, value.shape()),
        };
    }
    model = model.node(node(kind, &names, outputs, attributes));
    for output in outputs {
        model = model.output(output);
    }
    let given: Vec<_> = operands.iter().map(|(n, t)| (*n, (*t).clone())).collect();
    let mut found = run(&import(model), &given);
    let mut one = |name: &&str| found.remove(*name).unwrap().as_f32().unwrap().to_vec();
    outputs.iter().map(&mut one).collect()
}

fn random(seed: u32, shape: &[usize]) -> Tensor {
    let mut seed = seed;
    let values = noise(&mut seed, shape.iter().product());
    Tensor::f32(shape, values.iter().map(|v| 2.0 * v).collect()).unwrap()
}

fn at(tensor: &Tensor, index: &[usize]) -> f32 {
    let pairs = tensor.shape().iter().zip(index);
    tensor.as_f32().unwrap()[pairs.fold(0, |flat, (dim, i)| flat * dim + i)]
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() < 1e-5, "element {index}: {a}, expected {b}");
    }
}

/// Every element of the operand adds its taps to the result.
#[test]
fn a_transposed_convolution_scatters() {
    let (x, w, b) = (
        random(1, &[2, 4, 3, 4]),
        random(2, &[4, 2, 3, 2]),
        random(3, &[4]),
    );
    let attributes = vec![
        attribute::int("group", 2),
        attribute::ints("strides", &[2, 3]),
        attribute::ints("dilations", &[1, 2]),
        attribute::ints("pads", &[1, 0, 3, 4]),
        attribute::ints("output_padding", &[1, 0]),
    ];
    let operands = [("x", &x), ("w", &w), ("b", &b)];
    let found = computed("ConvTranspose", &operands, &["w", "b"], &["y"], attributes);
    // 2·(3−1)+1+3−1−3 rows, 3·(4−1)+1+2−4 columns.
    let (rows, columns) = (4, 8);
    let mut y = vec![0.0; 2 * 4 * rows * columns];
    for (index, value) in y.iter_mut().enumerate() {
        *value = at(&b, &[index / (rows * columns) % 4]);
    }
    for n in 0..2 {
        for c in 0..4 {
            for (r, s) in (0..3).flat_map(|r| (0..4).map(move |s| (r, s))) {
                for (m, k, l) in (0..12).map(|i| (i / 6, i / 2 % 3, i % 2)) {
                    let row = usize::checked_sub(2 * r + k, 1).filter(|&row| row < rows);
                    let column = Some(3 * s + 2 * l).filter(|&column| column < columns);
                    let (Some(row), Some(column)) = (row, column) else {
                        continue;
                    };
                    let channel = c / 2 * 2 + m;
                    y[((n * 4 + channel) * rows + row) * columns + column] +=
                        at(&x, &[n, c, r, s]) * at(&w, &[c, m, k, l]);
                }
            }
        }
    }
    close(&found[0], &y);
}

fn sigmoid(v: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-v))
}

/// `x · Wᵀ + h · Rᵀ + biases`, one row of the weights.
fn gate(weights: [&Tensor; 3], direction: usize, row: usize, x: &[f32], h: &[f32]) -> f32 {
    let [w, r, b] = weights;
    let products = |matrix: &Tensor, v: &[f32]| -> f32 {
        let terms = v.iter().enumerate();
        terms
            .map(|(i, v)| v * at(matrix, &[direction, row, i]))
            .sum()
    };
    let rows = w.shape()[1];
    products(w, x) + products(r, h) + at(b, &[direction, row]) + at(b, &[direction, rows + row])
}

#[test]
fn an_lstm_remembers_in_both_directions() {
    let (steps, width, units) = (3, 2, 2);
    let x = random(1, &[steps, 1, width]);
    let (w, r) = (random(2, &[2, 8, width]), random(3, &[2, 8, units]));
    let (b, p) = (random(4, &[2, 16]), random(5, &[2, 6]));
    let (h, c) = (random(6, &[2, 1, units]), random(7, &[2, 1, units]));
    let none = random(0, &[0]);
    let operands = [
        ("x", &x),
        ("w", &w),
        ("r", &r),
        ("b", &b),
        ("", &none),
        ("h", &h),
        ("c", &c),
        ("p", &p),
    ];
    let attributes = vec![
        attribute::int("hidden_size", 2),
        attribute::string("direction", "bidirectional"),
    ];
    let known = ["w", "r", "b", "p"];
    let found = computed("LSTM", &operands, &known, &["y", "yh", "yc"], attributes);
    let mut y = vec![0.0; steps * 2 * units];
    let (mut last_h, mut last_c) = (vec![], vec![]);
    for d in 0..2 {
        let mut hidden = h.as_f32().unwrap()[d * units..][..units].to_vec();
        let mut cell = c.as_f32().unwrap()[d * units..][..units].to_vec();
        for step in 0..steps {
            let t = if d == 0 { step } else { steps - 1 - step };
            let input = &x.as_f32().unwrap()[t * width..][..width];
            let old = hidden.clone();
            for u in 0..units {
                let sum = |g: usize| gate([&w, &r, &b], d, g * units + u, input, &old);
                let peep = |g: usize, c: f32| c * at(&p, &[d, g * units + u]);
                let i = sigmoid(sum(0) + peep(0, cell[u]));
                let f = sigmoid(sum(2) + peep(2, cell[u]));
                cell[u] = f * cell[u] + i * libm::tanhf(sum(3));
                let o = sigmoid(sum(1) + peep(1, cell[u]));
                hidden[u] = o * libm::tanhf(cell[u]);
                y[(t * 2 + d) * units + u] = hidden[u];
            }
        }
        last_h.extend(hidden);
        last_c.extend(cell);
    }
    close(&found[0], &y);
    close(&found[1], &last_h);
    close(&found[2], &last_c);
}

#[test]
fn a_gru_resets_before_or_behind_the_product() {
    let (steps, width, units) = (3, 2, 2);
    let x = random(1, &[steps, 1, width]);
    let (w, r) = (random(2, &[1, 6, width]), random(3, &[1, 6, units]));
    let b = random(4, &[1, 12]);
    for late in [false, true] {
        let attributes = vec![
            attribute::int("linear_before_reset", i64::from(late)),
            attribute::float("clip", 0.6),
            attribute::strings("activations", &["Sigmoid", "ScaledTanh"]),
        ];
        let operands = [("x", &x), ("w", &w), ("r", &r), ("b", &b)];
        let found = computed("GRU", &operands, &["w", "r", "b"], &["y"], attributes);
        let (mut h, mut y) = (vec![0.0; units], vec![]);
        for t in 0..steps {
            let input = &x.as_f32().unwrap()[t * width..][..width];
            let clip = |v: f32| v.clamp(-0.6, 0.6);
            let gates: Vec<f32> = (0..4)
                .map(|row| sigmoid(clip(gate([&w, &r, &b], 0, row, input, &h))))
                .collect();
            let zero = vec![0.0; units];
            let scaled: Vec<f32> = h.iter().zip(&gates[2..]).map(|(h, r)| h * r).collect();
            let next = |u: usize| {
                let row = 4 + u;
                let sum = if late {
                    let own = gate([&w, &r, &b], 0, row, input, &zero) - at(&b, &[0, 6 + row]);
                    let seen = gate([&w, &r, &b], 0, row, &zero, &h) - at(&b, &[0, row]);
                    own + gates[2 + u] * seen
                } else {
                    gate([&w, &r, &b], 0, row, input, &scaled)
                };
                let new = libm::tanhf(clip(sum));
                (1.0 - gates[u]) * new + gates[u] * h[u]
            };
            h = (0..units).map(next).collect();
            y.extend(&h);
        }
        close(&found[0], &y);
    }
}

/// Sums over all letters, one nested loop.
#[test]
fn einsum_sums_products() {
    for (equation, shapes, expanded) in [
        (
            "bij,bjk->bik",
            vec![vec![2, 3, 4], vec![2, 4, 2]],
            "bij,bjk->bik",
        ),
        (
            "...ij,kj->k...i",
            vec![vec![2, 3, 4], vec![5, 4]],
            "zij,kj->kzi",
        ),
        ("iij->j", vec![vec![3, 3, 2]], "iij->j"),
        ("ij", vec![vec![2, 3]], "ij->ij"),
        ("ba,ca", vec![vec![2, 3], vec![4, 3]], "ba,ca->bc"),
        (
            "ij,jk,kl->il",
            vec![vec![2, 3], vec![3, 2], vec![2, 2]],
            "ij,jk,kl->il",
        ),
        ("ab,ab->ab", vec![vec![2, 3], vec![2, 3]], "ab,ab->ab"),
        ("ab,c->cab", vec![vec![2, 3], vec![2]], "ab,c->cab"),
        ("ab,ac->c", vec![vec![2, 3], vec![2, 4]], "ab,ac->c"),
    ] {
        let operands: Vec<Tensor> = (5..)
            .zip(&shapes)
            .map(|(seed, s)| random(seed, s))
            .collect();
        let names = ["p", "q", "r"];
        let named: Vec<_> = names.into_iter().zip(&operands).collect();
        let attributes = vec![attribute::string("equation", equation)];
        let found = computed("Einsum", &named, &[], &["y"], attributes);
        close(&found[0], &naive_einsum(expanded, &operands));
    }
}

fn naive_einsum(equation: &str, operands: &[Tensor]) -> Vec<f32> {
    let (left, right) = equation.split_once("->").unwrap();
    let mut dims = std::collections::BTreeMap::new();
    for (text, operand) in left.split(',').zip(operands) {
        dims.extend(text.chars().zip(operand.shape().iter().copied()));
    }
    let volume = |letters: &str| letters.chars().map(|c| dims[&c]).product::<usize>();
    let all: String = dims.keys().collect();
    let mut result = vec![0.0; volume(right)];
    for mut rest in 0..volume(&all) {
        let mut index = std::collections::BTreeMap::new();
        for letter in all.chars() {
            index.insert(letter, rest % dims[&letter]);
            rest /= dims[&letter];
        }
        let place = |text: &str| text.chars().map(|c| index[&c]).collect::<Vec<_>>();
        let factors = left.split(',').zip(operands);
        let product: f32 = factors
            .map(|(text, operand)| at(operand, &place(text)))
            .product();
        let flat = right.chars().fold(0, |flat, c| flat * dims[&c] + index[&c]);
        result[flat] += product;
    }
    result
}

/// Four query heads over two key heads, a past of two, causal.
#[test]
fn attention_looks_back_only() {
    let (q, k, v) = (
        random(1, &[1, 4, 3, 2]),
        random(2, &[1, 2, 3, 2]),
        random(3, &[1, 2, 3, 3]),
    );
    let (pk, pv) = (random(4, &[1, 2, 2, 2]), random(5, &[1, 2, 2, 3]));
    let none = random(0, &[0]);
    let operands = [
        ("q", &q),
        ("k", &k),
        ("v", &v),
        ("", &none),
        ("pk", &pk),
        ("pv", &pv),
    ];
    let attributes = vec![
        attribute::int("is_causal", 1),
        attribute::float("softcap", 0.5),
    ];
    let found = computed("Attention", &operands, &[], &["y", "keys"], attributes);
    let joined = |past: &Tensor, new: &Tensor, head: usize, place: usize, i: usize| match place {
        0 | 1 => at(past, &[0, head, place, i]),
        _ => at(new, &[0, head, place - 2, i]),
    };
    let mut y = vec![];
    for (head, row) in (0..12).map(|i| (i / 3, i % 3)) {
        let score = |place: usize| {
            let terms =
                (0..2).map(|i| at(&q, &[0, head, row, i]) * joined(&pk, &k, head / 2, place, i));
            let sum: f32 = terms.sum();
            libm::expf(0.5 * libm::tanhf(sum / libm::sqrtf(2.0) / 0.5))
        };
        let weights: Vec<f32> = (0..row + 3).map(score).collect();
        let total: f32 = weights.iter().sum();
        for i in 0..3 {
            let terms = weights.iter().enumerate();
            let sum: f32 = terms
                .map(|(place, w)| w * joined(&pv, &v, head / 2, place, i))
                .sum();
            y.push(sum / total);
        }
    }
    close(&found[0], &y);
    assert_eq!(found[1].len(), 20);
}

#[test]
fn groups_and_layers_are_normalised() {
    let x = random(1, &[2, 4, 3]);
    let (scale, bias) = (random(2, &[4]), random(3, &[4]));
    let operands = [("x", &x), ("s", &scale), ("b", &bias)];
    let groups = vec![attribute::int("num_groups", 2)];
    let found = computed("GroupNormalization", &operands, &["s", "b"], &["y"], groups);
    let mut y = vec![];
    for (row, values) in x.as_f32().unwrap().chunks(6).enumerate() {
        let mean = values.iter().sum::<f32>() / 6.0;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / 6.0;
        for (index, v) in values.iter().enumerate() {
            let channel = row % 2 * 2 + index / 3;
            let size = libm::sqrtf(variance + 1e-5);
            y.push((v - mean) / size * at(&scale, &[channel]) + at(&bias, &[channel]));
        }
    }
    close(&found[0], &y);
    let axis = vec![attribute::int("axis", 1), attribute::int("p", 1)];
    let found = computed("LpNormalization", &operands[..1], &[], &["y"], axis);
    let column: f32 = (0..4).map(|c| at(&x, &[1, c, 2]).abs()).sum();
    assert!((found[0][12 + 2] - at(&x, &[1, 0, 2]) / column).abs() < 1e-6);
}

/// Padding counts in the mean, the room that ceil mode adds behind it does not.
#[test]
fn means_over_partial_windows_count_padding_only() {
    let x = Tensor::f32(&[1, 1, 4], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    let attributes = vec![
        attribute::ints("kernel_shape", &[3]),
        attribute::ints("strides", &[2]),
        attribute::ints("pads", &[1, 1]),
        attribute::int("ceil_mode", 1),
        attribute::int("count_include_pad", 1),
    ];
    let found = computed("AveragePool", &[("x", &x)], &[], &["y"], attributes);
    // Of 0 1 2 3 4 0: windows at 0, 2 and 4, the last of two elements.
    close(&found[0], &[1.0, 3.0, 2.0]);
}

#[test]
fn quantised_weights_are_numbers_and_pairs_keep_their_grid() {
    let weights = |mut proto: crate::onnx::TensorProto| {
        proto.data_type = DataType::Int8 as i32;
        proto.raw_data = vec![1, 0xfe, 3, 4];
        proto
    };
    let model = Model::default()
        .input("x", DataType::Float, &[1, 2])
        .tensor(weights(tensor::f32("w", &[2, 2], &[0.0; 4])))
        .tensor(tensor::f32("s", &[2], &[0.5, 2.0]))
        .op("DequantizeLinear", &["w", "s"], "d")
        .op("MatMul", &["x", "d"], "y")
        .output("y");
    let graph = import(model);
    assert!(graph.to_string().contains("MatMul(x, #d:[2,2])"), "{graph}");
    let real = graph.constant(graph.find("d").unwrap()).unwrap();
    assert_eq!(real.as_f32().unwrap(), [0.5, -4.0, 1.5, 8.0]);
}

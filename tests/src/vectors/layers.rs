//! Layers with weights, windows, and products of activations.

use super::case::{Case, Draw, Operand, span};
use super::depthwise;
use qibu::format::DType::{self, F32, I8, I16, I32, Scale};
use qibu::math;

/// Weights, bias and scale words of `rows` dot products of length `k`, each with rows `shape`.
fn weighted(d: &mut Draw, types: [DType; 3], k: u32, dims: &[u32]) -> Option<Vec<Operand>> {
    let [x, w, out] = types;
    let rows = dims[0];
    let weights = d.constant(w, dims);
    if x == F32 {
        return Some(vec![weights, d.constant(F32, &[rows])]);
    }
    let bias: Vec<u32> = (0..rows)
        .map(|_| (d.between(0, 20_000) as i32 - 10_000) as u32)
        .collect();
    let factor = span(out) / (f64::from(k).sqrt() * span(x) * span(w) / 2.0);
    let scales: Option<Vec<u32>> = (0..rows).map(|_| d.scale(factor)).collect();
    let scales = scales?;
    Some(vec![weights, d.words(I32, bias), d.words(Scale, scales)])
}

pub(super) fn dense(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let &[x, w, out] = types else { return None };
    let [rows, k, n] = [d.between(1, 4), d.between(1, 24), d.between(1, 9)];
    let mut inputs = vec![d.arena(x, &[rows, k])];
    inputs.extend(weighted(d, [x, w, out], k, &[n, k])?);
    let outputs = vec![d.arena(out, &[rows, n])];
    Some(Case {
        inputs,
        outputs,
        attributes: d.clamp(out).to_vec(),
    })
}

pub(super) fn top_k_dense(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let &[x, w] = types else { return None };
    let [rows, k, n] = [d.between(1, 4), d.between(1, 24), d.between(1, 30)];
    let best = d.between(1, n.min(5));
    let scores = if x == F32 { F32 } else { I32 };
    let mut inputs = vec![d.arena(x, &[rows, k])];
    inputs.extend(weighted(d, [x, w, scores], k, &[n, k])?);
    let outputs = [I32, scores].map(|dtype| d.arena(dtype, &[rows, best]));
    Some(Case {
        inputs,
        outputs: outputs.to_vec(),
        attributes: vec![],
    })
}

pub(super) fn top_k_groups(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let case = top_k_dense(d, kind, types)?;
    Some(grouped(d, case, types[0]))
}

/// A `TopKDense` of some rows as a `TopKGroups` of so many lines, or as many lines of so many rows.
pub(super) fn grouped(d: &mut Draw, mut case: Case, x: DType) -> Case {
    let [entries, best] = [case.inputs[1].dims[0], case.outputs[0].dims[1]];
    // The few codes that stand for something, and any.
    let codes = (0..2 * entries).map(|_| match d.between(0, 9) {
        0 => d.0.next_u32() as u8,
        1..=4 => d.between(0, 4) as u8,
        5..=7 => 30,
        8 => 31,
        _ => 255,
    });
    let codes = codes.collect();
    let mut groups = d.arena(I16, &[entries]);
    groups.source = super::case::Source::Weights(codes);
    case.inputs.push(groups);
    let [line, rows] = [d.between(1, 4), case.inputs[0].dims[0]];
    let line = if rows % line == 0 { line } else { rows };
    let lists = rows / line * (2 * (line - 1) + 31);
    let scores = if x == F32 { F32 } else { I32 };
    case.outputs = [I32, scores]
        .map(|dtype| d.arena(dtype, &[lists, best]))
        .to_vec();
    case.attributes = vec![line];
    case
}

/// Height and width.
pub(super) type Sides = [u32; 2];

/// Kernel, stride and dilation of a window, zero for any.
pub(super) const ANY: [Sides; 3] = [[0; 2]; 3];

/// Attributes of a window over `[h, w]`, and the lengths that come of it.
pub(super) fn window(d: &mut Draw, sides: Sides, wanted: [Sides; 3]) -> (Vec<u32>, Sides) {
    let [mut kernel, mut stride, mut dilation, before] =
        [(1, 3), (1, 2), (1, 2), (0, 2)].map(|(low, high)| [0; 2].map(|_| d.between(low, high)));
    for (drawn, wanted) in [&mut kernel, &mut stride, &mut dilation]
        .into_iter()
        .zip(wanted)
    {
        for (drawn, wanted) in drawn.iter_mut().zip(wanted) {
            *drawn = if wanted == 0 { *drawn } else { wanted };
        }
    }
    let behind = [0; 2].map(|_| d.between(0, 2));
    let length = |axis: usize| {
        let reach = dilation[axis] * (kernel[axis] - 1) + 1;
        let padded = sides[axis] + before[axis] + behind[axis];
        padded.saturating_sub(reach) / stride[axis] + 1
    };
    let words = [kernel, stride, dilation, before].concat();
    (words, [length(0), length(1)])
}

pub(super) fn conv(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    if let Some(kind) = kind.checked_sub(3) {
        return depthwise::conv(d, kind, types);
    }
    let sides = [d.between(1, 6), d.between(1, 6)];
    // One group, some, each channel alone.
    let (groups, inner) = match kind {
        0 => (1, d.between(1, 9)),
        1 => (d.between(2, 3), d.between(2, 4)),
        _ => (d.between(2, 8), 1),
    };
    let outer = d.between(1, 3);
    convolution(d, types, sides, [groups, inner, outer], ANY)
}

/// A convolution of images with so many groups, channels in and out of each, and a window.
pub(super) fn convolution(
    d: &mut Draw,
    types: &[DType],
    [h, wide]: Sides,
    [groups, inner, outer]: [u32; 3],
    wanted: [Sides; 3],
) -> Option<Case> {
    let &[x, w, out] = types else { return None };
    let images = d.between(1, 2);
    let (mut attributes, [rows, columns]) = window(d, [h, wide], wanted);
    let (kh, kw) = (attributes[0], attributes[1]);
    attributes.extend(d.clamp(out));
    attributes.push(groups);
    let filters = groups * outer;
    let mut inputs = vec![d.arena(x, &[images, h, wide, groups * inner])];
    let dims = [filters, kh, kw, inner];
    inputs.extend(weighted(d, [x, w, out], kh * kw * inner, &dims)?);
    let outputs = vec![d.arena(out, &[images, rows, columns, filters])];
    Some(Case {
        inputs,
        outputs,
        attributes,
    })
}

pub(super) fn pool(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let [images, h, w, c] = [(1, 2), (1, 6), (1, 6), (1, 5)].map(|(a, b)| d.between(a, b));
    let (words, [rows, columns]) = window(d, [h, w], ANY);
    let x = d.arena(types[0], &[images, h, w, c]);
    Some(Case {
        outputs: vec![x.shaped(&[images, rows, columns, c])],
        inputs: vec![x],
        attributes: [&[kind][..], &words].concat(),
    })
}

pub(super) fn mat_mul(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let &[a, b, out] = types else { return None };
    let [m, n, k, batch] = [(1, 4), (1, 4), (1, 12), (2, 3)].map(|(a, b)| d.between(a, b));
    // Alone, as many matrices, one for all.
    let (left, right): (&[u32], &[u32]) = match kind {
        0 => (&[], &[]),
        1 => (&[batch], &[batch]),
        2 => (&[batch], &[]),
        _ => (&[1], &[batch]),
    };
    let leading = if left.len() + right.len() == 0 {
        vec![]
    } else {
        vec![batch]
    };
    let word = match a {
        F32 => 0,
        _ => d.scale(span(out) / (f64::from(k).sqrt() * span(a) * span(b) / 2.0))?,
    };
    Some(Case {
        inputs: vec![
            d.arena(a, &[left, &[m, k]].concat()),
            d.either(b, &[right, &[n, k]].concat(), 20),
        ],
        outputs: vec![d.arena(out, &[&leading[..], &[m, n]].concat())],
        attributes: vec![word],
    })
}

pub(super) fn gate(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let &[a, b, x, out] = types else { return None };
    let (axes, longest) = (d.between(1, 3), 6);
    let dims = d.dims(axes, longest);
    let mut inputs: Vec<Operand> = [a, b, x].map(|dtype| d.arena(dtype, &dims)).to_vec();
    let mut attributes = vec![0, 0];
    if out != F32 {
        let steep = d.real(1.0, 8.0) / 128.0;
        let entry = |i: i32| (math::sigmoid(i as f32 * steep) * 32767.0 + 0.5) as i16;
        let table: Vec<i16> = (-128..=128).map(entry).collect();
        let mut operand = d.arena(I16, &[257]);
        let bytes = bytemuck::cast_slice::<i16, u8>(&table).to_vec();
        operand.source = super::case::Source::Weights(bytes);
        inputs.push(operand);
        for (word, dtype) in attributes.iter_mut().zip([a, x]) {
            *word = d.scale(span(out) / span(dtype) / 128.0)?;
        }
    }
    let outputs = vec![d.arena(out, &dims)];
    Some(Case {
        inputs,
        outputs,
        attributes,
    })
}

pub(super) fn mean(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let &[x, out] = types else { return None };
    let [p, t, c] = [d.between(1, 3), d.between(1, 12), d.between(1, 6)];
    let word = match x {
        I8 | I16 => d.scale(span(out) / span(x) / f64::from(t) * 2.0)?,
        _ => 0,
    };
    Some(Case {
        inputs: vec![d.arena(x, &[p, t, c])],
        outputs: vec![d.arena(out, &[p, c])],
        attributes: vec![word],
    })
}

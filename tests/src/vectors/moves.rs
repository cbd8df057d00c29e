//! What moves elements, and what looks along an axis.

use super::case::{Case, Draw, Operand, is_quantised};
use qibu::format::DType::{self, I32};

/// A tensor `[outer, n, inner]` of a type.
fn lanes(d: &mut Draw, dtype: DType) -> (Operand, [u32; 3]) {
    let dims = [d.between(1, 3), d.between(1, 9), d.between(1, 4)];
    (d.arena(dtype, &dims), dims)
}

pub(super) fn reduce(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let (x, [outer, n, inner]) = lanes(d, types[0]);
    Some(Case {
        outputs: vec![x.shaped(&[outer, inner])],
        inputs: vec![x],
        attributes: vec![kind, n, inner],
    })
}

pub(super) fn arg_max(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let (x, [outer, n, inner]) = lanes(d, types[0]);
    Some(Case {
        inputs: vec![x],
        outputs: vec![d.arena(I32, &[outer, inner])],
        attributes: vec![n, inner, kind],
    })
}

pub(super) fn top_k(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let (x, [outer, n, inner]) = lanes(d, types[0]);
    let k = d.between(1, n);
    let kept = [outer, k, inner];
    Some(Case {
        outputs: vec![x.shaped(&kept), d.arena(I32, &kept)],
        inputs: vec![x],
        attributes: vec![n, inner, kind],
    })
}

pub(super) fn cum_sum(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let (x, [_, n, inner]) = lanes(d, types[0]);
    Some(Case {
        outputs: vec![x.clone()],
        inputs: vec![x],
        attributes: vec![n, inner, kind],
    })
}

/// Axes in another order, each whole, backwards, by every second element, or one element repeated.
pub(super) fn copy(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let axes = d.between(1, 4);
    let dims = d.dims(axes, 5);
    let mut order: Vec<usize> = (0..dims.len()).collect();
    for index in (1..order.len()).rev() {
        order.swap(index, d.between(0, index as u32) as usize);
    }
    let (mut base, mut lengths, mut strides) = (0i32, vec![1; 6], vec![0i32; 6]);
    let missing = 6 - dims.len();
    for (place, &axis) in order.iter().enumerate() {
        let step = dims[axis + 1..].iter().product::<u32>() as i32;
        let (length, stride) = match d.between(0, 6) {
            0 => {
                base += step * (dims[axis] as i32 - 1);
                (dims[axis], -step)
            }
            1 => (dims[axis].div_ceil(2), 2 * step),
            2 => (d.between(1, 3), 0),
            _ => (dims[axis], step),
        };
        (lengths[missing + place], strides[missing + place]) = (length, stride);
    }
    let x = d.arena(types[0], &dims);
    let words = strides.iter().map(|&stride| stride as u32);
    Some(Case {
        outputs: vec![x.shaped(&lengths[missing..])],
        inputs: vec![x],
        attributes: [base as u32]
            .into_iter()
            .chain(lengths.clone())
            .chain(words)
            .collect(),
    })
}

pub(super) fn pad(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let axes = d.between(1, 4);
    let dims = d.dims(axes, 4);
    let x = d.arena(types[0], &dims);
    let (mut before, mut steps, mut out) = ([0; 6], [0; 6], dims.clone());
    for (axis, length) in out.iter_mut().enumerate() {
        (before[axis], steps[axis]) = (d.between(0, 2), d.between(1, 2));
        *length = before[axis] + (*length - 1) * steps[axis] + 1 + d.between(0, 2);
    }
    let value = d.0.next_u32();
    Some(Case {
        outputs: vec![x.shaped(&out)],
        inputs: vec![x],
        attributes: [&[value][..], &before, &steps].concat(),
    })
}

pub(super) fn concat(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let (outer, parts) = (d.between(1, 3), d.between(1, 4));
    let mut attributes = vec![outer];
    let mut inputs = Vec::new();
    let mut columns = 0;
    for part in 0..4 {
        let mut word = 0;
        if part < parts {
            let width = d.between(1, 6);
            columns += width;
            inputs.push(d.either(types[0], &[outer, width], if part == 0 { 0 } else { 20 }));
            if kind == 1 && is_quantised(types[0]) && d.chance(70) {
                word = d.scale(0.7)?;
            }
        }
        attributes.push(word);
    }
    Some(Case {
        inputs,
        outputs: vec![d.arena(types[0], &[outer, columns])],
        attributes,
    })
}

pub(super) fn gather(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let &[table, out] = types else { return None };
    // The ids that are drawn are below nine.
    let [rows, width, count] = [d.between(9, 12), d.between(1, 5), d.between(1, 6)];
    let outer = match table {
        DType::I4 => 1,
        _ => d.between(1, 2),
    };
    let dims: &[u32] = match outer {
        1 => &[rows, width],
        _ => &[outer, rows, width],
    };
    let table = d.either(table, dims, 70);
    let out = Operand {
        scale: table.scale,
        zero_point: if out == table.dtype {
            table.zero_point
        } else {
            0
        },
        ..d.arena(out, &[outer, count, width])
    };
    Some(Case {
        inputs: vec![table, d.arena(I32, &[count])],
        outputs: vec![out],
        attributes: vec![rows, width],
    })
}

pub(super) fn scatter(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let [rows, width, count] = [d.between(9, 12), d.between(1, 4), d.between(1, 7)];
    let data = d.either(types[0], &[rows, width], 50);
    let updates = d.either(types[0], &[count, width], 30);
    let mut out = d.arena(types[0], &[rows, width]);
    (out.scale, out.zero_point) = (data.scale, data.zero_point);
    Some(Case {
        inputs: vec![data, d.arena(I32, &[count]), updates],
        outputs: vec![out],
        attributes: vec![kind, width],
    })
}

//! Functions of each element, and conversions.

use super::case::{Case, Draw, Operand, is_quantised, span};
use qibu::format::DType::{self, Bool, I8};

/// One operand, one output of its shape.
fn mapped(x: Operand, out: Operand, attributes: Vec<u32>) -> Option<Case> {
    Some(Case {
        inputs: vec![x],
        outputs: vec![out],
        attributes,
    })
}

fn shape(d: &mut Draw) -> Vec<u32> {
    let axes = d.between(0, 4);
    d.dims(axes, 5)
}

/// `Quantise`, `Dequantise`, `Cast`.
pub(super) fn convert(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let dims = shape(d);
    let [x, mut out] = [types[0], types[1]].map(|dtype| d.arena(dtype, &dims));
    // Steps of one make halves of the special floats.
    if types[0] == DType::F32 && is_quantised(types[1]) && d.chance(50) {
        out.scale = 1.0;
    }
    mapped(x, out, vec![])
}

/// Halves of special floats in every second one; the grids of bytes and of 16 bits.
pub(super) fn to_grid(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let dims = shape(d);
    let [x, mut out] = [types[0], types[1]].map(|dtype| d.arena(dtype, &dims));
    let scale = if d.chance(50) { 1.0 } else { d.real(0.01, 0.1) };
    out.scale = scale;
    let (low, high) = match types[1] {
        I8 => (-128, 127),
        _ if d.chance(50) => (0, 255),
        _ => (-32_768, 32_767),
    };
    let zero_point = low + d.between(0, (high - low) as u32) as i32;
    if types[1] == I8 {
        out.zero_point = zero_point;
    }
    let integers = [zero_point, low, high].map(|integer| integer as u32);
    mapped(x, out, [&[scale.to_bits()][..], &integers].concat())
}

pub(super) fn unary(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let dims = shape(d);
    let [x, out] = [0; 2].map(|_| d.arena(types[0], &dims));
    let alpha = d.real(-1.5, 1.5);
    let beta = alpha + d.real(0.0, 2.0);
    let attributes = vec![kind, alpha.to_bits(), beta.to_bits()];
    let mut case = mapped(x, out, attributes)?;
    if types[0] == I8 {
        // The table form ignores the function.
        case.inputs.push(d.constant(I8, &[256]));
        (kind == 0).then_some(case)
    } else {
        Some(case)
    }
}

/// `Add` and `Mul`: the second operand is as long, or a part that repeats.
fn arithmetic(d: &mut Draw, types: &[DType], factors: &[f64]) -> Option<Case> {
    let &[a, b, out] = types else { return None };
    let axes = d.between(1, 3);
    let dims = d.dims(axes, 6);
    let short = &dims[d.between(0, dims.len() as u32) as usize..];
    let whole = d.chance(50);
    let other = if whole { &dims[..] } else { short };
    let mut attributes = Vec::new();
    for &factor in factors {
        attributes.push(if is_quantised(a) { d.scale(factor)? } else { 0 });
    }
    attributes.extend(d.clamp(out));
    Some(Case {
        inputs: vec![d.arena(a, &dims), d.either(b, other, 30)],
        outputs: vec![d.arena(out, &dims)],
        attributes,
    })
}

pub(super) fn add(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let &[a, b, out] = types else { return None };
    let factors = [a, b].map(|dtype| span(out) / span(dtype) / 256.0);
    arithmetic(d, types, &factors)
}

pub(super) fn mul(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let &[a, b, out] = types else { return None };
    arithmetic(d, types, &[span(out) / (span(a) * span(b)) * 2.0])
}

/// Shapes that broadcast to the first, which has one to four axes.
fn broadcast(d: &mut Draw, count: usize) -> (Vec<u32>, Vec<Vec<u32>>) {
    let axes = d.between(1, 4);
    let dims = d.dims(axes, 4);
    let shapes = (0..count).map(|index| {
        if index == 0 && d.chance(60) {
            return dims.clone();
        }
        let kept = &dims[d.between(0, axes) as usize..];
        let narrow = |&dim: &u32| if d.chance(30) { 1 } else { dim };
        kept.iter().map(narrow).collect()
    });
    let shapes: Vec<Vec<u32>> = shapes.collect();
    // What no operand reaches is of length one.
    let reach = |axis: usize| {
        let length = |shape: &Vec<u32>| {
            let from = (axis + shape.len()).checked_sub(dims.len());
            from.map_or(1, |at| shape[at])
        };
        shapes.iter().map(length).max().unwrap_or(1)
    };
    ((0..dims.len()).map(reach).collect(), shapes)
}

pub(super) fn binary(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let &[x, out] = types else { return None };
    let (dims, shapes) = broadcast(d, 2);
    Some(Case {
        inputs: vec![d.arena(x, &shapes[0]), d.either(x, &shapes[1], 25)],
        outputs: vec![d.arena(out, &dims)],
        attributes: vec![kind],
    })
}

pub(super) fn choose(d: &mut Draw, _: u32, types: &[DType]) -> Option<Case> {
    let (dims, shapes) = broadcast(d, 3);
    let out = d.arena(types[0], &dims);
    let mut other = d.either(types[0], &shapes[2], 25);
    (other.scale, other.zero_point) = (out.scale, out.zero_point);
    Some(Case {
        inputs: vec![d.arena(Bool, &shapes[0]), out.shaped(&shapes[1]), other],
        outputs: vec![out],
        attributes: vec![],
    })
}

pub(super) fn softmax(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let [outer, n, inner] = [d.between(1, 3), d.between(1, 10), d.between(1, 3)];
    let dims = [outer, n, inner];
    let [x, out] = [0; 2].map(|_| d.arena(types[0], &dims));
    mapped(x, out, vec![n, inner, kind])
}

pub(super) fn normalise(d: &mut Draw, kind: u32, types: &[DType]) -> Option<Case> {
    let (rows, n) = (d.between(1, 4), d.between(1, 12));
    let [x, out] = [0; 2].map(|_| d.arena(types[0], &[rows, n]));
    let epsilon = if d.chance(50) { 1e-5f32 } else { 0.0 };
    mapped(x, out, vec![n, epsilon.to_bits(), kind])
}

//! Operators that move, repeat, join or cut, and such as compute nothing new but other lengths.

use super::growth::Growth;
use super::{Grow, Kind, Value};
use qibu_compiler::onnx::attribute;

pub(super) const TABLE: &[Grow] = &[
    shaped, transpose, transpose, reshape, reshape, flatten, squeeze, unsqueeze, slice, slice,
    concat, concat, split, pad, pad, expand, tile, blocks, blocks, resize, triangle,
];

fn signed(list: &[usize]) -> Vec<i64> {
    list.iter().map(|&n| n as i64).collect()
}

fn transpose(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| value.shape.len() > 1)?;
    let order = match growth.chance(15) {
        true => (0..x.shape.len()).rev().collect(),
        false => growth.order(x.shape.len()),
    };
    let attributes = match order.iter().rev().copied().eq(0..x.shape.len()) {
        true => vec![],
        false => vec![attribute::ints("perm", &signed(&order))],
    };
    let y = growth.node("Transpose", &[&x.name], attributes);
    let shape: Vec<usize> = order.iter().map(|&axis| x.shape[axis]).collect();
    growth.result(y, &shape, &x);
    Some(())
}

fn reshape(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|_| true)?;
    let count: usize = x.shape.iter().product();
    let mut shape = x.shape.clone();
    match growth.pick(4) {
        // Two neighbours become one.
        0 if shape.len() > 1 => {
            let at = growth.pick(shape.len() - 1);
            shape[at] *= shape.remove(at + 1);
        }
        // One becomes two.
        1 if !shape.is_empty() && shape.len() < 4 => {
            let at = growth.pick(shape.len());
            let divisors: Vec<usize> = (1..=shape[at])
                .filter(|d| shape[at].is_multiple_of(*d))
                .collect();
            let first = growth.one(&divisors);
            shape[at] /= first;
            shape.insert(at, first);
        }
        _ => {
            let divisors: Vec<usize> = (1..=count).filter(|d| count.is_multiple_of(*d)).collect();
            let first = growth.one(&divisors);
            let rest: Vec<usize> = (1..=count / first)
                .filter(|d| (count / first).is_multiple_of(*d))
                .collect();
            let second = growth.one(&rest);
            shape = vec![first, second, count / first / second];
        }
    }
    let mut listed = signed(&shape);
    if !shape.is_empty() {
        let at = growth.pick(shape.len());
        match growth.pick(4) {
            0 => listed[at] = -1,
            1 if x.shape.get(at) == Some(&shape[at]) => listed[at] = 0,
            _ => {}
        }
    }
    let list = growth.list(&listed);
    let y = growth.node("Reshape", &[&x.name, &list], vec![]);
    growth.result(y, &shape, &x);
    Some(())
}

/// A shape computed from that of a value, as exporters write it: [first, rest].
fn shaped(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| shape.len() > 1)?;
    let shape = growth.node("Shape", &[&x.name], vec![]);
    let zero = growth.list(&[0]);
    let first = growth.node("Gather", &[&shape, &zero], vec![]);
    let rest = growth.list(&[-1]);
    let both = growth.node("Concat", &[&first, &rest], vec![attribute::int("axis", 0)]);
    let y = growth.node("Reshape", &[&x.name, &both], vec![]);
    growth.result(y, &[x.shape[0], x.shape[1..].iter().product()], &x);
    Some(())
}

fn flatten(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| shape.len() > 1)?;
    let axis = growth.between(0, x.shape.len());
    let y = growth.node(
        "Flatten",
        &[&x.name],
        vec![attribute::int("axis", axis as i64)],
    );
    let (head, tail) = x.shape.split_at(axis);
    growth.result(y, &[head.iter().product(), tail.iter().product()], &x);
    Some(())
}

fn squeeze(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| value.shape.contains(&1))?;
    let ones: Vec<usize> = (0..x.shape.len())
        .filter(|&axis| x.shape[axis] == 1)
        .collect();
    let (y, dropped) = if growth.chance(30) {
        (growth.node("Squeeze", &[&x.name], vec![]), ones)
    } else {
        let chosen: Vec<usize> = growth
            .some(ones.len())
            .into_iter()
            .map(|i| ones[i])
            .collect();
        let listed: Vec<i64> = chosen
            .iter()
            .map(|&a| growth.signed(a, x.shape.len()))
            .collect();
        let list = growth.list(&listed);
        (growth.node("Squeeze", &[&x.name, &list], vec![]), chosen)
    };
    let kept = (0..x.shape.len()).filter(|axis| !dropped.contains(axis));
    let shape: Vec<usize> = kept.map(|axis| x.shape[axis]).collect();
    growth.result(y, &shape, &x);
    Some(())
}

fn unsqueeze(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| value.shape.len() < 4)?;
    let rank = x.shape.len() + 1;
    let axis = growth.pick(rank);
    let listed = growth.signed(axis, rank);
    let list = growth.list(&[listed]);
    let y = growth.node("Unsqueeze", &[&x.name, &list], vec![]);
    let mut shape = x.shape.clone();
    shape.insert(axis, 1);
    growth.result(y, &shape, &x);
    Some(())
}

fn slice(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| !value.shape.is_empty())?;
    let rank = x.shape.len();
    let axes = growth.some(rank);
    let (mut shape, mut starts, mut ends, mut steps) = (x.shape.clone(), vec![], vec![], vec![]);
    for &axis in &axes {
        let length = x.shape[axis];
        let (first, step) = (growth.pick(length), growth.one(&[1usize, 1, 2, 3]));
        if growth.chance(25) {
            // Backwards, to the beginning or to before it.
            starts.push(growth.signed(first, length));
            let until = growth.pick(first + 1);
            let whole = growth.chance(50);
            ends.push(if whole { i64::MIN / 2 } else { until as i64 });
            steps.push(-(step as i64));
            let span = if whole { first + 1 } else { first - until };
            shape[axis] = span.div_ceil(step);
        } else {
            let until = growth.between(first + 1, length);
            let beyond = until == length && growth.chance(50);
            starts.push(growth.signed(first, length));
            ends.push(if beyond { i64::MAX } else { until as i64 });
            steps.push(step as i64);
            shape[axis] = (until - first).div_ceil(step);
        }
    }
    let listed: Vec<i64> = axes.iter().map(|&axis| growth.signed(axis, rank)).collect();
    let names = [starts, ends, listed, steps].map(|list| growth.list(&list));
    let inputs: Vec<&str> = [x.name.as_str()]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let y = growth.node("Slice", &inputs, vec![]);
    growth.result(y, &shape, &x);
    Some(())
}

fn concat(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| !value.shape.is_empty())?;
    let rank = x.shape.len();
    let axis = growth.pick(rank);
    let mut parts = vec![x.clone()];
    for _ in 0..growth.between(1, 2) {
        let fits = |other: &Value| {
            let mut shape = other.shape.clone();
            if shape.len() != rank || other.kind != x.kind {
                return false;
            }
            shape[axis] = x.shape[axis];
            shape == x.shape
        };
        let constant = x.kind == Kind::Real && growth.chance(25);
        parts.push(if constant {
            let mut shape = x.shape.clone();
            shape[axis] = growth.between(1, 3);
            Value {
                name: growth.weights(&shape, 1.5),
                shape,
                bound: 1.5,
                ..Value::default()
            }
        } else {
            growth.value(fits)?
        });
    }
    let order = growth.order(parts.len());
    let inputs: Vec<&str> = order.iter().map(|&i| parts[i].name.as_str()).collect();
    let listed = growth.signed(axis, rank);
    let y = growth.node("Concat", &inputs, vec![attribute::int("axis", listed)]);
    let mut shape = x.shape.clone();
    shape[axis] = parts.iter().map(|part| part.shape[axis]).sum();
    let bound = parts.iter().fold(0.0f32, |most, part| most.max(part.bound));
    let stepped = parts.iter().any(|part| part.stepped);
    growth.result(
        y,
        &shape,
        &Value {
            bound,
            stepped,
            ..x
        },
    );
    Some(())
}

fn split(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| value.shape.iter().any(|&dim| dim > 1))?;
    let long: Vec<usize> = (0..x.shape.len())
        .filter(|&axis| x.shape[axis] > 1)
        .collect();
    let axis = growth.one(&long);
    let length = x.shape[axis];
    let listed = growth.signed(axis, x.shape.len());
    let mut attributes = vec![attribute::int("axis", listed)];
    let first = growth.between(1, length - 1);
    let (names, sizes) = if length.is_multiple_of(2) && growth.chance(50) {
        attributes.push(attribute::int("num_outputs", 2));
        let names = growth.nodes("Split", &[&x.name], attributes, 2);
        (names, vec![length / 2; 2])
    } else {
        let sizes = vec![first, length - first];
        let list = growth.list(&signed(&sizes));
        let names = growth.nodes("Split", &[&x.name, &list], attributes, 2);
        (names, sizes)
    };
    for (name, size) in names.into_iter().zip(sizes) {
        let mut shape = x.shape.clone();
        shape[axis] = size;
        growth.result(name, &shape, &x);
    }
    Some(())
}

fn pad(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let mode = growth.one(&[
        "constant", "constant", "constant", "reflect", "edge", "wrap",
    ]);
    let rank = x.shape.len();
    let axes = growth.some(rank);
    let mut shape = x.shape.clone();
    let (mut before, mut after) = (vec![], vec![]);
    for &axis in &axes {
        let most = match mode {
            "reflect" => x.shape[axis] - 1,
            "wrap" => x.shape[axis],
            _ => 3,
        };
        let (low, high) = (growth.pick(most.min(2) + 1), growth.pick(most.min(2) + 1));
        shape[axis] += low + high;
        before.push(low as i64);
        after.push(high as i64);
        // A negative amount crops.
        if mode == "constant" && growth.chance(15) && x.shape[axis] > 2 && low == 0 {
            *before.last_mut()? = -1;
            shape[axis] -= 1;
        }
    }
    before.extend(after);
    let list = growth.list(&before);
    let listed: Vec<i64> = axes.iter().map(|&axis| growth.signed(axis, rank)).collect();
    let listed = growth.list(&listed);
    let value = match mode == "constant" && growth.chance(40) {
        true => {
            let value = growth.float(-1.0, 1.0);
            growth.real_constant(&[], vec![value])
        }
        false => String::new(),
    };
    let attributes = vec![attribute::string("mode", mode)];
    let y = growth.node("Pad", &[&x.name, &list, &value, &listed], attributes);
    growth.result(y, &shape, &x);
    Some(())
}

fn expand(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| value.shape.contains(&1) || value.shape.len() < 3)?;
    let mut shape = x.shape.clone();
    for dim in shape.iter_mut().filter(|dim| **dim == 1) {
        *dim = growth.between(1, 3);
    }
    if shape.len() < 4 && growth.chance(40) {
        shape.insert(0, growth.between(1, 3));
    }
    // Where the axis is longer, 1 leaves it as it is.
    let asked: Vec<i64> = (0..shape.len())
        .map(|axis| {
            let own = (axis + x.shape.len()).checked_sub(shape.len());
            let same = own.is_some_and(|own| x.shape[own] == shape[axis]);
            if same && growth.chance(40) {
                1
            } else {
                shape[axis] as i64
            }
        })
        .collect();
    let list = growth.list(&asked);
    let y = growth.node("Expand", &[&x.name, &list], vec![]);
    growth.result(y, &shape, &x);
    Some(())
}

fn tile(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| !value.shape.is_empty())?;
    let repeats: Vec<usize> = x.shape.iter().map(|_| growth.one(&[1, 1, 2, 3])).collect();
    let list = growth.list(&signed(&repeats));
    let y = growth.node("Tile", &[&x.name, &list], vec![]);
    let shape: Vec<usize> = x.shape.iter().zip(&repeats).map(|(a, b)| a * b).collect();
    growth.result(y, &shape, &x);
    Some(())
}

/// DepthToSpace and SpaceToDepth.
fn blocks(growth: &mut Growth) -> Option<()> {
    let two = vec![attribute::int("blocksize", 2)];
    if growth.chance(50) {
        let x = growth.real(|shape| shape.len() == 4 && shape[1].is_multiple_of(4))?;
        let mut attributes = two;
        let mode = growth.one(&["DCR", "CRD"]);
        attributes.push(attribute::string("mode", mode));
        let y = growth.node("DepthToSpace", &[&x.name], attributes);
        let shape = [x.shape[0], x.shape[1] / 4, x.shape[2] * 2, x.shape[3] * 2];
        growth.result(y, &shape, &x);
        return Some(());
    }
    let even = |n: usize| n.is_multiple_of(2);
    let x = growth.real(|shape| shape.len() == 4 && even(shape[2]) && even(shape[3]))?;
    let y = growth.node("SpaceToDepth", &[&x.name], two);
    let shape = [x.shape[0], x.shape[1] * 4, x.shape[2] / 2, x.shape[3] / 2];
    growth.result(y, &shape, &x);
    Some(())
}

fn resize(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| matches!(shape.len(), 3 | 4))?;
    let spatial = x.shape.len() - 2;
    let mut shape = x.shape.clone();
    let mode = growth.one(&["nearest", "nearest", "linear", "cubic"]);
    if mode == "cubic" && spatial == 1 {
        return None;
    }
    let transform = growth.one(&[
        "half_pixel",
        "asymmetric",
        "align_corners",
        "pytorch_half_pixel",
    ]);
    let mut attributes = vec![
        attribute::string("mode", mode),
        attribute::string("coordinate_transformation_mode", transform),
    ];
    if mode == "nearest" {
        let nearest = growth.one(&["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]);
        attributes.push(attribute::string("nearest_mode", nearest));
    }
    // Of a length that a scale rounds, ONNX's tests keep the fraction to align corners by, ONNX
    // Runtime does not.
    let y = if transform != "align_corners" && growth.chance(50) {
        let mut scales = vec![1.0; shape.len()];
        for axis in 2..shape.len() {
            let scale = growth.one(&[0.5f32, 1.5, 2.0, 2.0, 3.0]);
            shape[axis] = (shape[axis] as f32 * scale).floor() as usize;
            scales[axis] = scale;
        }
        let scales = growth.real_constant(&[shape.len()], scales);
        growth.node("Resize", &[&x.name, "", &scales], attributes)
    } else {
        for dim in &mut shape[2..] {
            *dim = growth.between(1, 2 * *dim);
        }
        let sizes = growth.list(&signed(&shape));
        growth.node("Resize", &[&x.name, "", "", &sizes], attributes)
    };
    growth.result(
        y,
        &shape,
        &Value {
            bound: 1.5 * x.bound,
            ..x
        },
    );
    Some(())
}

fn triangle(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| shape.len() > 1)?;
    let upper = attribute::int("upper", growth.pick(2) as i64);
    let y = if growth.chance(50) {
        let k = growth.pick(3) as i64 - 1;
        let k = growth.whole_constant(&[], &[k]);
        growth.node("Trilu", &[&x.name, &k], vec![upper])
    } else {
        growth.node("Trilu", &[&x.name], vec![upper])
    };
    growth.result(y, &x.shape, &x);
    Some(())
}

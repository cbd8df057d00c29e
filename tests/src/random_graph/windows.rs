//! Convolutions and pools over sequences and pictures, with every kind of padding.

use super::growth::Growth;
use super::products::fan_in;
use super::{Grow, Value};
use qibu_compiler::onnx::{AttributeProto, attribute};

pub(super) const TABLE: &[Grow] = &[conv, conv, conv, conv, pool, pool, global, block];

/// Window attributes that fit the spatial axes, with the lengths that come out.
struct Window {
    attributes: Vec<AttributeProto>,
    kernel: Vec<usize>,
    lengths: Vec<usize>,
}

/// Draws a window; `None` where it does not fit.
fn window(growth: &mut Growth, spatial: &[usize], dilated: bool, pads: bool) -> Option<Window> {
    let one = |growth: &mut Growth, of: &[usize]| -> Vec<usize> {
        spatial.iter().map(|_| growth.one(of)).collect()
    };
    let kernel = one(growth, &[1, 2, 3, 3, 4]);
    let strides = one(growth, &[1, 1, 2, 3]);
    let dilations = if dilated && growth.chance(35) {
        one(growth, &[1, 2, 3])
    } else {
        vec![1; spatial.len()]
    };
    let reach: Vec<usize> = kernel
        .iter()
        .zip(&dilations)
        .map(|(k, d)| (k - 1) * d + 1)
        .collect();
    let list = |items: &[usize]| items.iter().map(|&n| n as i64).collect::<Vec<i64>>();
    let mut attributes = vec![];
    if strides.iter().any(|&s| s != 1) || growth.chance(30) {
        attributes.push(attribute::ints("strides", &list(&strides)));
    }
    if dilations.iter().any(|&d| d != 1) {
        attributes.push(attribute::ints("dilations", &list(&dilations)));
    }
    // Windows further apart than they are wide would need less than no padding.
    let apart = |(k, s): (&usize, &usize)| k < s;
    let same = pads
        && growth.chance(20)
        && dilations.iter().all(|&d| d == 1)
        && !kernel.iter().zip(&strides).any(apart);
    let lengths = if same {
        let mode = growth.one(&["SAME_UPPER", "SAME_LOWER"]);
        attributes.push(attribute::string("auto_pad", mode));
        let pairs = spatial.iter().zip(&strides);
        pairs.map(|(n, s)| n.div_ceil(*s)).collect()
    } else {
        let mut pad = |axis: usize| match pads && growth_pads(growth) {
            true => growth.between(0, (kernel[axis] - 1).min(2)),
            false => 0,
        };
        let before: Vec<usize> = (0..spatial.len()).map(&mut pad).collect();
        let after: Vec<usize> = (0..spatial.len()).map(&mut pad).collect();
        let all = [&before[..], &after].concat();
        if all.iter().any(|&n| n > 0) {
            attributes.push(attribute::ints("pads", &list(&all)));
        }
        (0..spatial.len())
            .map(|axis| {
                let room = spatial[axis] + before[axis] + after[axis];
                Some(room.checked_sub(reach[axis])? / strides[axis] + 1)
            })
            .collect::<Option<Vec<usize>>>()?
    };
    Some(Window {
        attributes,
        kernel,
        lengths,
    })
}

fn growth_pads(growth: &mut Growth) -> bool {
    growth.chance(60)
}

/// A convolution, often with what follows one in networks: normalisation, activation.
fn conv(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| matches!(shape.len(), 3 | 4))?;
    let channels = x.shape[1];
    let x = if growth.chance(10) {
        padded(growth, &x)
    } else {
        x
    };
    let mut window = window(growth, &x.shape[2..], true, true)?;
    let divisors: Vec<usize> = (1..=channels)
        .filter(|g| channels.is_multiple_of(*g))
        .collect();
    let group = match growth.pick(10) {
        0..=4 => 1,
        5..=7 => channels,
        _ => growth.one(&divisors),
    };
    let multiple = growth.between(1, if group == 1 { 8 } else { 2 });
    let outer = group * multiple;
    if group != 1 {
        window
            .attributes
            .push(attribute::int("group", group as i64));
    }
    let mut shape = vec![outer, channels / group];
    shape.extend(&window.kernel);
    let terms = shape[1..].iter().product();
    if growth.chance(50) {
        let kernel: Vec<i64> = window.kernel.iter().map(|&k| k as i64).collect();
        window
            .attributes
            .push(attribute::ints("kernel_shape", &kernel));
    }
    let weights = growth.weights(&shape, fan_in(terms));
    let mut y = if growth.chance(60) {
        let bias = growth.weights(&[outer], 0.5);
        growth.node("Conv", &[&x.name, &weights, &bias], window.attributes)
    } else {
        growth.node("Conv", &[&x.name, &weights], window.attributes)
    };
    if growth.chance(25) {
        let mut along = vec![1; window.lengths.len() + 1];
        along[0] = outer;
        let (scale, shift) = (growth.weights(&along, 1.3), growth.weights(&along, 0.5));
        y = growth.node("Mul", &[&y, &scale], vec![]);
        y = growth.node("Add", &[&y, &shift], vec![]);
    }
    match growth.pick(5) {
        0 | 1 => y = growth.node("Relu", &[&y], vec![]),
        2 => {
            let (low, high) = (
                growth.real_constant(&[], vec![0.0]),
                growth.real_constant(&[], vec![6.0]),
            );
            y = growth.node("Clip", &[&y, &low, &high], vec![]);
        }
        _ => {}
    }
    let mut shape = vec![x.shape[0], outer];
    shape.extend(window.lengths);
    growth.result(
        y,
        &shape,
        &Value {
            bound: 1.5 * x.bound + 0.5,
            ..x.clone()
        },
    );
    Some(())
}

/// Zeros around the spatial axes, by a node of their own.
fn padded(growth: &mut Growth, x: &Value) -> Value {
    let spatial = x.shape.len() - 2;
    let sides: Vec<usize> = (0..2 * spatial).map(|_| growth.pick(2)).collect();
    let (before, after) = sides.split_at(spatial);
    let mut pads = Vec::new();
    for side in [before, after] {
        pads.extend([0, 0]);
        pads.extend(side.iter().map(|&n| n as i64));
    }
    let list = growth.list(&pads);
    let mut shape = x.shape.clone();
    for axis in 0..spatial {
        shape[2 + axis] += before[axis] + after[axis];
    }
    Value {
        name: growth.node("Pad", &[&x.name, &list], vec![]),
        shape,
        ..x.clone()
    }
}

fn pool(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| matches!(shape.len(), 3 | 4))?;
    let op = growth.one(&["MaxPool", "AveragePool"]);
    // Both at once could give a window all of whose taps are padding: ONNX does not say what then.
    let padded = growth.chance(60);
    let mut window = window(growth, &x.shape[2..], !padded, padded)?;
    let kernel: Vec<i64> = window.kernel.iter().map(|&k| k as i64).collect();
    window
        .attributes
        .push(attribute::ints("kernel_shape", &kernel));
    if op == "AveragePool" && growth.chance(40) {
        window
            .attributes
            .push(attribute::int("count_include_pad", 1));
    }
    let y = growth.node(op, &[&x.name], window.attributes);
    let mut shape = x.shape[..2].to_vec();
    shape.extend(window.lengths);
    growth.result(y, &shape, &x);
    Some(())
}

fn global(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| matches!(shape.len(), 3 | 4))?;
    let op = growth.one(&["GlobalAveragePool", "GlobalMaxPool"]);
    if !super::norms::known(op) {
        return None;
    }
    let y = growth.node(op, &[&x.name], vec![]);
    let mut shape = x.shape[..2].to_vec();
    shape.resize(x.shape.len(), 1);
    growth.result(y, &shape, &x);
    Some(())
}

/// x + conv(relu(conv(x))), padded to keep the shape.
fn block(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| matches!(shape.len(), 3 | 4))?;
    let (channels, spatial) = (x.shape[1], x.shape.len() - 2);
    let mut shape = vec![channels, channels];
    shape.resize(2 + spatial, 3);
    let terms = shape[1..].iter().product();
    let pads = || vec![attribute::ints("pads", &vec![1; 2 * spatial])];
    let (first, second) = (
        growth.weights(&shape, fan_in(terms)),
        growth.weights(&shape, fan_in(terms)),
    );
    let bias = growth.weights(&[channels], 0.3);
    let y = growth.node("Conv", &[&x.name, &first, &bias], pads());
    let y = growth.node("Relu", &[&y], vec![]);
    let y = growth.node("Conv", &[&y, &second], pads());
    let y = growth.node("Add", &[&y, &x.name], vec![]);
    growth.result(
        y,
        &x.shape,
        &Value {
            bound: 2.5 * x.bound,
            ..x.clone()
        },
    );
    Some(())
}

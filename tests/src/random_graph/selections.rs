//! Operators that look for elements, or take and place them by index.

use super::growth::Growth;
use super::{Grow, Kind, Value};
use qibu_compiler::onnx::attribute;

pub(super) const TABLE: &[Grow] = &[
    gather,
    gather,
    embedding,
    gather_elements,
    gather_nd,
    scatter_elements,
    scatter_nd,
    top_k,
    arg_max,
    one_hot,
];

/// Indices below `below`: known, or an input of the graph.
fn indices(growth: &mut Growth, shape: &[usize], below: usize) -> String {
    if growth.chance(50) {
        return growth.input(shape, Kind::Index(below)).name;
    }
    let count = shape.iter().product();
    let values: Vec<i64> = (0..count)
        .map(|_| {
            let index = growth.pick(below);
            growth.signed(index, below)
        })
        .collect();
    growth.whole_constant(shape, &values)
}

fn gather(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| !value.shape.is_empty())?;
    let axis = growth.pick(x.shape.len());
    let most = if x.shape.len() < 4 { 2 } else { 1 };
    let rank = growth.between(0, most);
    let of: Vec<usize> = (0..rank).map(|_| growth.between(1, 4)).collect();
    let picked = indices(growth, &of, x.shape[axis]);
    let listed = growth.signed(axis, x.shape.len());
    let y = growth.node(
        "Gather",
        &[&x.name, &picked],
        vec![attribute::int("axis", listed)],
    );
    let shape = [&x.shape[..axis], &of, &x.shape[axis + 1..]].concat();
    growth.result(y, &shape, &x);
    Some(())
}

/// Rows of a known table.
fn embedding(growth: &mut Growth) -> Option<()> {
    let (rows, width) = (growth.between(2, 9), growth.between(1, 8));
    let table = growth.weights(&[rows, width], 1.5);
    let of = [1, growth.between(1, 6)];
    let ids = growth.input(&of, Kind::Index(rows));
    let y = growth.node("Gather", &[&table, &ids.name], vec![]);
    growth.result(
        y,
        &[1, of[1], width],
        &Value {
            bound: 1.5,
            ..Value::default()
        },
    );
    Some(())
}

fn gather_elements(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let axis = growth.pick(x.shape.len());
    let mut of: Vec<usize> = x.shape.iter().map(|&dim| growth.between(1, dim)).collect();
    of[axis] = growth.between(1, 4);
    let picked = indices(growth, &of, x.shape[axis]);
    let listed = growth.signed(axis, x.shape.len());
    let attributes = vec![attribute::int("axis", listed)];
    let y = growth.node("GatherElements", &[&x.name, &picked], attributes);
    growth.result(y, &of, &x);
    Some(())
}

fn gather_nd(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| shape.len() > 1)?;
    // One number serves as an index of every axis.
    let span = growth.between(1, x.shape.len());
    let below = *x.shape[..span].iter().min()?;
    let count = growth.between(1, 4);
    let picked = indices(growth, &[count, span], below);
    let y = growth.node("GatherND", &[&x.name, &picked], vec![]);
    let shape = [&[count], &x.shape[span..]].concat();
    growth.result(y, &shape, &x);
    Some(())
}

/// How updates are combined; without a reduction indices must differ.
const REDUCTIONS: [&str; 4] = ["add", "mul", "max", "min"];

fn updates(growth: &mut Growth, shape: &[usize]) -> Value {
    match growth.real(|other| other == shape) {
        Some(found) => growth.tamed(found, 2.0),
        None => Value {
            name: growth.weights(shape, 1.5),
            ..Value::default()
        },
    }
}

fn scatter_elements(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let rank = x.shape.len();
    let axis = growth.pick(rank);
    let mut of = x.shape.clone();
    of[axis] = growth.between(1, x.shape[axis]);
    let mut attributes = vec![attribute::int("axis", growth.signed(axis, rank))];
    let places = if growth.chance(50) {
        attributes.push(attribute::string("reduction", growth.one(&REDUCTIONS)));
        indices(growth, &of, x.shape[axis])
    } else {
        // The same places, all different, in every line along the axis.
        let order = growth.order(x.shape[axis]);
        let inner: usize = of[axis + 1..].iter().product();
        let count: usize = of.iter().product();
        let places: Vec<i64> = (0..count)
            .map(|flat| order[flat / inner % of[axis]] as i64)
            .collect();
        growth.whole_constant(&of, &places)
    };
    let updates = updates(growth, &of);
    let inputs = [x.name.as_str(), &places, &updates.name];
    let y = growth.node("ScatterElements", &inputs, attributes);
    let (bound, stepped) = (x.bound * 2.0 + 2.0, x.stepped || updates.stepped);
    growth.result(
        y,
        &x.shape,
        &Value {
            bound,
            stepped,
            ..x.clone()
        },
    );
    Some(())
}

fn scatter_nd(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let span = growth.between(1, x.shape.len());
    let below = *x.shape[..span].iter().min()?;
    let mut attributes = vec![];
    let (count, places) = if growth.chance(50) {
        attributes.push(attribute::string("reduction", growth.one(&REDUCTIONS)));
        let count = growth.between(1, 4);
        (count, indices(growth, &[count, span], below))
    } else {
        let count = growth.between(1, below);
        let order = growth.order(below);
        let tuples = order[..count].iter().flat_map(|&n| vec![n as i64; span]);
        let tuples: Vec<i64> = tuples.collect();
        (count, growth.whole_constant(&[count, span], &tuples))
    };
    let of = [&[count], &x.shape[span..]].concat();
    let updates = updates(growth, &of);
    let inputs = [x.name.as_str(), &places, &updates.name];
    let y = growth.node("ScatterND", &inputs, attributes);
    let (bound, stepped) = (x.bound * 2.0 + 2.0, x.stepped || updates.stepped);
    growth.result(
        y,
        &x.shape,
        &Value {
            bound,
            stepped,
            ..x.clone()
        },
    );
    Some(())
}

fn top_k(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let axis = growth.pick(x.shape.len());
    let k = growth.between(1, x.shape[axis]);
    let listed = growth.signed(axis, x.shape.len());
    let largest = growth.pick(2) as i64;
    let attributes = vec![
        attribute::int("axis", listed),
        attribute::int("largest", largest),
    ];
    let count = growth.list(&[k as i64]);
    let names = growth.nodes("TopK", &[&x.name, &count], attributes, 2);
    let mut shape = x.shape.clone();
    shape[axis] = k;
    let mut names = names.into_iter();
    growth.result(names.next()?, &shape, &x);
    let kind = Kind::Whole;
    growth.result(
        names.next()?,
        &shape,
        &Value {
            kind,
            stepped: true,
            ..x
        },
    );
    Some(())
}

fn arg_max(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|shape| !shape.is_empty())?;
    let axis = growth.pick(x.shape.len());
    let op = growth.one(&["ArgMax", "ArgMin"]);
    let listed = growth.signed(axis, x.shape.len());
    let keep = growth.chance(50);
    let attributes = vec![
        attribute::int("axis", listed),
        attribute::int("keepdims", keep.into()),
        attribute::int("select_last_index", growth.pick(2) as i64),
    ];
    let y = growth.node(op, &[&x.name], attributes);
    let mut shape = x.shape.clone();
    match keep {
        true => shape[axis] = 1,
        false => {
            shape.remove(axis);
        }
    }
    let kind = Kind::Whole;
    growth.result(
        y,
        &shape,
        &Value {
            kind,
            stepped: true,
            ..x
        },
    );
    Some(())
}

fn one_hot(growth: &mut Growth) -> Option<()> {
    let shape = [growth.between(1, 5)];
    let depth = growth.between(2, 6);
    let ids = growth.input(&shape, Kind::Index(depth));
    let count = growth.whole_constant(&[], &[depth as i64]);
    let (off, on) = (growth.float(-1.0, 0.0), growth.float(0.5, 2.0));
    let values = growth.real_constant(&[2], vec![off, on]);
    let axis = growth.one(&[-1, 0, 1]);
    let inputs = [ids.name.as_str(), &count, &values];
    let y = growth.node("OneHot", &inputs, vec![attribute::int("axis", axis)]);
    let shape = if axis == 0 {
        [depth, shape[0]]
    } else {
        [shape[0], depth]
    };
    growth.result(
        y,
        &shape,
        &Value {
            bound: 2.0,
            ..Value::default()
        },
    );
    Some(())
}

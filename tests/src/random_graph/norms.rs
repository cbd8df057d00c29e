//! Normalisations, and whatever else the compiler may or may not know yet.

use super::growth::Growth;
use super::{Grow, Value};
use qibu_compiler::onnx::{AttributeProto, attribute};

pub(super) const TABLE: &[Grow] = &[batch, layer, instance, lp, group, root_mean_square];

/// Whether the compiler imports the operator.
pub(super) fn known(op: &str) -> bool {
    qibu_compiler::import::operators().contains(&op)
}

/// A normalisation with a scale, perhaps a shift, of `length` elements each.
fn scaled(
    growth: &mut Growth,
    op: &str,
    x: &Value,
    shape: &[usize],
    shift: bool,
    attributes: Vec<AttributeProto>,
) -> Option<()> {
    let scale = growth.weights(shape, 1.3);
    let shift = shift.then(|| growth.weights(shape, 0.5));
    let mut inputs = vec![x.name.as_str(), &scale];
    inputs.extend(shift.as_deref());
    let y = growth.node(op, &inputs, attributes);
    growth.result(
        y,
        &x.shape,
        &Value {
            bound: 4.0,
            ..x.clone()
        },
    );
    Some(())
}

/// A small ε makes rows of nearly equal elements ill conditioned.
fn epsilon() -> AttributeProto {
    attribute::float("epsilon", 0.01)
}

fn batch(growth: &mut Growth) -> Option<()> {
    if !known("BatchNormalization") {
        return None;
    }
    let x = growth.real(|shape| shape.len() > 1)?;
    let channels = [x.shape[1]];
    let (scale, shift) = (
        growth.weights(&channels, 1.3),
        growth.weights(&channels, 0.5),
    );
    let mean = growth.weights(&channels, 0.5);
    let spread = (0..channels[0]).map(|_| growth.float(0.3, 2.0)).collect();
    let spread = growth.real_constant(&channels, spread);
    let inputs = [x.name.as_str(), &scale, &shift, &mean, &spread];
    let y = growth.node("BatchNormalization", &inputs, vec![epsilon()]);
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

fn layer(growth: &mut Growth) -> Option<()> {
    if !known("LayerNormalization") {
        return None;
    }
    let x = growth.real(|shape| !shape.is_empty() && shape.last() > Some(&1))?;
    let axis = growth.pick(x.shape.len());
    let listed = growth.signed(axis, x.shape.len());
    let attributes = vec![attribute::int("axis", listed), epsilon()];
    let shift = growth.chance(70);
    scaled(
        growth,
        "LayerNormalization",
        &x,
        &x.shape[axis..],
        shift,
        attributes,
    )
}

fn instance(growth: &mut Growth) -> Option<()> {
    if !known("InstanceNormalization") {
        return None;
    }
    let x = growth.real(|shape| shape.len() > 2)?;
    scaled(
        growth,
        "InstanceNormalization",
        &x,
        &[x.shape[1]],
        true,
        vec![epsilon()],
    )
}

fn group(growth: &mut Growth) -> Option<()> {
    if !known("GroupNormalization") {
        return None;
    }
    let x = growth.real(|shape| shape.len() > 2)?;
    let channels = x.shape[1];
    let divisors: Vec<usize> = (1..=channels)
        .filter(|g| channels.is_multiple_of(*g))
        .collect();
    let groups = growth.one(&divisors) as i64;
    let attributes = vec![attribute::int("num_groups", groups), epsilon()];
    scaled(
        growth,
        "GroupNormalization",
        &x,
        &[channels],
        true,
        attributes,
    )
}

fn lp(growth: &mut Growth) -> Option<()> {
    if !known("LpNormalization") {
        return None;
    }
    let x = growth.real(|shape| !shape.is_empty())?;
    let x = growth.positive(&x);
    let axis = growth.pick(x.shape.len());
    let attributes = vec![
        attribute::int("axis", axis as i64),
        attribute::int("p", growth.between(1, 2) as i64),
    ];
    let y = growth.node("LpNormalization", &[&x.name], attributes);
    growth.result(
        y,
        &x.shape,
        &Value {
            bound: 1.0,
            ..x.clone()
        },
    );
    Some(())
}

fn root_mean_square(growth: &mut Growth) -> Option<()> {
    // Operator set 23 brought it.
    if super::OPSET < 23 || !known("RMSNormalization") {
        return None;
    }
    let x = growth.real(|shape| !shape.is_empty())?;
    let last = *x.shape.last()?;
    scaled(
        growth,
        "RMSNormalization",
        &x,
        &[last],
        false,
        vec![epsilon()],
    )
}

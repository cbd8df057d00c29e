//! Operators that work element by element: activations, arithmetic with every broadcasting,
//! comparisons, truth values, choices, conversions.

use super::growth::Growth;
use super::{Grow, Kind, Value};
use qibu_compiler::onnx::attribute;

pub(super) const TABLE: &[Grow] = &[
    activation,
    activation,
    positive_function,
    clip,
    slopes,
    arithmetic,
    arithmetic,
    arithmetic,
    division,
    power,
    variadic,
    gate,
    residual,
    comparison,
    comparison,
    logic,
    logic,
    logic,
    choice,
    conversion,
    rounding,
    nothing,
];

fn activation(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|_| true)?;
    let float = |name: &str, value: f32| vec![attribute::float(name, value)];
    let some = growth.float(0.05, 1.5);
    let (op, attributes, bound) = match growth.pick(23) {
        0..=2 => ("Relu", vec![], x.bound),
        3 => ("Sigmoid", vec![], 1.0),
        4 => ("Tanh", vec![], 1.0),
        5 => ("Neg", vec![], x.bound),
        6 => ("Abs", vec![], x.bound),
        7 => ("LeakyRelu", float("alpha", some), x.bound * 1.5),
        8 => ("Elu", float("alpha", some), x.bound + 1.5),
        9 => ("Selu", vec![], x.bound + 1.8),
        10 => ("Celu", float("alpha", some), x.bound + 1.5),
        11 => {
            let mut both = float("alpha", some);
            both.push(attribute::float("beta", 0.4));
            ("HardSigmoid", both, 1.0)
        }
        12 => ("HardSwish", vec![], x.bound),
        13 => ("Softplus", vec![], x.bound + 0.7),
        14 => ("Softsign", vec![], 1.0),
        15 => ("Erf", vec![], 1.0),
        16 => ("Gelu", vec![], x.bound),
        17 => (
            "Gelu",
            vec![attribute::string("approximate", "tanh")],
            x.bound,
        ),
        18 => ("Mish", vec![], x.bound),
        19 => ("Sin", vec![], 1.0),
        20 => ("Cos", vec![], 1.0),
        21 => {
            let small = growth.tamed(x.clone(), 2.5);
            let y = growth.node("Exp", &[&small.name], vec![]);
            growth.result(
                y,
                &x.shape,
                &Value {
                    bound: 12.0,
                    ..x.clone()
                },
            );
            return Some(());
        }
        _ => {
            let y = growth.node("ThresholdedRelu", &[&x.name], float("alpha", some));
            growth.result(
                y,
                &x.shape,
                &Value {
                    stepped: true,
                    ..x.clone()
                },
            );
            return Some(());
        }
    };
    let y = growth.node(op, &[&x.name], attributes);
    growth.result(y, &x.shape, &Value { bound, ..x.clone() });
    Some(())
}

/// Functions of positive numbers, made so before.
fn positive_function(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|_| true)?;
    let x = growth.positive(&x);
    let (op, bound) = growth.one(&[("Sqrt", 3.0), ("Log", 2.5), ("Reciprocal", 2.0)]);
    let y = growth.node(op, &[&x.name], vec![]);
    growth.result(y, &x.shape, &Value { bound, ..x.clone() });
    Some(())
}

fn clip(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|_| true)?;
    let (low, high) = (growth.float(-2.0, 0.5), growth.float(0.6, 6.0));
    let low = growth.real_constant(&[], vec![low]);
    let high = growth.real_constant(&[], vec![high]);
    let inputs = growth.one(&[0, 1, 2]);
    let inputs: Vec<&str> = match inputs {
        0 => vec![&x.name, &low, &high],
        1 => vec![&x.name, &low],
        _ => vec![&x.name, "", &high],
    };
    let y = growth.node("Clip", &inputs, vec![]);
    growth.result(
        y,
        &x.shape,
        &Value {
            bound: x.bound.max(6.0),
            ..x.clone()
        },
    );
    Some(())
}

fn slopes(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|_| true)?;
    let shape = narrower(growth, &x.shape);
    let slope = growth.weights(&shape, 1.2);
    let y = growth.node("PRelu", &[&x.name, &slope], vec![]);
    growth.result(
        y,
        &x.shape,
        &Value {
            bound: x.bound * 1.2,
            ..x.clone()
        },
    );
    Some(())
}

/// A shape that broadcasts to `shape`: some axes of 1, some leading ones left out.
pub(super) fn narrower(growth: &mut Growth, shape: &[usize]) -> Vec<usize> {
    let left_out = growth.between(0, shape.len());
    let kept = &shape[left_out..];
    let ones = growth.one(&[0, 0, 30, 60]);
    kept.iter()
        .map(|&dim| if growth.chance(ones) { 1 } else { dim })
        .collect()
}

pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |shape: &[usize], axis: usize| match (axis + shape.len()).checked_sub(rank) {
        Some(index) => shape[index],
        None => 1,
    };
    (0..rank)
        .map(|axis| match (at(a, axis), at(b, axis)) {
            (a, b) if a == b || b == 1 => Some(a),
            (1, b) => Some(b),
            _ => None,
        })
        .collect()
}

/// What is computed with `x`: a value that broadcasts, a constant, or a new input.
fn partner(growth: &mut Growth, x: &Value) -> Value {
    let found = match growth.pick(10) {
        0..=4 => growth.real(|shape| broadcast(&x.shape, shape).is_some()),
        _ => None,
    };
    if let Some(found) = found {
        return found;
    }
    let shape = match growth.pick(8) {
        // The other side is the one that is spread.
        0 => {
            let mut wide = x.shape.clone();
            for dim in wide.iter_mut().filter(|dim| **dim == 1) {
                *dim = growth.between(1, 3);
            }
            wide
        }
        1 if x.shape.len() < 4 => [&[growth.between(1, 2)], &x.shape[..]].concat(),
        2 => x.shape.clone(),
        _ => narrower(growth, &x.shape),
    };
    if growth.chance(20) {
        return growth.input(&shape, Kind::Real);
    }
    Value {
        name: growth.weights(&shape, 1.5),
        shape,
        bound: 1.5,
        ..Value::default()
    }
}

/// Both in either order.
fn either(growth: &mut Growth, op: &str, a: &Value, b: &Value) -> String {
    match growth.chance(50) {
        true => growth.node(op, &[&a.name, &b.name], vec![]),
        false => growth.node(op, &[&b.name, &a.name], vec![]),
    }
}

fn arithmetic(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|_| true)?;
    let b = partner(growth, &a);
    let (op, bound) = match growth.pick(7) {
        0 | 1 => ("Add", a.bound + b.bound),
        2 => ("Sub", a.bound + b.bound),
        3 | 4 => ("Mul", a.bound * b.bound),
        5 => ("Min", a.bound.max(b.bound)),
        _ => ("Max", a.bound.max(b.bound)),
    };
    let y = either(growth, op, &a, &b);
    let stepped = a.stepped || b.stepped;
    let shape = broadcast(&a.shape, &b.shape)?;
    growth.result(
        y,
        &shape,
        &Value {
            bound,
            stepped,
            ..Value::default()
        },
    );
    Some(())
}

fn division(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|_| true)?;
    let b = partner(growth, &a);
    let (a, b) = if growth.chance(50) { (a, b) } else { (b, a) };
    let divisor = growth.positive(&b);
    let y = growth.node("Div", &[&a.name, &divisor.name], vec![]);
    let shape = broadcast(&a.shape, &b.shape)?;
    let (bound, stepped) = (2.0 * a.bound, a.stepped || b.stepped);
    growth.result(
        y,
        &shape,
        &Value {
            bound,
            stepped,
            ..Value::default()
        },
    );
    Some(())
}

fn power(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|_| true)?;
    let x = growth.tamed(x, 3.0);
    if growth.chance(40) {
        let whole = growth.one(&[2.0, 3.0]);
        let exponent = growth.real_constant(&[], vec![whole]);
        let y = growth.node("Pow", &[&x.name, &exponent], vec![]);
        growth.result(
            y,
            &x.shape,
            &Value {
                bound: 27.0,
                ..x.clone()
            },
        );
        return Some(());
    }
    let base = growth.positive(&x);
    let shape = narrower(growth, &x.shape);
    let exponent = growth.weights(&shape, 1.8);
    let y = growth.node("Pow", &[&base.name, &exponent], vec![]);
    growth.result(
        y,
        &x.shape,
        &Value {
            bound: 10.0,
            ..x.clone()
        },
    );
    Some(())
}

fn variadic(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|_| true)?;
    let (b, c) = (partner(growth, &a), partner(growth, &a));
    let shape = broadcast(&broadcast(&a.shape, &b.shape)?, &c.shape)?;
    let op = growth.one(&["Sum", "Mean", "Max", "Min"]);
    let y = growth.node(op, &[&a.name, &b.name, &c.name], vec![]);
    let stepped = a.stepped || b.stepped || c.stepped;
    let bound = a.bound + b.bound + c.bound;
    growth.result(
        y,
        &shape,
        &Value {
            bound,
            stepped,
            ..Value::default()
        },
    );
    Some(())
}

/// a·σ(b) + x, as gated networks have it.
fn gate(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|_| true)?;
    let b = growth.real(|shape| *shape == a.shape)?;
    let sigma = growth.node("Sigmoid", &[&b.name], vec![]);
    let mut y = growth.node("Mul", &[&a.name, &sigma], vec![]);
    let mut bound = a.bound;
    let mut stepped = a.stepped || b.stepped;
    if growth.chance(60) {
        let x = growth.real(|shape| *shape == a.shape)?;
        y = growth.node("Add", &[&y, &x.name], vec![]);
        (bound, stepped) = (bound + x.bound, stepped || x.stepped);
    }
    growth.result(
        y,
        &a.shape,
        &Value {
            bound,
            stepped,
            ..Value::default()
        },
    );
    Some(())
}

/// The sum of two values of one shape.
fn residual(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|shape| shape.len() > 1)?;
    let b = growth.real(|shape| *shape == a.shape)?;
    let mut y = growth.node("Add", &[&a.name, &b.name], vec![]);
    if growth.chance(60) {
        y = growth.node("Relu", &[&y], vec![]);
    }
    let (bound, stepped) = (a.bound + b.bound, a.stepped || b.stepped);
    growth.result(
        y,
        &a.shape,
        &Value {
            bound,
            stepped,
            ..Value::default()
        },
    );
    Some(())
}

fn comparison(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|_| true)?;
    let b = partner(growth, &a);
    let shape = broadcast(&a.shape, &b.shape)?;
    let truth = Value {
        kind: Kind::Truth,
        stepped: true,
        ..Value::default()
    };
    let op = growth.one(&["Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal"]);
    let y = if op == "Equal" {
        // Rounded numbers can be equal.
        let (a, b) = (
            growth.node("Round", &[&a.name], vec![]),
            growth.node("Round", &[&b.name], vec![]),
        );
        growth.node(op, &[&a, &b], vec![])
    } else {
        growth.node(op, &[&a.name, &b.name], vec![])
    };
    growth.result(y, &shape, &truth);
    Some(())
}

fn logic(growth: &mut Growth) -> Option<()> {
    let a = growth.value(|value| value.kind == Kind::Truth)?;
    if growth.chance(25) {
        let y = growth.node("Not", &[&a.name], vec![]);
        growth.result(y, &a.shape, &a);
        return Some(());
    }
    let fits = |v: &Value| v.kind == Kind::Truth && broadcast(&a.shape, &v.shape).is_some();
    let b = if growth.chance(60) {
        growth.value(fits)?
    } else {
        let shape = narrower(growth, &a.shape);
        Value {
            name: growth.truth_constant(&shape),
            shape,
            ..a.clone()
        }
    };
    let op = growth.one(&["And", "Or", "Xor"]);
    let y = either(growth, op, &a, &b);
    let shape = broadcast(&a.shape, &b.shape)?;
    growth.result(y, &shape, &a);
    Some(())
}

fn choice(growth: &mut Growth) -> Option<()> {
    let a = growth.real(|_| true)?;
    let b = partner(growth, &a);
    let shape = broadcast(&a.shape, &b.shape)?;
    let known = growth.value(|v| v.kind == Kind::Truth && broadcast(&v.shape, &shape).is_some());
    let condition = match known {
        Some(known) => known,
        None => {
            let of = narrower(growth, &shape);
            Value {
                name: growth.truth_constant(&of),
                shape: of,
                ..Value::default()
            }
        }
    };
    let y = growth.node("Where", &[&condition.name, &a.name, &b.name], vec![]);
    let shape = broadcast(&condition.shape, &shape)?;
    let stepped = a.stepped || b.stepped || condition.stepped;
    let bound = a.bound.max(b.bound);
    growth.result(
        y,
        &shape,
        &Value {
            bound,
            stepped,
            ..Value::default()
        },
    );
    Some(())
}

/// To other element types and back.
fn conversion(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|value| value.kind != Kind::Real)?;
    let to = |code| vec![attribute::int("to", code)];
    let (code, kind) = match (x.kind, growth.chance(70)) {
        (_, true) => (1, Kind::Real),
        (Kind::Truth, _) => (7, Kind::Whole),
        _ => (9, Kind::Truth),
    };
    let y = growth.node("Cast", &[&x.name], to(code));
    growth.result(
        y,
        &x.shape,
        &Value {
            kind,
            stepped: true,
            ..x.clone()
        },
    );
    Some(())
}

fn rounding(growth: &mut Growth) -> Option<()> {
    let x = growth.real(|_| true)?;
    if growth.chance(20) {
        let divisor = growth.float(0.7, 2.0);
        let divisor = growth.real_constant(&[], vec![divisor]);
        let y = growth.node("Mod", &[&x.name, &divisor], vec![attribute::int("fmod", 1)]);
        growth.result(
            y,
            &x.shape,
            &Value {
                stepped: true,
                ..x.clone()
            },
        );
        return Some(());
    }
    let op = growth.one(&["Floor", "Ceil", "Round", "Sign"]);
    let y = growth.node(op, &[&x.name], vec![]);
    growth.result(
        y,
        &x.shape,
        &Value {
            stepped: true,
            bound: x.bound + 1.0,
            ..x.clone()
        },
    );
    Some(())
}

fn nothing(growth: &mut Growth) -> Option<()> {
    let x = growth.value(|_| true)?;
    let op = growth.one(&["Identity", "Dropout"]);
    if op == "Dropout" && x.kind != Kind::Real {
        return None;
    }
    let y = growth.node(op, &[&x.name], vec![]);
    growth.result(y, &x.shape, &x);
    Some(())
}

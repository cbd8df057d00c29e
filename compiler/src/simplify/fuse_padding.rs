//! Room around an operand becomes the padding of the window that slides over it.
//!
//! Before: `p = Pad(x)` with zeros, `y = Conv(p, #w)`. After: `y = Conv(x, #w)`, its window larger
//! by that padding. A pool takes what it would have ignored or counted itself: zeros where padding
//! counts as zeros; under a maximum −∞, or zeros beside an operand that is nowhere negative.

use crate::error::Result;
use crate::graph::{Clamp, Graph, Node, Op, Pad, PoolKind, Unary, ValueId, Window};
use std::collections::BTreeMap;

type Producers = BTreeMap<ValueId, usize>;

pub(super) fn run(graph: &mut Graph) -> Result<bool> {
    let producers = graph.producers();
    let mut changed = false;
    for index in 0..graph.nodes.len() {
        let Some((op, x)) = fused(graph, &producers, &graph.nodes[index]) else {
            continue;
        };
        graph.nodes[index].op = op;
        graph.nodes[index].inputs[0] = Some(x);
        changed = true;
    }
    Ok(changed)
}

fn producer<'g>(graph: &'g Graph, producers: &Producers, id: ValueId) -> Option<&'g Node> {
    producers.get(&id).map(|&index| &graph.nodes[index])
}

/// The node's operator with the padding before it, and what the padding reads.
fn fused(graph: &Graph, producers: &Producers, node: &Node) -> Option<(Op, ValueId)> {
    let source = producer(graph, producers, node.input(0)?)?;
    let Op::Pad(pad) = &source.op else {
        return None;
    };
    let x = source.input(0)?;
    let mut op = node.op.clone();
    let (window, first, last, pool) = match &mut op {
        Op::Conv(conv) => (&mut conv.window, 2, pad.step.len(), None),
        Op::ConvNhwc { conv, .. } => (&mut conv.window, 1, 3, None),
        Op::Pool(pool) => (&mut pool.window, 2, pad.step.len(), Some(pool.kind)),
        Op::PoolNhwc(pool) => (&mut pool.window, 1, 3, Some(pool.kind)),
        _ => return None,
    };
    let fits = match pool {
        None => pad.value == 0.0,
        Some(PoolKind::Average) => false,
        Some(PoolKind::AverageWithPadding) => pad.value == 0.0,
        Some(PoolKind::Max) => {
            let nowhere_negative = || is_positive(graph, producers, x);
            pad.value == f32::NEG_INFINITY || (pad.value == 0.0 && nowhere_negative())
        }
    };
    if !fits {
        return None;
    }
    enlarge(window, pad, first, last)?;
    // A window of nothing but padding has no maximum.
    let overlaps = |axis: usize| {
        let reach = window.reach(axis)?;
        Some(window.before[axis] < reach && window.after[axis] < reach)
    };
    if pool.is_some() && !(overlaps(0)? && overlaps(1)?) {
        return None;
    }
    Some((op, x))
}

/// Adds the padding of axes `first..last`, one or two of them; `None` where it pads others too or
/// spreads its operand.
fn enlarge(window: &mut Window, pad: &Pad, first: usize, last: usize) -> Option<()> {
    let others = (0..pad.step.len()).filter(|axis| !(first..last).contains(axis));
    let outside = others
        .map(|axis| pad.before[axis] + pad.after[axis])
        .sum::<usize>();
    if outside > 0 || pad.step.iter().any(|&step| step != 1) {
        return None;
    }
    let rank = last.checked_sub(first)?;
    for axis in 0..rank {
        let side = (2 + axis).checked_sub(rank)?;
        let sum = |own: usize, more: usize| own.checked_add(more);
        window.before[side] = sum(window.before[side], pad.before[first + axis])?;
        window.after[side] = sum(window.after[side], pad.after[first + axis])?;
    }
    Some(())
}

/// Whether a value is limited to numbers from zero on.
fn is_positive(graph: &Graph, producers: &Producers, id: ValueId) -> bool {
    let limited = |clamp: &Clamp| clamp.low >= 0.0;
    match producer(graph, producers, id).map(|node| &node.op) {
        Some(Op::Unary(Unary::Relu | Unary::Sigmoid)) => true,
        Some(Op::Clip(clamp)) => limited(clamp),
        Some(Op::Dense { clamp } | Op::ConvNhwc { clamp, .. }) => {
            clamp.as_ref().is_some_and(limited)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::onnx::{DataType, attribute, node};
    use crate::testing::{Model, after, import};

    fn padded(relu: bool) -> Model {
        let kind = if relu { "Relu" } else { "Identity" };
        Model::default()
            .input("x", DataType::Float, &[1, 2, 5, 4])
            .ints("pads", &[0, 0, 1, 2, 0, 0, 0, 1])
            .op(kind, &["x"], "r")
            .op("Pad", &["r", "pads"], "p")
    }

    #[test]
    fn zeros_around_a_convolution_are_its_padding() {
        let model = padded(true)
            .weights("w", &[3, 2, 3, 3])
            .node(node("Conv", &["p", "w"], &["y"], vec![]))
            .output("y");
        let text = after(super::run, model);
        assert!(!text.contains("Pad"), "{text}");
        assert!(
            text.contains("y:[1,3,4,5] = Conv(r, #w:[3,2,3,3], -)"),
            "{text}"
        );
    }

    fn pooled(relu: bool, kind: &str) -> Model {
        let attributes = vec![attribute::ints("kernel_shape", &[3, 3])];
        padded(relu)
            .node(node(kind, &["p"], &["y"], attributes))
            .output("y")
    }

    #[test]
    fn a_maximum_ignores_zeros_beside_what_is_not_negative() {
        let text = after(super::run, pooled(true, "MaxPool"));
        assert!(text.contains("y:[1,2,4,5] = Pool(r)"), "{text}");
        assert!(!super::run(&mut import(pooled(false, "MaxPool"))).unwrap());
        assert!(!super::run(&mut import(pooled(true, "AveragePool"))).unwrap());
    }
}

//! Orders against all orders, and plans of random functions against what running relies on.

use super::flow::{Flow, Node, Value};
use super::lifetimes::{self, Replace};
use super::{best, bound, order};
use proptest::prelude::*;

/// A random function: what each step reads (earlier values), whether its output may replace the
/// first operand, and its output's size in blocks; the first values are inputs.
fn flows(most: usize) -> impl Strategy<Value = Flow> {
    let step = (
        proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
        1usize..9,
        any::<(bool, bool)>(),
    );
    (
        1usize..4,
        proptest::collection::vec(step, 1..=most),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(inputs, steps, result)| {
            let mut flow = Flow::default();
            let value = |tensor, blocks: usize, writer| Value {
                tensor,
                bytes: 16 * blocks,
                readers: Vec::new(),
                writer,
                result: false,
            };
            for input in 0..inputs {
                flow.values.push(value(input, 1 + input, None));
            }
            for (index, (reads, blocks, (same, replaceable))) in steps.into_iter().enumerate() {
                let mut node = Node::default();
                for read in reads {
                    let read = read.index(flow.values.len());
                    if !node.reads.contains(&read) {
                        node.reads.push(read);
                        flow.values[read].readers.push(index);
                    }
                }
                let first = node.reads[0];
                let alike = flow.values[first].bytes;
                node.writes.push(flow.values.len());
                let blocks = if same { alike / 16 } else { blocks };
                if replaceable {
                    let fits = |&value: &usize| flow.values[value].bytes == 16 * blocks;
                    node.replaceable = node.reads.iter().copied().filter(fits).collect();
                }
                let tensor = flow.values.len();
                flow.values.push(value(tensor, blocks, Some(index)));
                flow.steps.push(node);
            }
            let (last, any) = (flow.values.len() - 1, result.index(flow.values.len()));
            for index in [last, any] {
                flow.values[index].result = true;
                for step in &mut flow.steps {
                    step.replaceable.retain(|&value| value != index);
                }
            }
            flow
        })
}

/// The least bound of all orders.
fn least(flow: &Flow, done: &mut Vec<usize>) -> usize {
    if done.len() == flow.steps.len() {
        return bound(flow, done);
    }
    let mut least_bound = usize::MAX;
    for step in 0..flow.steps.len() {
        let ready = |&value: &usize| {
            let writer = flow.values[value].writer;
            writer.is_none_or(|writer| done.contains(&writer))
        };
        if !done.contains(&step) && flow.steps[step].reads.iter().all(ready) {
            done.push(step);
            least_bound = least_bound.min(least(flow, done));
            done.pop();
        }
    }
    least_bound
}

proptest! {
    #[test]
    fn the_order_of_few_steps_is_the_best(flow in flows(6)) {
        let given: Vec<usize> = (0..flow.steps.len()).collect();
        let given = bound(&flow, &given);
        let found = order::search(&flow, given);
        let found = found.map_or(given, |order| bound(&flow, &order));
        prop_assert_eq!(found, least(&flow, &mut Vec::new()));
    }

    #[test]
    fn the_beam_never_costs_more_than_the_given_order(flow in flows(24)) {
        let given: Vec<usize> = (0..flow.steps.len()).collect();
        let given = bound(&flow, &given);
        let exact = order::search(&flow, given).map_or(given, |order| bound(&flow, &order));
        for width in [1, 8] {
            let beam = order::beam(&flow, given, width);
            if let Some(order) = beam {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                prop_assert!(sorted.into_iter().eq(0..flow.steps.len()));
                let found = bound(&flow, &order);
                prop_assert!(exact <= found && found < given, "{exact} {found} {given}");
            }
        }
    }

    /// Every step runs once, behind what it needs; values that are needed at the same step do not
    /// share a byte, but for an output in place of an operand that dies there.
    #[test]
    fn plans_are_sound(flow in flows(16)) {
        let schedule = best(&flow);
        let order = schedule.order.clone();
        let plan = schedule.plan(&flow);
        prop_assert!(plan.lower_bound <= plan.peak);
        prop_assert_eq!(plan.live.iter().max(), Some(&lifetimes::lower_bound(
            &lifetimes::spans(&plan.lifetimes).0)));
        let place = |value: usize| {
            let tensor = flow.values[value].tensor;
            plan.lifetimes.iter().find(|l| l.tensor == tensor).unwrap()
        };
        let overlap = |a: usize, b: usize| {
            let (a, b) = (place(a), place(b));
            a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes
        };
        // Which values hold their own bytes, step by step.
        let mut sound: Vec<bool> = flow.values.iter().map(|v| v.writer.is_none()).collect();
        for &step in &order {
            let node = &flow.steps[step];
            prop_assert!(node.reads.iter().all(|&value| sound[value]));
            for &out in &node.writes {
                for &read in &node.reads {
                    let same = place(out).offset == place(read).offset
                        && flow.values[out].bytes == flow.values[read].bytes;
                    prop_assert!(!overlap(out, read) || same && node.replaceable.contains(&read));
                }
                for (value, sound) in sound.iter_mut().enumerate() {
                    *sound &= !overlap(out, value);
                }
                sound[out] = true;
                prop_assert!(place(out).offset + place(out).bytes <= plan.peak);
            }
        }
        for (value, sound) in flow.values.iter().zip(sound) {
            prop_assert!(sound || !value.result);
        }
    }
}

/// A line of values, each of two readers: the given order keeps all of them.
#[test]
fn an_order_that_frees_early_wins() {
    let mut flow = Flow::default();
    let mut put = |reads: &[usize], blocks: usize, replaces: bool| {
        let step = flow.steps.len();
        for &read in reads {
            flow.values[read].readers.push(step);
        }
        let out = flow.values.len();
        flow.values.push(Value {
            tensor: out,
            bytes: 16 * blocks,
            readers: Vec::new(),
            writer: (!reads.is_empty()).then_some(step),
            result: false,
        });
        if !reads.is_empty() {
            flow.steps.push(Node {
                reads: reads.to_vec(),
                writes: vec![out],
                replaceable: if replaces { reads.to_vec() } else { Vec::new() },
            });
        }
        out
    };
    let input = put(&[], 1, false);
    let wide = [(); 3].map(|()| put(&[input], 10, false));
    let narrow = wide.map(|value| put(&[value], 1, false));
    let sum = put(&narrow[..2], 1, true);
    let last = put(&[sum, narrow[2]], 1, true);
    flow.values[last].result = true;
    let given: Vec<usize> = (0..flow.steps.len()).collect();
    assert_eq!(bound(&flow, &given), 16 * 31);
    let plan = best(&flow).plan(&flow);
    // The input, one wide value and two narrow ones: the first sum runs before the third.
    assert_eq!((plan.peak, plan.lower_bound), (16 * 13, 16 * 13));
    assert!(plan.lifetimes.iter().any(|l| l.replaces == Some(narrow[0])));
    let lifetimes = lifetimes::of(&flow, &given, Replace::Never);
    assert!(lifetimes.iter().all(|l| l.replaces.is_none()));
}

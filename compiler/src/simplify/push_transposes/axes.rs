//! How an operator's attributes change when it works before a transpose instead of after it.

use crate::graph::{ArgMax, CumSum, Grid, Op, Pad, TopK};

/// The operator on the untransposed operand, and the transpose of its result.
///
/// `turn` maps an axis of the transposed operand to the axis of the source. `None` for operators
/// that a transpose cannot pass.
pub(super) fn moved(op: &Op, turn: &[usize]) -> Option<(Op, Vec<usize>)> {
    let same = |op: Op| Some((op, turn.to_vec()));
    match op {
        Op::Binary(_) | Op::Unary(_) | Op::Clip(_) | Op::Gate | Op::Cast { .. } | Op::Where => {
            same(op.clone())
        }
        Op::Snap(grid) => {
            let axis = turn[grid.axis];
            let grid = grid.clone();
            same(Op::Snap(Grid { axis, ..grid }))
        }
        Op::ToGrid(grid, to) => {
            let axis = turn[grid.axis];
            let grid = grid.clone();
            same(Op::ToGrid(Grid { axis, ..grid }, *to))
        }
        Op::CumSum(sum) => {
            let axis = turn[sum.axis];
            same(Op::CumSum(CumSum { axis, ..*sum }))
        }
        Op::Pad(pad) => same(Op::Pad(Pad {
            before: scattered(&pad.before, turn),
            after: scattered(&pad.after, turn),
            step: scattered(&pad.step, turn),
            value: pad.value,
        })),
        Op::Softmax { axis, log } => same(Op::Softmax {
            axis: turn[*axis],
            log: *log,
        }),
        Op::Concat { axis } => same(Op::Concat { axis: turn[*axis] }),
        Op::TopK(top) => same(Op::TopK(TopK {
            axis: turn[top.axis],
            ..*top
        })),
        Op::Split { axis, sizes } => same(Op::Split {
            axis: turn[*axis],
            sizes: sizes.clone(),
        }),
        Op::Slice {
            starts,
            lengths,
            steps,
        } => same(Op::Slice {
            starts: scattered(starts, turn),
            lengths: scattered(lengths, turn),
            steps: scattered(steps, turn),
        }),
        Op::Reduce { kind, axes, keep } => {
            let mut sources: Vec<usize> = axes.iter().map(|&axis| turn[axis]).collect();
            sources.sort_unstable();
            let result = if *keep {
                turn.to_vec()
            } else {
                without(turn, axes)
            };
            let (kind, keep) = (*kind, *keep);
            let axes = sources;
            Some((Op::Reduce { kind, axes, keep }, result))
        }
        Op::ArgMax(arg) => {
            let result = if arg.keep {
                turn.to_vec()
            } else {
                without(turn, &[arg.axis])
            };
            let axis = turn[arg.axis];
            Some((Op::ArgMax(ArgMax { axis, ..*arg }), result))
        }
        _ => None,
    }
}

/// Per-axis attributes of the transposed operand, per axis of the source.
fn scattered<T: Copy>(items: &[T], turn: &[usize]) -> Vec<T> {
    let mut sources = items.to_vec();
    for (&item, &source) in items.iter().zip(turn) {
        sources[source] = item;
    }
    sources
}

/// The permutation of the axes that remain when `dropped` ones (of the result) are reduced away.
fn without(turn: &[usize], dropped: &[usize]) -> Vec<usize> {
    let kept = turn
        .iter()
        .enumerate()
        .filter(|(axis, _)| !dropped.contains(axis));
    let sources: Vec<usize> = kept.map(|(_, &source)| source).collect();
    let rank = |source: &usize| sources.iter().filter(|other| *other < source).count();
    sources.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_follow_the_turn() {
        assert_eq!(without(&[0, 2, 1], &[2]), [0, 1]);
        assert_eq!(without(&[0, 3, 1, 2], &[0]), [2, 0, 1]);
        assert_eq!(scattered(&[10, 20, 30], &[0, 2, 1]), [10, 30, 20]);
    }
}

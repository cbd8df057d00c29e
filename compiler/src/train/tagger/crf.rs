//! The loss of a linear-chain CRF: `ln Z − score of the right tags`, summed over the texts of rows.
//!
//! A row of T positions is one product of T matrices `[tags, tags]`:
//!
//! ```text
//! inside a text      M[i, j] = exp(transition[i, j] + emission[j])
//! first of a text    M[i, j] = exp(end[i] + start[j] + emission[j])    the text before it ends here
//! between texts      M = identity
//! ln Z = ln (e₀ · M₁ · M₂ ⋯ M_T · exp(end))
//! ```
//!
//! At a text's first position the matrix is of rank one, so the product over a row is the product
//! of its texts' partition functions. `end` counts only where a text really ends, `start` where one
//! really starts: not where it is cut. Neighbours are multiplied pairwise, `log₂ T` times, each
//! product divided by its largest element, whose logarithm is added to ln Z at the end; no gradient
//! flows through these factors, because ln Z does not depend on them.

#[cfg(test)]
mod tests;

use super::super::graph::{Graph, V};
use super::rows::{Encoded, Row};
use super::transitions::Transitions;
use crate::engine::Tensor;

/// A score that no path takes: its exponential is 0 in 32-bit floats.
const NEVER: f32 = -1e4;

/// Columns of `kinds`: how much of transition, end, start and identity a position has.
const KINDS: usize = 4;

/// Graph inputs that say what the rows hold; [`feeds`] makes their values.
pub struct Inputs {
    kinds: V,
    lasts: V,
    gold: V,
    counts: [V; 3],
    scale: V,
}

impl Inputs {
    /// Declares them for `batch` rows of `row` positions.
    pub fn new(graph: &mut Graph, [row, batch, tags]: [usize; 3]) -> Self {
        Self {
            kinds: graph.input("kinds", &[row * batch, KINDS]),
            lasts: graph.input("lasts", &[batch, 1]),
            gold: graph.input("gold", &[row * batch, tags]),
            counts: [
                graph.input("gold_starts", &[1, tags]),
                graph.input("gold_transitions", &[tags, tags]),
                graph.input("gold_ends", &[1, tags]),
            ],
            scale: graph.input("scale", &[1]),
        }
    }

    /// Cross-entropy of each position's scores by themselves, times `scale`.
    pub fn cross_entropy(&self, graph: &mut Graph, emissions: V) -> V {
        let logs = graph.log_softmax(emissions);
        let right = graph.mul(logs, self.gold);
        let total = graph.sum(right, &[0, 1]);
        let loss = graph.neg(total);
        graph.mul(loss, self.scale)
    }

    /// The loss times `scale`, shape `[1, 1]`, of `emissions` `[T·B, tags]` and the scores of
    /// starts, transitions and ends; `mask` forbids some of these.
    pub fn loss(
        &self,
        graph: &mut Graph,
        emissions: V,
        scores: [V; 3],
        mask: Option<&Transitions>,
    ) -> V {
        let batch = graph.matrix(self.lasts)[0];
        let [rows, tags] = graph.matrix(emissions);
        let square = tags * tags;
        let [start, transitions, end] = masked(graph, scores, mask);

        // Scores of all positions as one product: what a position has times what that scores.
        let starts = graph.expand(start, &[tags, tags]);
        let column = graph.reshape(end, &[tags, 1]);
        let ends = graph.expand(column, &[tags, tags]);
        let mut table: Vec<V> = [transitions, ends, starts]
            .into_iter()
            .map(|part| graph.reshape(part, &[1, square]))
            .collect();
        table.push(graph.constant(&[1, square], &identity(tags, 0.0, NEVER)));
        table.push(graph.constant(&[tags, square], &spread(tags)));
        let table = graph.concat(&table, 0);
        let between = graph.slice(self.kinds, 1, KINDS - 1, KINDS);
        let one = graph.scalar(1.0);
        let inside = graph.sub(one, between);
        let own = graph.mul(emissions, inside);
        let parts = graph.concat(&[self.kinds, own], 1);
        let logs = graph.gemm(parts, table, None, [false, false]);
        let most = graph.detached_max(logs, &[1]);
        let less = graph.sub(logs, most);
        let powers = graph.exp(less);
        let mut factors = graph.sum(most, &[0, 1]);

        let mut product = graph.reshape(powers, &[rows, tags, tags]);
        let mut length = rows / batch;
        while length > 1 {
            length /= 2;
            let pairs = graph.reshape(product, &[length, 2, batch, square]);
            let sides = graph.split(pairs, 1, &[1, 1]);
            let [left, right] =
                [0, 1].map(|side| graph.reshape(sides[side], &[length * batch, tags, tags]));
            let both = graph.matmul(left, right);
            let most = graph.detached_max(both, &[1, 2]);
            product = graph.div(both, most);
            let logs = graph.log(most);
            let logs = graph.sum(logs, &[0, 1, 2]);
            let logs = graph.reshape(logs, &[1, 1]);
            factors = graph.add(factors, logs);
        }
        let first = graph.slice(product, 1, 0, 1);
        let first = graph.reshape(first, &[batch, tags]);
        let ended = graph.mul(self.lasts, end);
        let ended = graph.exp(ended);
        let weighted = graph.mul(first, ended);
        let sums = graph.sum(weighted, &[1]);
        let logs = graph.log(sums);
        let logs = graph.sum(logs, &[0, 1]);
        let partition = graph.add(logs, factors);

        let mut right = graph.mul(emissions, self.gold);
        right = graph.sum(right, &[0, 1]);
        for (score, count) in [start, transitions, end].into_iter().zip(self.counts) {
            let taken = graph.mul(score, count);
            let taken = graph.sum(taken, &[0, 1]);
            right = graph.add(right, taken);
        }
        let loss = graph.sub(partition, right);
        graph.mul(loss, self.scale)
    }
}

/// The scores as `[1, tags]`, `[tags, tags]`, `[1, tags]`, what `mask` forbids far below the rest.
fn masked(graph: &mut Graph, scores: [V; 3], mask: Option<&Transitions>) -> [V; 3] {
    let [start, transitions, end] = scores;
    let tags = graph.matrix(transitions)[0];
    let [start, end] = [start, end].map(|score| graph.reshape(score, &[1, tags]));
    let Some(mask) = mask else {
        return [start, transitions, end];
    };
    let parts = [
        (start, &mask.start),
        (transitions, &mask.transitions),
        (end, &mask.end),
    ];
    parts.map(|(score, mask)| {
        let shape = graph.shape(score).to_vec();
        let low: Vec<f32> = mask.iter().map(|&value| value.max(NEVER)).collect();
        let low = graph.constant(&shape, &low);
        graph.add(score, low)
    })
}

/// A matrix with `on` on its diagonal and `off` elsewhere, row by row.
fn identity(tags: usize, on: f32, off: f32) -> Vec<f32> {
    let one = |at: usize| if at / tags == at % tags { on } else { off };
    (0..tags * tags).map(one).collect()
}

/// `[tags, tags²]`: a tag's emission counts in every column of the tag's own matrix column.
fn spread(tags: usize) -> Vec<f32> {
    let one = |at: usize| match at / (tags * tags) == at % tags {
        true => 1.0,
        false => 0.0,
    };
    (0..tags * tags * tags).map(one).collect()
}

/// Values of [`Inputs`] for `rows` of `texts`; the loss is per character.
pub fn feeds(
    rows: &[Row],
    texts: &[Encoded],
    [row, batch, tags]: [usize; 3],
) -> Vec<(&'static str, Tensor)> {
    let mut kinds = vec![0.0f32; row * batch * KINDS];
    kinds
        .iter_mut()
        .skip(KINDS - 1)
        .step_by(KINDS)
        .for_each(|kind| *kind = 1.0);
    let mut gold = vec![0.0f32; row * batch * tags];
    let mut lasts = vec![0.0f32; batch];
    let [mut starts, mut ends] = [vec![0.0f32; tags], vec![0.0f32; tags]];
    let mut transitions = vec![0.0f32; tags * tags];
    let mut characters = 0;
    for (lane, pieces) in rows.iter().take(batch).enumerate() {
        let mut ended = 0.0;
        for piece in pieces {
            let Some(text) = texts.get(piece.text) else {
                continue;
            };
            let right = &text.tags[piece.from..piece.to];
            characters += right.len();
            for (offset, &tag) in right.iter().enumerate() {
                let at = (piece.at + offset) * batch + lane;
                gold[at * tags + usize::from(tag)] = 1.0;
                let started = if piece.starts { 1.0 } else { 0.0 };
                kinds[at * KINDS..][..KINDS].copy_from_slice(&match offset {
                    0 => [0.0, ended, started, 0.0],
                    _ => [1.0, 0.0, 0.0, 0.0],
                });
            }
            for pair in right.windows(2) {
                transitions[usize::from(pair[0]) * tags + usize::from(pair[1])] += 1.0;
            }
            if let (true, Some(&first)) = (piece.starts, right.first()) {
                starts[usize::from(first)] += 1.0;
            }
            if let (true, Some(&last)) = (piece.ends, right.last()) {
                ends[usize::from(last)] += 1.0;
            }
            ended = if piece.ends { 1.0 } else { 0.0 };
        }
        lasts[lane] = ended;
    }
    let scale = 1.0 / characters.max(1) as f32;
    vec![
        ("kinds", Tensor::f32(&[row * batch, KINDS], kinds)),
        ("lasts", Tensor::f32(&[batch, 1], lasts)),
        ("gold", Tensor::f32(&[row * batch, tags], gold)),
        ("gold_starts", Tensor::f32(&[1, tags], starts)),
        ("gold_transitions", Tensor::f32(&[tags, tags], transitions)),
        ("gold_ends", Tensor::f32(&[1, tags], ends)),
        ("scale", Tensor::f32(&[1], vec![scale])),
    ]
}

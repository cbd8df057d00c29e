//! Second moments of the inputs that matrix operators multiply by their weights.
//!
//! ```text
//! for each sample, up to a share of the operator's output positions, evenly spread:
//!     x = the inputs under the weights at that position (zeros outside the input)
//!     mean += x, second += x · xᵀ
//! ```
//!
//! They tell how much an error of each weight shows in the output, and which errors cancel: rows
//! are rounded by them (`quantise/nearest_plane.rs`), and the mean corrects the bias. Operators
//! that share weights share moments, since they must go on sharing.

use crate::graph::{Graph, Node, Op, ValueId, Window};
use std::collections::BTreeMap;

/// Positions that one operator is measured at, over all samples.
const POSITIONS: usize = 4096;

/// Longest row whose products are kept: 4 MB a group.
const MAX_ROW: usize = 1024;

/// Sums over the inputs of one set of weights.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moments {
    /// Weights of a row.
    pub row: usize,
    /// Groups of rows that see the same inputs.
    pub groups: usize,
    count: u64,
    /// Σ x, group by group.
    first: Vec<f32>,
    /// Upper triangles of Σ x·xᵀ, group by group, rows in full length; empty for long rows.
    second: Vec<f32>,
}

impl Moments {
    /// Nothing seen yet.
    pub fn new(row: usize, groups: usize) -> Self {
        let products = if row <= MAX_ROW { row * row } else { 0 };
        Self {
            row,
            groups,
            count: 0,
            first: vec![0.0; row * groups],
            second: vec![0.0; products * groups],
        }
    }

    /// Adds the inputs of one position, those of all groups one after another.
    pub fn add(&mut self, x: &[f32]) {
        let row = self.row;
        self.count += 1;
        for (sum, &x) in self.first.iter_mut().zip(x) {
            *sum += x;
        }
        if row == 0 {
            return;
        }
        let products = self.second.chunks_exact_mut(row);
        for (index, products) in products.enumerate() {
            let (group, from) = (index / row, index % row);
            let x = &x[group * row..(group + 1) * row];
            let factor = x[from];
            if factor == 0.0 {
                continue;
            }
            for (sum, &x) in products[from..].iter_mut().zip(&x[from..]) {
                *sum += factor * x;
            }
        }
    }

    /// Mean inputs of a group.
    pub fn mean(&self, group: usize) -> Vec<f64> {
        let sums = self.first[group * self.row..(group + 1) * self.row].iter();
        sums.map(|&sum| f64::from(sum) / self.count.max(1) as f64)
            .collect()
    }

    /// Mean products of a group's inputs, a full symmetric matrix; `None` where they were not kept
    /// or nothing was seen.
    pub fn products(&self, group: usize) -> Option<Vec<f64>> {
        let (row, size) = (self.row, self.row * self.row);
        let sums = self.second.get(group * size..(group + 1) * size)?;
        if self.count == 0 {
            return None;
        }
        let mut full = vec![0.0; size];
        for i in 0..row {
            for j in i..row {
                let mean = f64::from(sums[i * row + j]) / self.count as f64;
                full[i * row + j] = mean;
                full[j * row + i] = mean;
            }
        }
        Some(full)
    }
}

/// One operator to be measured.
struct Site {
    weights: ValueId,
    /// Window and channels of a group; none for plain rows.
    window: Option<(Window, usize)>,
    /// Extents of input and output: images, height, width, channels.
    input: [usize; 4],
    output: [usize; 4],
}

/// The operators of a graph that multiply by constants, by the value that they read.
pub(super) struct Sites {
    by_input: BTreeMap<ValueId, Vec<Site>>,
    /// Positions per sample.
    share: usize,
}

impl Sites {
    /// Finds them; `samples` will be measured.
    pub fn new(graph: &Graph, samples: usize) -> (Self, BTreeMap<ValueId, Moments>) {
        let mut by_input: BTreeMap<ValueId, Vec<Site>> = BTreeMap::new();
        let mut moments = BTreeMap::new();
        for node in &graph.nodes {
            let Some((x, site, groups)) = site(graph, node) else {
                continue;
            };
            // The same product, of which a function of lists keeps other scores.
            let known = by_input.get(&x).into_iter().flatten();
            let mut known = known.map(|site: &Site| site.weights);
            let is_lists = matches!(node.op, Op::TopKDense { line: Some(_), .. });
            if is_lists && known.any(|weights| weights == site.weights) {
                continue;
            }
            let row = graph.shape(site.weights)[1..].iter().product();
            moments
                .entry(site.weights)
                .or_insert_with(|| Moments::new(row, groups));
            by_input.entry(x).or_default().push(site);
        }
        let share = POSITIONS.div_ceil(samples.max(1));
        (Self { by_input, share }, moments)
    }

    /// Measures the operators that read `value`.
    pub fn observe(
        &self,
        value: ValueId,
        values: &[f32],
        sample: usize,
        moments: &mut BTreeMap<ValueId, Moments>,
    ) {
        for site in self.by_input.get(&value).into_iter().flatten() {
            let Some(moments) = moments.get_mut(&site.weights) else {
                continue;
            };
            if values.iter().any(|x| !x.is_finite()) {
                continue;
            }
            let positions: usize = site.output[..3].iter().product();
            let step = positions.div_ceil(self.share).max(1);
            let mut inputs = Vec::new();
            // The first position changes with the sample, so that every place is seen.
            for position in (sample * 5 % step..positions).step_by(step) {
                inputs.clear();
                site.gather(values, position, &mut inputs);
                moments.add(&inputs);
            }
        }
    }
}

fn site(graph: &Graph, node: &Node) -> Option<(ValueId, Site, usize)> {
    let (x, weights, out) = (node.input(0)?, node.input(1)?, node.outputs[0]);
    graph.constant(weights)?.as_f32()?;
    let (shape, last) = (graph.shape(x), *graph.shape(x).last()?);
    let (window, groups) = match &node.op {
        Op::Dense { .. } | Op::TopKDense { .. } => (None, 1),
        Op::ConvNhwc { conv, .. } => {
            let inner = last / conv.group.max(1);
            (Some((conv.window.clone(), inner)), conv.group)
        }
        _ => return None,
    };
    let extents = |shape: &[usize]| <[usize; 4]>::try_from(shape).ok();
    let (input, output) = match &window {
        Some(_) => (extents(shape)?, extents(graph.shape(out))?),
        None => {
            let rows = shape[..shape.len() - 1].iter().product();
            ([1, 1, rows, last], [1, 1, rows, 0])
        }
    };
    let site = Site {
        weights,
        window,
        input,
        output,
    };
    Some((x, site, groups))
}

impl Site {
    /// Appends the inputs under the weights at an output position, group by group.
    fn gather(&self, values: &[f32], position: usize, to: &mut Vec<f32>) {
        let [_, height, width, channels] = self.input;
        let Some((window, inner)) = &self.window else {
            to.extend(&values[position * channels..(position + 1) * channels]);
            return;
        };
        let [_, rows, columns, _] = self.output;
        let image = position / (rows * columns) * height * width;
        let (y, x) = (position / columns % rows, position % columns);
        let source = |at: usize, tap: usize, axis: usize, extent: usize| {
            let place = at * window.strides[axis] + tap * window.dilations[axis];
            let place = place.checked_sub(window.before[axis])?;
            (place < extent).then_some(place)
        };
        for first in (0..channels).step_by((*inner).max(1)) {
            for i in 0..window.kernel[0] {
                for j in 0..window.kernel[1] {
                    match (source(y, i, 0, height), source(x, j, 1, width)) {
                        (Some(row), Some(column)) => {
                            let start = (image + row * width + column) * channels + first;
                            to.extend(&values[start..start + inner]);
                        }
                        _ => to.resize(to.len() + inner, 0.0),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_means_of_products() {
        let mut moments = Moments::new(2, 2);
        moments.add(&[1.0, 2.0, 0.0, 3.0]);
        moments.add(&[3.0, 0.0, 1.0, 1.0]);
        assert_eq!(moments.mean(0), [2.0, 1.0]);
        assert_eq!(moments.products(0).unwrap(), [5.0, 1.0, 1.0, 2.0]);
        assert_eq!(moments.products(1).unwrap(), [0.5, 0.5, 0.5, 5.0]);
    }

    #[test]
    fn a_window_gathers_what_its_weights_multiply() {
        let site = Site {
            weights: ValueId(0),
            window: Some((
                Window {
                    kernel: [1, 3],
                    strides: [1, 2],
                    dilations: [1, 1],
                    before: [0, 1],
                    after: [0, 1],
                },
                1,
            )),
            input: [1, 1, 4, 2],
            output: [1, 1, 2, 2],
        };
        let values: Vec<f32> = (1..=8).map(|x| x as f32).collect();
        let mut inputs = Vec::new();
        site.gather(&values, 0, &mut inputs);
        assert_eq!(inputs, [0.0, 1.0, 3.0, 0.0, 2.0, 4.0]);
        inputs.clear();
        site.gather(&values, 1, &mut inputs);
        assert_eq!(inputs, [3.0, 5.0, 7.0, 4.0, 6.0, 8.0]);
    }
}

//! Cross-layer equalisation: channels of one tensor brought to similar ranges, so that all of them
//! use its 256 steps.
//!
//! ```text
//! measure each channel's range and power; few rows leave doubt, which widens narrow channels
//! for each class of values that can be scaled channel by channel (classes.rs):
//!     noise(e) = of its activations: step(e)² / 12 · 4^−e[c], as the readers' weights amplify it
//!              + of the readers' weights: row step(e)² / 12 · power[c] · 4^e[c]
//!     e = of ⌊α · log₂(widest range / range[c])⌉ for α in 0, ¼, ½, ¾, 1 the one with the least
//!         noise, then one channel after another up or down by one while that helps
//!     producers' rows and biases · 2^e, readers' columns · 2^−e
//! ```
//!
//! The idea is that of Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
//! Correction" (2019); ranges are measured here, residual sums take part, and all factors are
//! powers of two: the float network computes the same bits as before.

use super::classes::{self, Class};
use super::{FloatRun, Samples};
use crate::error::Result;
use crate::graph::{Graph, Node, Op, Tensor, ValueId};
use crate::simplify::Simplified;
use qibu::math::{max, min};
use std::collections::BTreeMap;

/// Samples that channels are measured on.
const SAMPLES: usize = 64;

/// Largest exponent: beyond it a channel is as good as silent.
const FARTHEST: i32 = 12;

/// Rows that count as unseen.
const DOUBT: f64 = 16.0;

/// Range and power of the channels of a value.
#[derive(Clone, Debug, Default)]
struct Channels {
    low: Vec<f32>,
    high: Vec<f32>,
    squares: Vec<f64>,
    rows: f64,
}

impl Channels {
    fn observe(&mut self, values: &[f32], channels: usize) {
        self.low.resize(channels, 0.0);
        self.high.resize(channels, 0.0);
        self.squares.resize(channels, 0.0);
        for row in values.chunks_exact(channels) {
            self.rows += 1.0;
            for (c, &x) in row.iter().enumerate().filter(|(_, x)| x.is_finite()) {
                self.low[c] = min(self.low[c], x);
                self.high[c] = max(self.high[c], x);
                self.squares[c] += f64::from(x) * f64::from(x);
            }
        }
    }

    fn power(&self, channel: usize) -> f64 {
        self.squares[channel] / self.rows.max(1.0)
    }

    fn reach(&self, channel: usize) -> f64 {
        f64::from(max(self.high[channel], -self.low[channel]))
    }

    /// Adds to every channel's range what its few rows may not have shown: a share of the widest.
    fn doubt(&mut self) {
        let ends = self.high.iter().chain(&self.low);
        let widest = ends.fold(0.0f32, |most, x| max(most, x.abs()));
        let unseen = widest * libm::sqrt(DOUBT / self.rows.max(1.0)) as f32;
        for (low, high) in self.low.iter_mut().zip(&mut self.high) {
            let wider = |x: f32| qibu::math::sqrt(x * x + unseen * unseen);
            *high = if *high > 0.0 { wider(*high) } else { 0.0 };
            *low = if *low < 0.0 { -wider(*low) } else { 0.0 };
        }
    }
}

/// Scales channels so that integers represent them better; what the graph computes stays.
///
/// # Errors
/// Samples that do not fit the inputs; operators without a float form.
pub fn equalise(simplified: Simplified, samples: &Samples) -> Result<Simplified> {
    let classes = classes::find(simplified.graph());
    if classes.is_empty() {
        return Ok(simplified);
    }
    let measured = measure(simplified.graph(), &classes, samples)?;
    let mut graph = simplified.into_graph();
    for class in &classes {
        let exponents = exponents(&graph, class, &measured);
        if exponents.iter().any(|&e| e != 0) {
            apply(&mut graph, class, &exponents)?;
        }
    }
    Ok(Simplified::rescaled(graph))
}

fn measure(
    graph: &Graph,
    classes: &[Class],
    samples: &Samples,
) -> Result<BTreeMap<ValueId, Channels>> {
    let wanted = classes.iter().flat_map(|class| {
        let pairs = class.values.iter().map(|&value| (value, class.channels));
        pairs.collect::<Vec<_>>()
    });
    let wanted: BTreeMap<ValueId, usize> = wanted.collect();
    let mut measured: BTreeMap<ValueId, Channels> = BTreeMap::new();
    let float = FloatRun::new(graph)?;
    for function in graph.measured_functions() {
        for sample in 0..samples.count().min(SAMPLES) {
            let inputs = samples.inputs(graph, function, sample)?;
            float.run(&function.name, &inputs, |value, values| {
                if let Some(&channels) = wanted.get(&value) {
                    measured.entry(value).or_default().observe(values, channels);
                }
            })?;
        }
    }
    measured.values_mut().for_each(Channels::doubt);
    Ok(measured)
}

/// What a reader of a class makes of noise in it.
struct Reader {
    /// Σ w² by channel, over the power of the output.
    gain: Vec<f64>,
    /// For each row, the channels it reads with their largest |w|.
    rows: Vec<Vec<(usize, f64)>>,
    /// Power by channel times the taps of a row, over the power of the output.
    power: Vec<f64>,
}

impl Reader {
    fn new(graph: &Graph, node: &Node, class: &Class, channels: &Channels) -> Option<Self> {
        let weights = node.input(1)?;
        let w = graph.constant(weights)?.as_f32()?;
        let columns = Columns::of(graph, node)?;
        let mut gain = vec![0.0; class.channels];
        let mut rows = Vec::new();
        for (row, w) in w.chunks_exact(columns.row).enumerate() {
            let mut largest: BTreeMap<usize, f64> = BTreeMap::new();
            for (k, &w) in w.iter().enumerate() {
                let (c, w) = (columns.channel(row, k), f64::from(w));
                gain[c] += w * w;
                let most = largest.entry(c).or_insert(0.0);
                *most = most.max(w.abs());
            }
            rows.push(largest.into_iter().collect());
        }
        let signal: f64 = (0..class.channels)
            .map(|c| gain[c] * channels.power(c))
            .sum();
        if signal <= 0.0 || !signal.is_finite() {
            return None;
        }
        let taps = (columns.row / columns.inner.max(1)) as f64;
        gain.iter_mut().for_each(|gain| *gain /= signal);
        let power = (0..class.channels).map(|c| taps * channels.power(c) / signal);
        Some(Self {
            power: power.collect(),
            gain,
            rows,
        })
    }

    /// Noise of the reader's own weights.
    fn weights(&self, exponents: &[i32]) -> f64 {
        let mut noise = 0.0;
        for row in &self.rows {
            let scaled = row.iter().map(|&(c, w)| w * power_of_two(-exponents[c]));
            let step = scaled.fold(0.0, f64::max) / 127.0;
            let heard = row
                .iter()
                .map(|&(c, _)| self.power[c] * power_of_two(2 * exponents[c]));
            noise += step * step / 12.0 * heard.sum::<f64>();
        }
        noise
    }
}

/// Which input channel each weight of a row multiplies.
struct Columns {
    /// Weights of a row.
    row: usize,
    /// Input channels of a group, innermost.
    inner: usize,
    /// Rows of a group.
    outer: usize,
}

impl Columns {
    fn of(graph: &Graph, node: &Node) -> Option<Self> {
        let shape = graph.shape(node.input(1)?);
        let (rows, inner) = (*shape.first()?, *shape.last()?);
        let groups = match &node.op {
            Op::ConvNhwc { conv, .. } => conv.group,
            _ => 1,
        };
        let row = shape[1..].iter().product();
        let outer = rows / groups.max(1);
        (row > 0 && inner > 0 && outer > 0).then_some(Self { row, inner, outer })
    }

    fn channel(&self, row: usize, k: usize) -> usize {
        row / self.outer * self.inner + k % self.inner
    }
}

fn exponents(graph: &Graph, class: &Class, measured: &BTreeMap<ValueId, Channels>) -> Vec<i32> {
    let none = vec![0; class.channels];
    // A sum that a Relu behind it has absorbed is stored nowhere.
    let values = class.values.iter().filter_map(|id| measured.get(id));
    let values: Vec<&Channels> = values.collect();
    let readers = class.consumers.iter().map(|&index| {
        let node = &graph.nodes[index];
        Reader::new(graph, node, class, measured.get(&node.input(0)?)?)
    });
    let Some(readers) = readers.collect::<Option<Vec<_>>>() else {
        return none;
    };
    let reach = |c: usize| {
        values
            .iter()
            .map(|value| value.reach(c))
            .fold(0.0, f64::max)
    };
    let reaches: Vec<f64> = (0..class.channels).map(reach).collect();
    let widest = reaches.iter().copied().fold(0.0, f64::max);
    let noise = |e: &[i32]| -> f64 {
        let mut gain = 0.0;
        for (c, &e) in e.iter().enumerate() {
            let each: f64 = readers.iter().map(|reader| reader.gain[c]).sum();
            gain += each * power_of_two(-2 * e);
        }
        let mut steps = 0.0;
        for value in &values {
            let (mut low, mut high) = (0.0f64, 0.0f64);
            for (c, &e) in e.iter().enumerate() {
                low = low.min(f64::from(value.low[c]) * power_of_two(e));
                high = high.max(f64::from(value.high[c]) * power_of_two(e));
            }
            steps += (high - low) * (high - low) / (255.0 * 255.0 * 12.0);
        }
        steps * gain + readers.iter().map(|reader| reader.weights(e)).sum::<f64>()
    };
    let mut best = (noise(&none), none);
    for quarters in 1..=4 {
        let exponent = |&reach: &f64| {
            if reach <= 0.0 {
                return 0;
            }
            let full = libm::log2(widest / reach) * f64::from(quarters) / 4.0;
            (full + 0.5) as i32
        };
        let tried: Vec<i32> = reaches
            .iter()
            .map(exponent)
            .map(|e| e.min(FARTHEST))
            .collect();
        let noise = noise(&tried);
        if noise < best.0 {
            best = (noise, tried);
        }
    }
    for _ in 0..2 {
        for c in (0..class.channels).filter(|&c| reaches[c] > 0.0) {
            for change in [1, -1] {
                let mut tried = best.1.clone();
                tried[c] += change;
                if tried[c].abs() > FARTHEST {
                    continue;
                }
                let noise = noise(&tried);
                if noise < best.0 {
                    best = (noise, tried);
                }
            }
        }
    }
    best.1
}

/// Two to the `exponent`, at most a few dozen.
fn power_of_two(exponent: i32) -> f64 {
    if exponent < 0 {
        1.0 / (1u64 << -exponent) as f64
    } else {
        (1u64 << exponent) as f64
    }
}

/// Replaces the weights and biases around a class by scaled ones, all or none.
fn apply(graph: &mut Graph, class: &Class, exponents: &[i32]) -> Result<()> {
    let mut changes: Vec<(usize, usize, Tensor)> = Vec::new();
    for &index in &class.producers {
        let node = &graph.nodes[index];
        for operand in [1, 2] {
            let Some(tensor) = node.input(operand).and_then(|id| graph.constant(id)) else {
                continue;
            };
            let row = tensor.len() / class.channels;
            let factor = |k: usize| exponents[k / row.max(1)];
            match scaled(tensor, factor)? {
                Some(tensor) => changes.push((index, operand, tensor)),
                None => return Ok(()),
            }
        }
    }
    for &index in &class.consumers {
        let node = &graph.nodes[index];
        // A node may be on both sides: its rows are scaled already.
        let done = changes
            .iter()
            .find(|change| (change.0, change.1) == (index, 1));
        let stored = node.input(1).and_then(|id| graph.constant(id));
        let tensor = done.map(|change| &change.2).or(stored);
        let (Some(tensor), Some(columns)) = (tensor, Columns::of(graph, node)) else {
            return Ok(());
        };
        let factor = |k: usize| -exponents[columns.channel(k / columns.row, k % columns.row)];
        match scaled(tensor, factor)? {
            Some(tensor) => changes.push((index, 1, tensor)),
            None => return Ok(()),
        }
    }
    for (index, operand, tensor) in changes {
        let Some(old) = graph.nodes[index].input(operand) else {
            continue;
        };
        // In the old one's place, so that no value changes its number: files name layers by it, and
        // `verify` finds them in a graph that has not been equalised.
        if graph.use_counts().get(&old) == Some(&1) {
            graph.constants.insert(old, tensor);
            continue;
        }
        let name = graph.value(old).name.clone();
        let new = graph.add_constant(&name, tensor);
        graph.nodes[index].inputs[operand] = Some(new);
    }
    Ok(())
}

/// Each element times two to its exponent; `None` where one would lose bits.
fn scaled(tensor: &Tensor, exponent: impl Fn(usize) -> i32) -> Result<Option<Tensor>> {
    let Some(values) = tensor.as_f32() else {
        return Ok(None);
    };
    let mut scaled = Vec::with_capacity(values.len());
    for (k, &value) in values.iter().enumerate() {
        let factor = power_of_two(exponent(k)) as f32;
        let new = value * factor;
        if new / factor != value {
            return Ok(None);
        }
        scaled.push(new);
    }
    Tensor::f32(tensor.shape(), scaled).map(Some)
}

#[cfg(test)]
mod tests;

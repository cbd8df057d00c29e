//! Builds files with given formats and measures them on a few samples.

use super::Point;
use crate::aligned::AlignedBytes;
use crate::calibrate::{Calibrated, FloatRun, Input, Samples, function, load_planned, outputs};
use crate::error::Result;
use crate::graph::{Function, Graph, Op, ValueId};
use crate::plan::plan;
use crate::quantise::{Formats, packs, quantise, weights_of};
use crate::simplify::Simplified;
use crate::target::Arrangement;
use crate::verify::Noise;
use crate::write::write;
use std::collections::BTreeMap;

/// Samples that every point is measured on: enough to compare points with each other.
const FEW: usize = 8;
/// Samples that the chosen point is measured on: those of the report.
const ALL: usize = crate::verify::SAMPLES;

/// A layer whose format is chosen, or all that has no weights, which moves as one.
pub(super) struct Layer {
    /// The value that it computes; none of the rest.
    pub value: Option<ValueId>,
    /// Lists of the same product, whose format goes with it.
    pub lists: Vec<ValueId>,
    /// Number of weights.
    pub weights: usize,
    /// Number of elements that it computes.
    pub elements: usize,
    /// Whether its kernel takes 4-bit weights.
    pub packs: bool,
}

impl Layer {
    /// The values that have its format.
    pub fn values(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.value.into_iter().chain(self.lists.iter().copied())
    }
}

/// The model and its float outputs, ready to be compared with.
pub(super) struct Bench<'g> {
    pub layers: Vec<Layer>,
    graph: &'g Graph,
    calibrated: &'g Calibrated<'g>,
    arrangement: &'g Arrangement,
    /// Inputs and float outputs by function, sample by sample.
    expected: Vec<(&'g Function, Vec<Pair>)>,
}

/// Inputs, and the float outputs that belong to them.
type Pair = (Vec<Input>, Vec<Input>);

impl<'g> Bench<'g> {
    pub fn new(
        simplified: &'g Simplified,
        calibrated: &'g Calibrated<'g>,
        samples: &Samples,
        arrangement: &'g Arrangement,
    ) -> Result<Self> {
        let graph = simplified.graph();
        let float = FloatRun::new(graph)?;
        let mut expected = Vec::new();
        for function in &graph.functions {
            let mut pairs = Vec::new();
            for sample in 0..samples.count().min(ALL) {
                let inputs = samples.inputs(graph, function, sample)?;
                let mut seen: BTreeMap<ValueId, Vec<f32>> = BTreeMap::new();
                float.run(&function.name, &inputs, |value, values| {
                    if function.outputs.contains(&value) {
                        seen.insert(value, values.to_vec());
                    }
                })?;
                let results = function.outputs.iter();
                let results = results
                    .map(|id| Input::F32(seen.remove(id).unwrap_or_default()))
                    .collect();
                pairs.push((inputs, results));
            }
            expected.push((function, pairs));
        }
        Ok(Self {
            layers: layers(graph),
            graph,
            calibrated,
            arrangement,
            expected,
        })
    }

    /// Builds a file and measures it on a few samples.
    pub fn point(&self, formats: Formats) -> Result<Point> {
        self.measured(formats, FEW)
    }

    /// The ratio of a point on all samples.
    pub fn snr_db(&self, point: &Point) -> Result<f64> {
        Ok(self.measured(point.formats.clone(), ALL)?.snr_db)
    }

    fn measured(&self, formats: Formats, samples: usize) -> Result<Point> {
        let planned = plan(
            quantise(self.calibrated, &formats)?,
            self.arrangement.clone(),
        )?;
        let bytes = write(&planned)?;
        let file = AlignedBytes::from(&bytes[..]);
        let model = load_planned(&planned, &file)?;
        let mut noises: BTreeMap<ValueId, Noise> = BTreeMap::new();
        for (target, pairs) in &self.expected {
            for (inputs, expected) in pairs.iter().take(samples) {
                let actual = outputs(function(&model, &target.name)?, inputs)?;
                for ((&id, expected), actual) in target.outputs.iter().zip(expected).zip(&actual) {
                    if let (Input::F32(expected), Input::F32(actual)) = (expected, actual) {
                        noises.entry(id).or_default().add(expected, actual);
                    }
                }
            }
        }
        let ratios = noises.values().filter_map(Noise::decibels);
        // The worst output decides; a model of indices alone has no ratio and any format will do.
        let snr_db = ratios.fold(
            200.0,
            |least: f64, snr| if snr < least { snr } else { least },
        );
        Ok(Point {
            flash: bytes.len(),
            ram: planned.functions.iter().map(|f| f.peak).max().unwrap_or(0),
            snr_db,
            formats,
            moved: None,
        })
    }

    /// Name of the value that a layer computes.
    pub fn name(&self, layer: &Layer) -> &'g str {
        match layer.value {
            Some(value) => &self.graph.value(value).name,
            None => "all without weights",
        }
    }
}

/// Operators with weights, and the rest.
fn layers(graph: &Graph) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut rest = 0;
    for node in &graph.nodes {
        let Some(weights) = weights_of(graph, node) else {
            rest += graph.value(node.outputs[0]).len();
            continue;
        };
        let value = node.outputs[0];
        if let Op::TopKDense { line: Some(_), .. } = node.op {
            let same = |layer: &&mut Layer| {
                let other = layer.value.and_then(|value| graph.producer(value));
                other.is_some_and(|other| other.inputs.get(..2) == node.inputs.get(..2))
            };
            if let Some(layer) = layers.iter_mut().find(same) {
                layer.lists.push(value);
                continue;
            }
        }
        layers.push(Layer {
            value: Some(value),
            lists: Vec::new(),
            weights: graph.value(weights).len(),
            elements: graph.value(value).len(),
            packs: packs(graph, node),
        });
    }
    if !layers.is_empty() {
        layers.push(Layer {
            value: None,
            lists: Vec::new(),
            weights: 0,
            elements: rest,
            packs: false,
        });
    }
    layers
}

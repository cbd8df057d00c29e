//! Paces 2 to 6 and runs of the file, for models built by hand, in each number format.

use super::{Model, run};
use crate::aligned::AlignedBytes;
use crate::calibrate::{Input, Samples, calibrate, equalise, function, load_planned, outputs};
use crate::error::Result;
use crate::graph::{Data, Graph, Tensor};
use crate::import::{ImportOptions, from_bytes};
use crate::plan::plan;
use crate::quantise::{Activations, Scheme, Weights, quantise};
use crate::simplify::{Simplified, simplify};
use crate::target::Target;
use crate::write::write;
use std::collections::BTreeMap;

pub(crate) const F32: Scheme = Scheme::FLOAT;
pub(crate) const F16: Scheme = Scheme {
    weights: Weights::F16,
    activations: Activations::Int8,
};
pub(crate) const INT8: Scheme = Scheme {
    weights: Weights::Int8,
    activations: Activations::Int8,
};
pub(crate) const INT16: Scheme = Scheme {
    weights: Weights::Int8,
    activations: Activations::Int16,
};

/// Samples that are compared.
const SAMPLES: usize = 8;

/// A compiled model beside the graph that it was imported as.
pub(crate) struct Built {
    imported: Graph,
    simplified: Simplified,
    pub(crate) file: AlignedBytes,
}

/// Compiles a model, calibrated on noise; the runtime has accepted the file.
pub(crate) fn build(model: Model, scheme: Scheme) -> Result<Built> {
    let imported = from_bytes(&model.bytes(), None, &ImportOptions::default())?;
    let simplified = equalise(simplify(imported.clone())?, &Samples::noise())?;
    let calibrated = calibrate(
        &simplified,
        &Samples::noise(),
        Default::default(),
        |_, _| {},
    )?;
    let planned = plan(quantise(&calibrated, &scheme.into())?, Target::Portable)?;
    let file = AlignedBytes::from(&write(&planned)?[..]);
    load_planned(&planned, &file)?;
    Ok(Built {
        imported,
        simplified,
        file,
    })
}

/// How far an output of the file is from the interpreter's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deviation {
    signal: f64,
    error: f64,
    /// Largest difference, over one plus the magnitude.
    pub(crate) largest: f64,
    /// Indices that differ.
    pub(crate) unequal: usize,
}

impl Deviation {
    /// Signal-to-noise ratio; a silent output has none.
    pub(crate) fn decibels(&self) -> Option<f64> {
        let ratio = self.signal / self.error.max(self.signal * 1e-20);
        (self.signal > 0.0).then(|| 10.0 * libm::log10(ratio))
    }

    fn add(&mut self, expected: &Tensor, found: &Input) {
        match (expected.as_f32(), found) {
            (Some(expected), Input::F32(found)) => {
                assert_eq!(expected.len(), found.len());
                for (&a, &b) in expected.iter().zip(found) {
                    let (a, error) = (f64::from(a), f64::from(a) - f64::from(b));
                    self.signal += a * a;
                    self.error += error * error;
                    self.largest = self.largest.max(error.abs() / (1.0 + a.abs()));
                }
            }
            (None, Input::I32(found)) => {
                let expected = expected.to_i64().unwrap();
                assert_eq!(expected.len(), found.len());
                let pairs = expected.iter().zip(found);
                self.unequal += pairs.filter(|(a, b)| **a != i64::from(**b)).count();
            }
            (None, Input::Bool(found)) => {
                let Data::Bool(expected) = expected.data() else {
                    panic!("an output is no truth value");
                };
                assert_eq!(expected.len(), found.len());
                let pairs = expected.iter().zip(found);
                self.unequal += pairs.filter(|(a, b)| a != b).count();
            }
            _ => panic!("an output has another type"),
        }
    }
}

/// Every output of every function against the interpreter on the imported graph, by name.
pub(crate) fn deviations(built: &Built) -> BTreeMap<String, Deviation> {
    let graph = built.simplified.graph();
    let model = qibu::Model::load(&built.file).unwrap();
    let mut found: BTreeMap<String, Deviation> = BTreeMap::new();
    for (number, target) in (0..SAMPLES).flat_map(|n| graph.functions.iter().map(move |f| (n, f))) {
        let inputs = Samples::noise().inputs(graph, target, number).unwrap();
        let expected = run(&built.imported, &named(graph, target, &inputs));
        let outputs = outputs(function(&model, &target.name).unwrap(), &inputs).unwrap();
        for (&id, output) in target.outputs.iter().zip(&outputs) {
            let name = &graph.value(id).name;
            found
                .entry(name.clone())
                .or_default()
                .add(&expected[name], output);
        }
    }
    found
}

/// All inputs of the graph for the interpreter; those of other functions are zeros.
fn named<'g>(
    graph: &'g Graph,
    target: &crate::graph::Function,
    inputs: &[Input],
) -> Vec<(&'g str, Tensor)> {
    let tensor = |id: &crate::graph::ValueId| {
        let value = graph.value(*id);
        let given = target.inputs.iter().position(|input| input == id);
        let tensor = match given.map(|index| &inputs[index]) {
            Some(Input::F32(values)) => Tensor::f32(&value.shape, values.clone()),
            Some(Input::I32(ids)) => {
                let ids: Vec<i64> = ids.iter().map(|&id| id.into()).collect();
                Tensor::of(value.dtype, &value.shape, &ids)
            }
            Some(Input::Bool(truths)) => {
                Tensor::new(value.shape.clone(), Data::Bool(truths.as_slice().into()))
            }
            None if value.dtype == crate::graph::Dtype::F32 => {
                Tensor::f32(&value.shape, vec![0.0; value.len()])
            }
            None => Tensor::of(value.dtype, &value.shape, &vec![0; value.len()]),
        };
        (value.name.as_str(), tensor.unwrap())
    };
    graph.inputs.iter().map(tensor).collect()
}

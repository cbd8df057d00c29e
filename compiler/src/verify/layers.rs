//! Which value of the graph each tensor of a file stands for.
//!
//! A file keeps names of inputs and outputs only. So the graph goes through paces 4 and 5 again, in
//! the formats that the file records or, where all layers have one, that its types show:
//!
//! ```text
//! for each candidate format:
//!     program = plan(quantise(graph, format)); for a file with scratch once more, its weights arranged as
//!         the file has them
//!     pair the functions, their steps in order, and the steps' operands
//!     if operators, types, shapes and places agree, and no tensor has two partners: done
//! ```
//!
//! Ranges change scales, biases and weights, never steps: that they come from other samples than the
//! file's does not matter, and is not known anyway.

use super::compare::Values;
use crate::calibrate::{Calibrated, Method, Ranges, Samples, calibrate};
use crate::plan::{Planned, plan};
use crate::program::{Content, TensorId};
use crate::quantise::{Activations, Formats, Scheme, Weights, quantise};
use crate::simplify::Simplified;
use crate::target::{Arrangement, Target};
use qibu::Model;
use qibu::format::{DType, Layout, Place, Tensor};
use std::collections::BTreeMap;

/// Samples for ranges, which hardly matter.
const SAMPLES: usize = 4;

/// A file whose steps are known.
pub(super) struct Layers {
    /// Number formats.
    pub formats: Formats,
    /// The value behind each tensor.
    pub values: Values,
    /// Names of the steps, function by function.
    pub names: Vec<Vec<String>>,
}

/// The layers of `model`, or why they cannot be told apart.
pub(super) fn find(simplified: &Simplified, model: &Model<'_>) -> Result<Layers, String> {
    let candidates = match model.metadata().get("formats") {
        Some(text) => vec![
            Formats::from_text(text)
                .ok_or("the file's metadata `formats` is not what this version writes")?,
        ],
        None => uniform(model),
    };
    let samples = Samples::noise().first(SAMPLES);
    let calibrated =
        calibrate(simplified, &samples, Method::default(), |_, _| {}).unwrap_or_else(|_| {
            Calibrated {
                graph: simplified.graph(),
                ranges: Ranges::default(),
                noise: false,
            }
        });
    for formats in candidates {
        let lower = |arrangement: Arrangement| {
            let program = quantise(&calibrated, &formats).ok()?;
            plan(program, arrangement).ok()
        };
        let Some(mut planned) = lower(Target::Portable.into()) else {
            continue;
        };
        if has_scratch(&planned, model) {
            let arranged = arrangement(&planned, model).and_then(lower);
            let Some(arranged) = arranged else {
                continue;
            };
            planned = arranged;
        }
        if let Some((values, names)) = paired(&planned, model) {
            return Ok(Layers {
                formats,
                values,
                names,
            });
        }
    }
    Err("its steps do not pair with those of the model lowered anew in the file's formats".into())
}

/// Formats of all layers alike, the one that the file's types show first.
fn uniform(model: &Model<'_>) -> Vec<Formats> {
    let (f16, int4, int16) = (
        holds(model, DType::F16),
        holds(model, DType::I4),
        holds(model, DType::I16),
    );
    let integer = |weights, activations| Scheme {
        weights,
        activations,
    };
    let float = |weights| Scheme {
        weights,
        ..Scheme::FLOAT
    };
    let weights = if int4 { Weights::Int4 } else { Weights::Int8 };
    let schemes = if is_quantised(model) && !f16 {
        let mut schemes = vec![
            integer(weights, Activations::Int8),
            integer(weights, Activations::Int16),
        ];
        if int16 {
            schemes.reverse();
        }
        schemes
    } else if f16 {
        vec![float(Weights::F16)]
    } else {
        vec![float(Weights::F32), integer(weights, Activations::Int8)]
    };
    schemes.into_iter().map(Formats::from).collect()
}

/// Whether the file is arranged for a processor: its steps write more than those of a portable plan.
fn has_scratch(planned: &Planned, model: &Model<'_>) -> bool {
    let mut functions = planned.program.functions.iter().zip(model.functions());
    functions.any(|(ours, theirs)| {
        let mut steps = ours.steps.iter().zip(theirs.steps());
        steps.any(|(ours, theirs)| theirs.outputs().len() > ours.outputs.len())
    })
}

/// How the file's weights are arranged, by the names that they have in a portable plan.
fn arrangement(planned: &Planned, model: &Model<'_>) -> Option<Arrangement> {
    // Any that has scratch for what keeps its layout.
    let mut arrangement = Arrangement::from(Target::CortexM0);
    let program = &planned.program;
    for (ours, theirs) in program.functions.iter().zip(model.functions()) {
        for (ours, theirs) in ours.steps.iter().zip(theirs.steps()) {
            if ours.opcode != theirs.opcode() {
                return None;
            }
            for (&id, &index) in ours.inputs.iter().zip(theirs.inputs()) {
                let (tensor, record) = (program.tensors.get(id)?, model.tensor(index)?);
                if matches!(tensor.content, Content::Weights(_)) {
                    arrangement.wide |= is_wide(record);
                    let name = tensor.name.clone();
                    arrangement.tuned.insert(name, record.layout());
                }
            }
        }
    }
    Some(arrangement)
}

/// Whether it is int8 weights of two bytes each.
fn is_wide(tensor: Tensor<'_>) -> bool {
    tensor.layout() != Layout::Plain && tensor.dtype() == DType::I16
}

/// Whether any number of the file is narrower than f32.
pub(super) fn is_quantised(model: &Model<'_>) -> bool {
    [DType::F16, DType::I4, DType::I8, DType::I16]
        .into_iter()
        .any(|dtype| holds(model, dtype))
}

/// Whether a step has an operand or a result of this type; named tables do not count.
fn holds(model: &Model<'_>, dtype: DType) -> bool {
    let mut steps = (0..model.steps() as u32).filter_map(|index| model.step(index));
    let is_table = |tensor: Tensor<'_>| tensor.place() == Place::Weights && tensor.name().1 > 0;
    let is = |&index: &u32| {
        model
            .tensor(index)
            .is_some_and(|tensor| tensor.dtype() == dtype && !is_wide(tensor) && !is_table(tensor))
    };
    steps.any(|step| step.inputs().iter().chain(step.outputs()).any(is))
}

/// Values and step names, where the file has the steps of `planned`.
fn paired(planned: &Planned, model: &Model<'_>) -> Option<(Values, Vec<Vec<String>>)> {
    let program = &planned.program;
    let mut pairs = Pairs {
        planned,
        model,
        ours: BTreeMap::new(),
        theirs: BTreeMap::new(),
    };
    let functions: Vec<_> = model.functions().collect();
    let mut names = Vec::new();
    if functions.len() != program.functions.len() {
        return None;
    }
    for (ours, theirs) in program.functions.iter().zip(functions) {
        let steps: Vec<_> = theirs.steps().collect();
        if ours.name != theirs.name() || ours.steps.len() != steps.len() {
            return None;
        }
        pairs.add(&ours.inputs, theirs.inputs())?;
        for (ours, theirs) in ours.steps.iter().zip(&steps) {
            if ours.opcode != theirs.opcode() {
                return None;
            }
            pairs.add(&ours.inputs, theirs.inputs())?;
            // A file may be arranged for a target: scratch is nothing to compare.
            let results = theirs.outputs().iter().take(ours.results().len());
            let results: Vec<u32> = results.copied().collect();
            pairs.add(ours.results(), &results)?;
        }
        pairs.add(&ours.outputs, theirs.outputs())?;
        names.push(ours.steps.iter().map(|step| step.name.clone()).collect());
    }
    let values = pairs.theirs.iter();
    let values = values.filter_map(|(&index, &id)| Some((index, program.tensors.get(id)?.value?)));
    Some((values.collect(), names))
}

/// Activations of the program and of the file that stand for each other.
struct Pairs<'a> {
    planned: &'a Planned,
    model: &'a Model<'a>,
    ours: BTreeMap<TensorId, u32>,
    theirs: BTreeMap<u32, TensorId>,
}

impl Pairs<'_> {
    /// Pairs two lists; `None` where they do not agree.
    fn add(&mut self, ours: &[TensorId], theirs: &[u32]) -> Option<()> {
        if ours.len() != theirs.len() {
            return None;
        }
        let program = &self.planned.program;
        for (&id, &index) in ours.iter().zip(theirs) {
            let (tensor, record) = (program.tensors.get(id)?, self.model.tensor(index)?);
            let shape = record.shape().iter().map(|&dim| dim as usize);
            let arena = record.place() == Place::Arena;
            if tensor.dtype != record.dtype()
                || !shape.eq(tensor.shape.iter().copied())
                || arena != program.in_arena(id)
            {
                return None;
            }
            if arena {
                let known = (
                    *self.ours.entry(id).or_insert(index),
                    *self.theirs.entry(index).or_insert(id),
                );
                // The same place, too: of two steps alike, each is the one it seems to be.
                let offset = self.planned.offsets.get(id).copied();
                if known != (index, id) || offset != Some(record.offset() as usize) {
                    return None;
                }
            }
        }
        Some(())
    }
}

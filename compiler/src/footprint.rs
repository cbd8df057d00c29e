//! Bytes that one function of a file needs on the device.

use crate::prosody::{COMPOSE, TABLES};
use qibu::format::{FunctionRecord, Header, Place, StepRecord, TensorRecord, aligned};
use qibu::{Function, Model};
use std::collections::BTreeSet;

/// Flash of a file that holds `function` alone: header, records, operands, the constants that it
/// reads, metadata and names. `compile --functions` writes such a file.
pub fn flash(model: &Model<'_>, function: &Function<'_>) -> usize {
    let mut tensors: BTreeSet<u32> = function
        .inputs()
        .iter()
        .chain(function.outputs())
        .copied()
        .collect();
    // Named tables stay with every function, but for those of one that is not there.
    let composes = function.name() == COMPOSE;
    let stays = |&index: &u32| {
        let name = model.tensor(index).map(|tensor| model.tensor_name(tensor));
        is_table(model, index) && (composes || !name.is_some_and(|name| TABLES.contains(&name)))
    };
    tensors.extend((0..model.tensors() as u32).filter(stays));
    let (mut steps, mut words) = (0, function.inputs().len() + function.outputs().len());
    for step in function.steps() {
        steps += 1;
        words += step.inputs().len() + step.outputs().len() + step.attributes().len();
        tensors.extend(step.inputs().iter().chain(step.outputs()));
    }
    let (mut parameters, mut weights) = (4 * words, 0);
    for &index in &tensors {
        let Some(tensor) = model.tensor(index) else {
            continue;
        };
        let bytes = tensor.bytes().unwrap_or(0);
        match tensor.place() {
            Place::Arena => {}
            Place::Weights => weights = padded(weights) + bytes,
            Place::Parameters => parameters += bytes,
        }
    }
    let text = text(model, function, &tensors);
    let sections = [
        FunctionRecord::LENGTH,
        tensors.len() * TensorRecord::LENGTH,
        steps * StepRecord::LENGTH,
        parameters,
        text,
        weights,
    ];
    sections
        .into_iter()
        .fold(Header::LENGTH, |sum, section| sum + padded(section))
}

fn is_table(model: &Model<'_>, index: u32) -> bool {
    let tensor = model.tensor(index);
    tensor.is_some_and(|tensor| tensor.place() == Place::Weights && tensor.name().1 > 0)
}

/// Bytes of metadata and of the names that the function needs, each stored once.
fn text(model: &Model<'_>, function: &Function<'_>, tensors: &BTreeSet<u32>) -> usize {
    let lines = model.metadata().entries();
    // The names of a table's rows go with it.
    let composes = function.name() == COMPOSE;
    let mut text: String = lines
        .filter(|&(key, _)| composes || !TABLES.contains(&key))
        .map(|(key, value)| format!("{key}\t{value}\n"))
        .collect();
    let tensors = tensors.iter().filter_map(|&index| model.tensor(index));
    let names = tensors.map(|tensor| model.tensor_name(tensor));
    for name in names.chain([function.name()]) {
        if !text.contains(name) {
            text.push_str(name);
        }
    }
    text.len()
}

fn padded(bytes: usize) -> usize {
    aligned(bytes).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use crate::graph::Graph;
    use crate::import::{ImportOptions, from_bytes};
    use crate::plan::plan;
    use crate::quantise::quantise;
    use crate::target::Target;
    use crate::testing::{F32, INT8, INT16, poem};

    /// The file that holds `functions` of the small poem model.
    fn file(functions: &[&str], scheme: crate::quantise::Scheme) -> crate::aligned::AlignedBytes {
        let options = ImportOptions {
            functions: functions.iter().map(|&name| name.to_owned()).collect(),
            ..ImportOptions::default()
        };
        let graph: Graph = from_bytes(&poem(true).bytes(), None, &options).unwrap();
        let simplified = crate::simplify::simplify(graph).unwrap();
        let samples = crate::calibrate::Samples::noise();
        let calibrated =
            crate::calibrate::calibrate(&simplified, &samples, Default::default(), |_, _| {})
                .unwrap();
        let planned = plan(
            quantise(&calibrated, &scheme.into()).unwrap(),
            Target::Portable,
        )
        .unwrap();
        crate::aligned::AlignedBytes::from(&crate::write::write(&planned).unwrap()[..])
    }

    #[test]
    fn a_function_takes_as_much_as_a_file_with_it_alone() {
        for scheme in [F32, INT8, INT16] {
            let all = file(&[], scheme);
            let model = qibu::Model::load(&all).unwrap();
            for function in model.functions() {
                let alone = file(&[function.name()], scheme).len();
                assert_eq!(
                    super::flash(&model, &function),
                    alone,
                    "{}",
                    function.name()
                );
            }
        }
    }
}

//! One case through compile → load → bind → execute, and what came of it.

use super::bind::{bind, positions};
use super::case::{Case, DataSet};
use super::caught::caught;
use super::values::{Array, Device, narrowings};
use prost::Message;
use qibu::format::{DType, Place, Tensor};
use qibu::{Function, Limits, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::compile::compile_float_bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What came of an attempt.
#[derive(Debug)]
pub enum Attempt {
    /// The compiler refuses, with its reason.
    Refused(String),
    /// The right numbers; how the device's types narrow the case's, and whether it only copies.
    Right(BTreeSet<&'static str>),
    /// The right numbers, but nothing is left to compute on the device.
    Folded,
    /// Wrong numbers, a panic, or a refusal after the compiler had agreed.
    Wrong(String),
    /// It compiles, but the test data are nothing that a device can be given or can give.
    Unjudged,
}

/// What an attempt tells its listener, for `CASE=…`.
pub type Listener<'a> = &'a dyn Fn(&str);

/// Tries every data set of `case`; a panic is a wrong answer.
pub fn attempt(case: &Case, listen: Listener<'_>) -> Attempt {
    let tried = caught(|| {
        let mut last = Attempt::Wrong("no test data".into());
        for set in &case.sets {
            last = attempt_set(case, set, listen);
            if !matches!(last, Attempt::Right(_) | Attempt::Folded) {
                break;
            }
        }
        last
    });
    tried.unwrap_or_else(Attempt::Wrong)
}

fn attempt_set(case: &Case, set: &DataSet, listen: Listener<'_>) -> Attempt {
    let bound = positions(case.graph());
    let model = match bound.is_empty() {
        true => case.bytes.clone(),
        false => bind(case, set, &bound).encode_to_vec(),
    };
    listen(&format!("bound as constants: inputs {bound:?}"));
    let file = match compile_float_bytes(&model) {
        Ok(file) => AlignedBytes::from(&file[..]),
        Err(error) => return Attempt::Refused(error.to_string()),
    };
    let inputs = set.inputs.iter().enumerate();
    let fed: Option<BTreeMap<&str, &Array>> = inputs
        .filter(|(position, _)| !bound.contains(position))
        .map(|(position, input)| {
            let name = case.graph().input[position].name.as_str();
            Some((name, input.as_ref().map(|(_, array)| array).ok()?))
        })
        .collect();
    let expected: Option<Vec<&Array>> = set.outputs.iter().map(|o| o.as_ref().ok()).collect();
    let (Some(fed), Some(expected)) = (fed, expected) else {
        return Attempt::Unjudged;
    };
    if fed
        .values()
        .chain(&expected)
        .any(|array| array.beyond().is_some())
    {
        return Attempt::Unjudged;
    }
    match execute(&file, &fed, &expected, case, listen) {
        Err(why) => Attempt::Wrong(why),
        Ok(false) => Attempt::Folded,
        Ok(true) => {
            let mut notes = narrowings(fed.values().chain(&expected).copied());
            if expected.iter().all(|e| repeats(e, &fed, case)) {
                notes.insert("every output repeats an input");
            }
            Attempt::Right(notes)
        }
    }
}

/// Whether `expected` is what some input already holds: a copy is as good as a computation.
fn repeats(expected: &Array, fed: &BTreeMap<&str, &Array>, case: &Case) -> bool {
    let same = |input: &Device| expected.compare(input, case.tolerance).is_ok();
    fed.values()
        .any(|array| array.narrowed().is_some_and(|input| same(&input)))
}

/// Runs the file and compares; whether there was anything to run.
fn execute(
    file: &[u8],
    fed: &BTreeMap<&str, &Array>,
    expected: &[&Array],
    case: &Case,
    listen: Listener<'_>,
) -> Result<bool, String> {
    let limits = Limits { macs: 1 << 40 };
    let model = Model::load_within(file, limits).map_err(|e| format!("load: {e}"))?;
    let function = model.function("main").ok_or("no function main")?;
    for step in function.steps() {
        listen(&format!("step {:?}", step.opcode()));
    }
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = function
        .bind(&mut arena)
        .map_err(|e| format!("bind: {e}"))?;
    for index in 0..function.inputs().len() {
        let tensor = function.input(index).ok_or("an input without a tensor")?;
        let name = model.tensor_name(tensor);
        let array = fed
            .get(name)
            .ok_or_else(|| format!("no data for input `{name}`"))?;
        shapes(&format!("input `{name}`"), tensor.shape(), &array.shape)?;
        listen(&format!(
            "input `{name}` {:?} {:?}",
            array.shape, array.numbers
        ));
        let failed = |error| format!("input `{name}`: {error}");
        match array
            .narrowed()
            .ok_or_else(|| format!("input `{name}` cannot be set"))?
        {
            Device::F32(values) => run.set_f32(index, &values).map_err(failed)?,
            Device::I32(values) => run.set_i32(index, &values).map_err(failed)?,
            Device::Bool(bytes) => {
                let truths: Vec<bool> = bytes.iter().map(|&byte| byte != 0).collect();
                run.set_bool(index, &truths).map_err(failed)?;
            }
        }
    }
    run.execute().map_err(|error| format!("execute: {error}"))?;
    if function.outputs().len() != expected.len() {
        let (ours, theirs) = (function.outputs().len(), expected.len());
        return Err(format!("{ours} outputs, expected {theirs}"));
    }
    for (index, expected) in expected.iter().enumerate() {
        let tensor = function.output(index).ok_or("an output without a tensor")?;
        let name = &case.graph().output[index].name;
        let ours = match tensor.dtype() {
            DType::F32 => run.output_f32(index).map(|v| Device::F32(v.to_vec())),
            DType::Bool => run.output_bool(index).map(|v| Device::Bool(v.to_vec())),
            DType::I32 => run.output_i32(index).map(|v| Device::I32(v.to_vec())),
            DType::I8 => {
                let wide = |v: &[i8]| Device::I32(v.iter().map(|&q| q.into()).collect());
                run.output_i8(index).map(wide)
            }
            other => return Err(format!("output `{name}` is {other:?}")),
        };
        let ours = ours.map_err(|error| format!("output `{name}`: {error}"))?;
        listen(&format!(
            "output `{name}` {:?}\n  ours     {ours:?}",
            tensor.shape()
        ));
        listen(&format!(
            "  expected {:?} {:?}",
            expected.shape, expected.numbers
        ));
        shapes(&format!("output `{name}`"), tensor.shape(), &expected.shape)?;
        let compared = expected.compare(&ours, case.tolerance);
        compared.map_err(|why| format!("output `{name}`: {why}"))?;
    }
    Ok(computes(&function))
}

/// Whether some step reads what the inputs decide, rather than constants alone.
///
/// ```text
/// fed = byte ranges of the inputs
/// for each step: if it reads from fed, done; what it writes is not fed any more
/// ```
fn computes(function: &Function<'_>) -> bool {
    let range = |tensor: Tensor<'_>| {
        let start = tensor.offset() as usize;
        (tensor.place() == Place::Arena).then(|| start..start + tensor.bytes().unwrap_or(0))
    };
    let overlap = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
    let inputs = (0..function.inputs().len()).filter_map(|index| function.input(index));
    let mut fed: Vec<Range<usize>> = inputs.filter_map(range).collect();
    for step in function.steps() {
        let read = (0..step.inputs().len()).filter_map(|index| range(step.input(index)?));
        if read
            .into_iter()
            .any(|read| fed.iter().any(|fed| overlap(fed, &read)))
        {
            return true;
        }
        let written = (0..step.outputs().len()).filter_map(|index| range(step.output(index)?));
        for written in written {
            fed.retain(|fed| !overlap(fed, &written));
        }
    }
    false
}

fn shapes(what: &str, ours: &[u32], expected: &[usize]) -> Result<(), String> {
    let same = ours.len() == expected.len();
    let equal = |(ours, expected): (&u32, &usize)| usize::try_from(*ours) == Ok(*expected);
    if same && ours.iter().zip(expected).all(equal) {
        return Ok(());
    }
    Err(format!("{what} has shape {ours:?}, expected {expected:?}"))
}

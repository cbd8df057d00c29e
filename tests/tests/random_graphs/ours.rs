//! Our side: a graph compiled, its file run on given inputs.

use qibu::format::DType;
use qibu::random::Random;
use qibu::{Limits, Model};
use qibu_compiler::engine::Data;
use qibu_compiler::import::{ImportOptions, from_bytes};
use qibu_tests::random_graph::{Kind, RandomGraph, Value};
use std::collections::BTreeMap;

/// Values by name.
pub type Values = BTreeMap<String, Data>;

/// The graph as import and simplify leave it, as text.
pub fn imported(graph: &RandomGraph) -> String {
    let imported = from_bytes(&graph.bytes(), None, &ImportOptions::default());
    match imported
        .and_then(|graph| Ok((graph.to_string(), qibu_compiler::simplify::simplify(graph)?)))
    {
        Ok((before, after)) => format!("imported:\n{before}simplified:\n{}", after.graph()),
        Err(error) => format!("{error}\n"),
    }
}

/// Bounded inputs: uniform within ±2, indices in range, counted from the end where `signed`.
pub fn inputs(inputs: &[Value], seed: u64, signed: bool) -> Values {
    let mut random = Random::new(seed);
    let mut pick = |n: usize| random.next_u32() as usize % n;
    inputs
        .iter()
        .map(|input| {
            let count = input.shape.iter().product();
            let data = match input.kind {
                Kind::Real => Data::F32(
                    (0..count)
                        .map(|_| (pick(1 << 24) as f32 / (1 << 22) as f32) - 2.0)
                        .collect(),
                ),
                Kind::Truth => Data::Bool((0..count).map(|_| pick(2) == 1).collect()),
                Kind::Index(_) | Kind::Whole => {
                    let below = match input.kind {
                        Kind::Index(below) => below,
                        _ => 5,
                    };
                    let mut index = || {
                        let index = pick(below) as i64;
                        match signed && pick(3) == 0 {
                            true => index - below as i64,
                            false => index,
                        }
                    };
                    Data::I64((0..count).map(|_| index()).collect())
                }
            };
            (input.name.clone(), data)
        })
        .collect()
}

/// Runs function `main` of a file: shape and elements of every output, quantised ones as reals.
pub fn run(file: &[u8], given: &Values) -> Result<Vec<(Vec<usize>, Data)>, String> {
    let limits = Limits { macs: 1 << 40 };
    let model = Model::load_within(file, limits).map_err(|e| format!("load: {e}"))?;
    let function = model.function("main").ok_or("no function main")?;
    let mut arena = qibu_compiler::aligned::AlignedBytes::zeros(function.arena());
    let mut run = function
        .bind(&mut arena)
        .map_err(|e| format!("bind: {e}"))?;
    for index in 0..function.inputs().len() {
        let tensor = function.input(index).ok_or("an input without a tensor")?;
        let name = model.tensor_name(tensor);
        let data = given
            .get(name)
            .ok_or_else(|| format!("no data for input {name}"))?;
        let set = match data {
            Data::F32(values) => run.set_f32(index, values),
            Data::Bool(values) => run.set_bool(index, values),
            Data::I32(values) => run.set_i32(index, values),
            Data::I64(values) => {
                let narrow: Vec<i32> = values.iter().map(|&v| v as i32).collect();
                run.set_i32(index, &narrow)
            }
            Data::F64(_) => return Err("double".into()),
        };
        set.map_err(|error| format!("input {name}: {error}"))?;
    }
    run.execute().map_err(|error| format!("execute: {error}"))?;
    let mut outputs = Vec::new();
    for index in 0..function.outputs().len() {
        let tensor = function.output(index).ok_or("an output without a tensor")?;
        let failed = |error| format!("output {index}: {error}");
        let data = match tensor.dtype() {
            DType::F32 => Data::F32(run.output_f32(index).map_err(failed)?.to_vec()),
            DType::Bool => {
                let bytes = run.output_bool(index).map_err(failed)?;
                Data::Bool(bytes.iter().map(|&byte| byte != 0).collect())
            }
            _ => {
                let raw = run.output_i32(index).map_err(failed)?;
                if tensor.dtype() == DType::I32 && tensor.scale() == 1.0 {
                    Data::I64(raw.iter().map(|&v| v.into()).collect())
                } else {
                    let real = |&q: &i32| {
                        qibu::rounding::dequantise(q, tensor.scale(), tensor.zero_point())
                    };
                    Data::F32(raw.iter().map(real).collect())
                }
            }
        };
        outputs.push((
            tensor.shape().iter().map(|&dim| dim as usize).collect(),
            data,
        ));
    }
    Ok(outputs)
}

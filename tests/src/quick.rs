//! ONNX to `.qibu`, without all that judges it: what is compared needs to be the same, not good.

use qibu::Model;
use qibu::format::DType;
use qibu::random::Random;
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::calibrate::{Method, Samples, calibrate};
use qibu_compiler::compile::{Request, compile_arranged, compile_float_bytes};
use qibu_compiler::engine::Tensor;
use qibu_compiler::error::Result;
use qibu_compiler::import::{ImportOptions, from_bytes};
use qibu_compiler::plan::plan;
use qibu_compiler::prosody::COMPOSE;
use qibu_compiler::quantise::{Scheme, formats, quantise};
use qibu_compiler::simplify::simplify;
use qibu_compiler::target::{Arrangement, Target};
use qibu_compiler::train::tensors::File;
use qibu_compiler::write::write;
use std::path::Path;

/// Samples that choose the ranges.
const SAMPLES: usize = 2;

/// The file of a model, its ranges from uniform inputs between the ends of `span`.
///
/// # Panics
/// It does not compile.
#[must_use]
pub fn compile(onnx: &[u8], scheme: Scheme, span: (f32, f32)) -> Vec<u8> {
    compile_for(onnx, scheme, Target::Portable, span)
}

/// [`compile`], with weights arranged, say for a target.
///
/// # Panics
/// It does not compile.
#[must_use]
pub fn compile_for(
    onnx: &[u8],
    scheme: Scheme,
    arrangement: impl Into<Arrangement>,
    span: (f32, f32),
) -> Vec<u8> {
    let float = compile_float_bytes(onnx).expect("it compiles");
    if scheme == Scheme::FLOAT {
        return float;
    }
    paces(onnx, scheme, arrangement.into(), &samples(&float, span)).expect("it compiles")
}

/// The file of a committed model for each of `arrangements`, with the functions that its own has.
///
/// # Panics
/// It does not compile.
#[must_use]
pub fn compile_models(folder: &Path, arrangements: &[Arrangement]) -> Vec<Vec<u8>> {
    let committed = std::fs::read(folder.join("model.qibu")).expect("a committed file");
    let bytes = AlignedBytes::from(&committed[..]);
    let functions = Model::load(&bytes).expect("a sound model");
    let functions: Vec<String> = functions.functions().map(|f| f.name().to_owned()).collect();
    let mut request = Request::new(&folder.join("model.onnx"));
    let composes = functions.iter().any(|name| name == COMPOSE);
    request.prosody = composes.then(|| folder.join("model.qibu"));
    request.functions = functions;
    compile_arranged(&request, arrangements).expect("the model compiles")
}

fn paces(
    onnx: &[u8],
    scheme: Scheme,
    arrangement: Arrangement,
    samples: &Samples,
) -> Result<Vec<u8>> {
    let simplified = simplify(from_bytes(onnx, None, &ImportOptions::default())?)?;
    let calibrated = calibrate(&simplified, samples, Method::default(), |_, _| {})?;
    let formats = formats(simplified.graph(), scheme)?;
    write(&plan(quantise(&calibrated, &formats)?, arrangement)?)
}

/// A few samples for the inputs of a file.
fn samples(file: &[u8], (low, high): (f32, f32)) -> Samples {
    let bytes = AlignedBytes::from(file);
    let model = Model::load(&bytes).expect("a sound model");
    let function = model.functions().next().expect("a function");
    let mut random = Random::new(1);
    let mut tensors = File::default();
    for index in 0..function.inputs().len() {
        let tensor = function.input(index).expect("an input");
        let mut shape = vec![SAMPLES];
        shape.extend(tensor.shape().iter().map(|&dim| dim as usize));
        let count = shape.iter().product();
        let values = if tensor.dtype() == DType::F32 {
            let mut draw = || low + (high - low) * random.uniform();
            Tensor::f32(&shape, (0..count).map(|_| draw()).collect())
        } else {
            // Ids that any table has, truth values, or quantised integers.
            Tensor::i64(&shape, (0..count).map(|at| at as i64 % 2).collect())
        };
        let name = model.tensor_name(tensor).to_owned();
        tensors.tensors.insert(name, values);
    }
    if tensors.tensors.is_empty() {
        return Samples::noise();
    }
    let file = tempfile::Builder::new().suffix(".safetensors").tempfile();
    let file = file.expect("a file");
    std::fs::write(file.path(), tensors.to_bytes()).expect("the file is writable");
    Samples::read(file.path()).expect("samples")
}

//! Random models of one step: every operator in every form that the loader accepts.
//!
//! ```text
//! for each operator, each of its functions or flags, each choice of element types:
//!     some random shapes, strides, paddings, zero points, scales
//!     the loader refuses all of them: no such form
//!     else a vector of each; where it may be, one with the output over an input
//! ```
//!
//! The list of forms is nobody's: the loader's own checks decide, so that a form that is added to a
//! kernel is a form of the vectors.

mod case;
mod depthwise;
mod elementwise;
mod layers;
mod moves;
mod tiles;

use case::{Case, Draw};
use qibu::format::{DType, Layout, Opcode, Tensor};
use qibu::random::Random;
use qibu::{Model, Step};
use qibu_compiler::aligned::AlignedBytes;
use std::collections::BTreeSet;

/// A model of one step.
pub struct Vector {
    /// Operator, element types and number.
    pub name: String,
    /// Its file.
    pub file: AlignedBytes,
}

/// Makes a case of an operator; of its functions or flags the one with this number.
type Propose = fn(&mut Draw, u32, &[DType]) -> Option<Case>;

/// How cases of an operator are made.
struct Family {
    opcode: Opcode,
    /// Functions or flags.
    kinds: u32,
    /// Element types to choose.
    types: u32,
    /// Vectors of each form.
    variants: u32,
    propose: Propose,
}

const fn family(opcode: Opcode, sizes: [u32; 3], propose: Propose) -> Family {
    let [kinds, types, variants] = sizes;
    Family {
        opcode,
        kinds,
        types,
        variants,
        propose,
    }
}

const FAMILIES: [Family; 28] = [
    family(Opcode::Quantise, [1, 2, 5], elementwise::convert),
    family(Opcode::Dequantise, [1, 2, 4], elementwise::convert),
    family(Opcode::Dense, [1, 3, 4], layers::dense),
    family(Opcode::Conv, [3 + depthwise::KINDS, 3, 2], layers::conv),
    family(Opcode::Gate, [1, 4, 3], layers::gate),
    family(Opcode::TopKDense, [1, 2, 4], layers::top_k_dense),
    family(Opcode::Gather, [1, 2, 3], moves::gather),
    family(Opcode::Add, [1, 3, 4], elementwise::add),
    family(Opcode::Mul, [1, 3, 4], elementwise::mul),
    family(Opcode::Mean, [1, 2, 3], layers::mean),
    family(Opcode::Unary, [31, 1, 2], elementwise::unary),
    family(Opcode::Copy, [1, 1, 4], moves::copy),
    family(Opcode::Binary, [18, 2, 2], elementwise::binary),
    family(Opcode::Where, [1, 1, 4], elementwise::choose),
    family(Opcode::Cast, [1, 2, 2], elementwise::convert),
    family(Opcode::Reduce, [4, 1, 2], moves::reduce),
    family(Opcode::ArgMax, [4, 1, 1], moves::arg_max),
    family(Opcode::TopK, [2, 1, 2], moves::top_k),
    family(Opcode::Pool, [3, 1, 3], layers::pool),
    family(Opcode::Pad, [1, 1, 3], moves::pad),
    family(Opcode::Concat, [2, 1, 3], moves::concat),
    family(Opcode::Scatter, [5, 1, 2], moves::scatter),
    family(Opcode::Softmax, [2, 1, 3], elementwise::softmax),
    family(Opcode::Normalise, [8, 1, 2], elementwise::normalise),
    family(Opcode::MatMul, [4, 3, 2], layers::mat_mul),
    family(Opcode::CumSum, [4, 1, 2], moves::cum_sum),
    family(Opcode::ToGrid, [1, 2, 5], elementwise::to_grid),
    family(Opcode::TopKGroups, [1, 2, 4], layers::top_k_groups),
];

/// Element types of tensors; scale words are none.
const TYPES: [DType; 7] = [
    DType::F32,
    DType::F16,
    DType::I8,
    DType::I16,
    DType::I32,
    DType::Bool,
    DType::I4,
];

/// Proposals that are refused before there is no such form.
const ATTEMPTS: u32 = 3;

/// All of them, always the same.
///
/// # Panics
/// An operator has no family.
#[must_use]
pub fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for opcode in Opcode::ALL {
        let family = FAMILIES.iter().find(|family| family.opcode == opcode);
        let family = family.unwrap_or_else(|| panic!("no vectors for {}", opcode.name()));
        for kind in 0..family.kinds {
            for choice in 0..TYPES.len().pow(family.types) {
                let chosen = (0..family.types).map(|at| choice / TYPES.len().pow(at) % TYPES.len());
                let types: Vec<DType> = chosen.map(|at| TYPES[at]).collect();
                form(family, kind, &types, &mut vectors);
            }
        }
    }
    vectors.extend(tiles::vectors());
    vectors
}

/// The vectors of one form.
fn form(family: &Family, kind: u32, types: &[DType], vectors: &mut Vec<Vector>) {
    let opcode = family.opcode;
    let seed = types.iter().fold(u64::from(kind), |seed, &dtype| {
        seed * 8 + u64::from(dtype as u8)
    });
    let mut draw = Draw(Random::new(seed << 8 | u64::from(opcode as u8)));
    let before = vectors.len();
    for attempt in 0..ATTEMPTS.max(family.variants) {
        let made = vectors.len() - before;
        if attempt >= ATTEMPTS && made == 0 || made >= family.variants as usize {
            return;
        }
        let Some(case) = (family.propose)(&mut draw, kind, types) else {
            continue;
        };
        // Every second one over an input, where one fits.
        let over = (0..case.inputs.len()).filter(|_| attempt % 2 == 1);
        let mut over = over.filter(|&input| opcode.in_place(input));
        let file = over.find_map(|input| case.file(opcode, Some(input)));
        let Some(file) = file.or_else(|| case.file(opcode, None)) else {
            continue;
        };
        vectors.push(Vector {
            name: format!("{} {kind} {types:?} {attempt}", opcode.name()),
            file,
        });
    }
}

/// The operator of `step` and the element types of what it reads and writes, as text.
#[must_use]
pub fn step_form(step: &Step<'_>) -> String {
    let form = |tensor: Tensor<'_>| match tensor.layout() {
        Layout::Plain => format!("{:?}", tensor.dtype()),
        layout => format!("{:?} in {layout:?}", tensor.dtype()),
    };
    let inputs = (0..step.inputs().len()).filter_map(|at| step.input(at).map(form));
    let outputs = (0..step.outputs().len()).filter_map(|at| step.output(at).map(form));
    let (inputs, mut outputs): (Vec<_>, Vec<_>) = (inputs.collect(), outputs.collect());
    outputs.extend(step.scratch().map(|_| "scratch".to_owned()));
    let name = step.opcode().name();
    // How many parts it joins is no form of its own.
    let inputs = match step.opcode() {
        Opcode::Concat => inputs[..1].to_vec(),
        _ => inputs,
    };
    format!("{name} {} → {}", inputs.join(" "), outputs.join(" "))
}

/// All forms in a model.
#[must_use]
pub fn forms(model: &Model<'_>) -> BTreeSet<String> {
    let steps = (0..model.steps() as u32).filter_map(|index| model.step(index));
    steps.map(|step| step_form(&step)).collect()
}

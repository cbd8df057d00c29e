//! Which kernel runs every layer, on every target: no slow one hides.
//!
//! ```text
//! models    those of `models/`, the geometries of MLPerf Tiny
//! targets   every value of `--target`; those that arrange weights alike share a row
//! table     tests/golden/kernels.txt: each step's operator and kernel
//! rule      a matrix product on a scalar kernel has one of the reasons below, and no other
//! bits      every file gives what the portable one gives
//! ```
//!
//! `UPDATE=1 cargo test -p qibu-tests --test kernel_choice` writes the table anew.

use qibu::format::{DType, Layout, Opcode};
use qibu::kernels::{ALL, NAMES};
use qibu::random::Random;
use qibu::{Function, Model, Step};
use qibu_compiler::aligned::AlignedBytes;
use qibu_compiler::quantise::{Activations, Scheme, Weights};
use qibu_compiler::target::{Arrangement, Target};
use qibu_tests::mlperf::NETWORKS;
use qibu_tests::need::root;
use qibu_tests::quick::{compile_for, compile_models};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Why a matrix product may run on a scalar kernel though the file is arranged for a target.
fn reason(step: &Step<'_>) -> Option<&'static str> {
    let (x, w) = (step.input(0)?, step.input(1)?);
    match (step.opcode(), w.dtype()) {
        (_, DType::I4) => Some("int4: half the flash is what was asked for"),
        (_, DType::F32 | DType::F16) => Some("float: one order of sums on every target"),
        (Opcode::MatMul, _) => Some("both operands are activations"),
        (Opcode::Conv, _) => {
            let channels = x.columns();
            let &groups = step.attributes().get(10)?;
            let mixed = groups > 1 && groups as usize != channels;
            mixed.then_some("groups of several channels")
        }
        _ => None,
    }
}

/// The kernel's name.
fn kernel(step: &Step<'_>) -> &'static str {
    let place = ALL.iter().position(|kernel| kernel.takes(step));
    NAMES[place.expect("a kernel of the list")]
}

fn is_product(step: &Step<'_>) -> bool {
    use Opcode::{Conv, Dense, MatMul, TopKDense, TopKGroups};
    matches!(
        step.opcode(),
        Conv | Dense | MatMul | TopKDense | TopKGroups
    )
}

/// Steps of a file, and the products among them that nothing excuses.
fn table(model: &Model<'_>) -> (String, Vec<String>) {
    let (mut text, mut slow) = (String::new(), Vec::new());
    for function in model.functions() {
        for (index, step) in function.steps().enumerate() {
            let kernel = kernel(&step);
            let is_fast = step.scratch().is_some();
            let mut line = format!(
                "{} {index} {} {kernel}",
                function.name(),
                step.opcode().name()
            );
            if is_product(&step) && !is_fast {
                match reason(&step) {
                    Some(reason) => write!(line, " — {reason}").expect("a string"),
                    None => slow.push(line.clone()),
                }
            }
            writeln!(text, "  {line}").expect("a string");
        }
    }
    (text, slow)
}

/// Bytes of all outputs on seeded inputs.
fn outputs(model: &Model<'_>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for function in model.functions() {
        let mut arena = AlignedBytes::zeros(function.arena());
        let mut run = function.bind(&mut arena).expect("an arena");
        for index in 0..function.inputs().len() {
            set(&function, &mut run, index);
        }
        run.execute().expect("it runs");
        for index in 0..function.outputs().len() {
            let output = function.output(index).expect("an output");
            all.push(run.tensor_bytes(output).expect("its bytes").to_vec());
        }
    }
    all
}

fn set(function: &Function<'_>, run: &mut qibu::Run<'_, '_>, index: usize) {
    let tensor = function.input(index).expect("an input");
    let mut random = Random::new(index as u64 + 7);
    let length = tensor.elements().expect("elements");
    let set = match tensor.dtype() {
        DType::F32 => {
            let values: Vec<f32> = (0..length).map(|_| random.gaussian() * 3.0).collect();
            run.set_f32(index, &values)
        }
        DType::I8 => {
            let values: Vec<i8> = (0..length).map(|_| random.next_u32() as i8).collect();
            run.set_i8(index, &values)
        }
        _ => {
            let values: Vec<i32> = (0..length)
                .map(|_| (random.next_u32() % 90) as i32)
                .collect();
            run.set_i32(index, &values)
        }
    };
    set.expect("an input of this type");
}

/// Ways to arrange weights, each with the names of the targets that have it, the portable one first.
fn arrangements() -> Vec<(String, Arrangement)> {
    let mut kinds: BTreeMap<Vec<Layout>, Vec<Target>> = BTreeMap::new();
    for &target in Target::all() {
        if target != Target::Host {
            let layouts = (1..=32).map(|columns| target.layout(columns)).collect();
            kinds.entry(layouts).or_default().push(target);
        }
    }
    let kinds: Vec<Vec<Target>> = kinds.into_values().collect();
    assert_eq!(kinds[0], [Target::Portable]);
    let names = |alike: &[Target]| {
        let names: Vec<String> = alike.iter().map(|target| target.name()).collect();
        names.join(", ")
    };
    let mut all: Vec<(String, Arrangement)> = kinds
        .iter()
        .map(|alike| (names(alike), alike[0].into()))
        .collect();
    for alike in kinds.iter().filter(|alike| alike[0].has_wide()) {
        assert!(alike.iter().all(|target| target.has_wide()));
        let names = names(alike) + " with --weights-wide";
        all.push((names, Arrangement::wide(alike[0])));
    }
    all
}

/// Name, and a file for each arrangement.
fn files(arrangements: &[Arrangement]) -> Vec<(String, Vec<Vec<u8>>)> {
    let int8 = Scheme {
        weights: Weights::Int8,
        activations: Activations::Int8,
    };
    let mut all = Vec::new();
    for (name, make, span) in NETWORKS {
        let onnx = make(span);
        let files = arrangements
            .iter()
            .map(|arrangement| compile_for(&onnx, int8, arrangement.clone(), span));
        all.push((name.to_owned(), files.collect()));
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root().join("models"))
        .expect("the folder of models")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("model.onnx").is_file())
        .collect();
    folders.sort();
    assert!(!folders.is_empty());
    for folder in folders {
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        all.push((name, compile_models(&folder, arrangements)));
    }
    all
}

#[test]
fn no_slower_kernel_hides() {
    let arrangements = arrangements();
    let ways: Vec<Arrangement> = arrangements.iter().map(|(_, way)| way.clone()).collect();
    let mut text = String::new();
    let mut slow = Vec::new();
    for (name, files) in files(&ways) {
        let mut expected = Vec::new();
        for ((names, arrangement), file) in arrangements.iter().zip(&files) {
            let bytes = AlignedBytes::from(&file[..]);
            let model = Model::load(&bytes).expect("a sound file");
            let (table, hidden) = table(&model);
            writeln!(text, "{name}, {names}\n{table}").expect("a string");
            let found = outputs(&model);
            if arrangement.target == Target::Portable {
                expected = found;
            } else {
                assert!(found == expected, "{name} for {names} gives other bits");
                slow.extend(hidden.iter().map(|line| format!("{name}, {names}: {line}")));
            }
        }
    }
    assert!(
        slow.is_empty(),
        "scalar kernels without a reason:\n{}",
        slow.join("\n")
    );
    let path = root().join("tests/golden/kernels.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("the table is writable");
    }
    let known = std::fs::read_to_string(&path).expect("the table");
    assert!(
        known == text,
        "other kernels than in tests/golden/kernels.txt; UPDATE=1 writes it:\n{text}"
    );
}

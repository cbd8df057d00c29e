//! The sample's outputs as checked in: a change of bits is noticed, on every host.
//!
//! `QIBU_BLESS=1 cargo test -p qibu-tests --test same_bits` writes them anew. A change here is a
//! change of the arithmetic, and belongs in the changelog.

use qibu::format::DType;
use qibu::poem::Poet;
use qibu::random::Random;
use qibu::{Function, Model, Run};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::need::root;
use qibu_tests::sample::sample;
use std::fmt::Write;

/// Two of noise, then one for each special value.
const SEEDS: usize = 2 + SPECIAL.len();
/// Values that arithmetic treats specially; NaN with a payload and a sign.
const SPECIAL: [u32; 6] = [
    0x7F80_0000,
    0xFF80_0000,
    0xFFC0_1234,
    0x8000_0000,
    1,
    0x7F7F_FFFF,
];

/// Sets all inputs from `seed`.
fn set_inputs(function: &Function<'_>, run: &mut Run<'_, '_>, seed: usize) {
    let mut random = Random::new(seed as u64);
    for index in 0..function.inputs().len() {
        let tensor = function.input(index).unwrap();
        let length = tensor.elements().unwrap();
        let mut draw = |bound: u32| random.next_u32() % bound;
        if tensor.dtype() == DType::I8 {
            let values: Vec<i8> = (0..length).map(|_| draw(256) as i8).collect();
            run.set_i8(index, &values).unwrap();
        } else if tensor.dtype() == DType::I16 {
            let values: Vec<i16> = (0..length).map(|_| draw(1 << 16) as i16).collect();
            run.set_i16(index, &values).unwrap();
        } else if tensor.dtype() == DType::Bool {
            let values: Vec<bool> = (0..length).map(|_| draw(2) == 1).collect();
            run.set_bool(index, &values).unwrap();
        } else if tensor.dtype() == DType::F32 {
            let mut values: Vec<f32> = (0..length).map(|_| random.gaussian()).collect();
            if let Some(&special) = seed.checked_sub(2).and_then(|at| SPECIAL.get(at)) {
                values[0] = f32::from_bits(special);
            }
            run.set_f32(index, &values).unwrap();
        } else {
            let values: Vec<i32> = (0..length)
                .map(|_| (random.next_u32() % 9) as i32)
                .collect();
            run.set_i32(index, &values).unwrap();
        }
    }
}

/// All outputs of all functions: integers in decimal, floats as their bits.
fn outputs() -> String {
    let file = sample();
    let model = Model::load(&file).unwrap();
    let mut text = String::new();
    let poet = Poet::new(&model).unwrap();
    for seed in 0..5 {
        let mut arena = AlignedBytes::zeros(poet.arena());
        let ids = poet.couplet(seed, poet.temperature(), &mut arena).unwrap();
        poet.write(&ids, |piece| text += piece);
        text.push('\n');
    }
    for function in model.functions() {
        for seed in 0..SEEDS {
            let mut arena = AlignedBytes::zeros(function.arena());
            let mut run = function.bind(&mut arena).unwrap();
            set_inputs(&function, &mut run, seed);
            run.execute().unwrap();
            for index in 0..function.outputs().len() {
                write!(text, "{} {seed} {index}:", function.name()).unwrap();
                for value in run.output_i32(index).unwrap_or(&[]) {
                    write!(text, " {value}").unwrap();
                }
                for value in run.output_f32(index).unwrap_or(&[]) {
                    assert!(
                        !value.is_nan() || value.to_bits() == 0x7FC0_0000,
                        "canonical NaN"
                    );
                    write!(text, " {:08x}", value.to_bits()).unwrap();
                }
                for value in run.output_i8(index).unwrap_or(&[]) {
                    write!(text, " {value}").unwrap();
                }
                for value in run.output_i16(index).unwrap_or(&[]) {
                    write!(text, " {value}").unwrap();
                }
                for value in run.output_bool(index).unwrap_or(&[]) {
                    write!(text, " {value}").unwrap();
                }
                text.push('\n');
            }
        }
    }
    text
}

#[test]
fn outputs_are_those_of_the_golden_file() {
    let path = root().join("tests/golden/sample.txt");
    let text = outputs();
    if std::env::var_os("QIBU_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file");
    for (line, expected) in text.lines().zip(golden.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(text.lines().count(), golden.lines().count());
}

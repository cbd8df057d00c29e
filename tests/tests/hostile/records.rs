//! Records, operands and attributes.

use super::{load, tiny};
use qibu::format::{DType, Opcode, Place};
use qibu::{Fault, LoadError, Model};
use qibu_tests::builder::Builder;

/// Tensors of [`tiny`], by index.
const X: usize = 0;
const Q: usize = 1;
const W: usize = 2;
const SCALES: usize = 4;
const OUT: usize = 5;

/// A change of the records and the error that it must give.
type Case = (&'static str, fn(&mut Builder), LoadError);

#[test]
fn the_file_that_the_cases_break_is_sound() {
    let file = tiny().finish();
    assert_eq!(load(&file), Ok(()));
    assert!(Model::load(&file).unwrap().verify_weights());
}

/// Word `word` of step `step`'s operands.
fn operand(b: &mut Builder, step: usize, word: usize) -> &mut u32 {
    let at = b.steps[step].operands as usize + word;
    &mut b.parameters[at]
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("unknown operator", |b| b.steps[0].opcode = 99, LoadError::Step(0, Fault::Code)),
    ("operands outside", |b| b.steps[1].operands = 9999, LoadError::Step(1, Fault::Range)),
    ("operands overflow", |b| b.steps[1].operands = u32::MAX, LoadError::Step(1, Fault::Range)),
    ("input too many", |b| b.steps[0].inputs = 2, LoadError::Step(0, Fault::Arity)),
    ("no output", |b| b.steps[0].outputs = 0, LoadError::Step(0, Fault::Arity)),
    ("attribute too many", |b| b.steps[0].attributes = 1, LoadError::Step(0, Fault::Arity)),
    ("no such input", |b| *operand(b, 0, 0) = 6, LoadError::Step(0, Fault::Operand)),
    ("no such output", |b| *operand(b, 0, 1) = u32::MAX, LoadError::Step(0, Fault::Operand)),
    ("writes a constant", |b| *operand(b, 0, 1) = W as u32, LoadError::Step(0, Fault::Operand)),
    ("weights in the arena", |b| *operand(b, 1, 1) = Q as u32, LoadError::Step(1, Fault::Operand)),
    ("quantises int8", |b| *operand(b, 0, 0) = Q as u32, LoadError::Step(0, Fault::DType)),
    ("shapes differ", |b| b.tensors[X].dims[1] = 3, LoadError::Step(0, Fault::Shape)),
    ("row too long", |b| b.tensors[Q].dims = [4, 1, 0, 0, 0, 0], LoadError::Step(1, Fault::Shape)),
    ("bias overflows", |b| b.parameters[0] = i32::MAX as u32, LoadError::Step(1, Fault::Accumulator)),
    ("bias underflows", |b| b.parameters[1] = i32::MIN as u32, LoadError::Step(1, Fault::Accumulator)),
    ("halves in the arena", |b| b.tensors[Q].dtype = DType::F16, LoadError::Tensor(1, Fault::DType)),
    ("int8 parameters", |b| b.tensors[W].place = Place::Parameters, LoadError::Tensor(2, Fault::DType)),
    ("empty axis", |b| b.tensors[X].dims[0] = 0, LoadError::Tensor(0, Fault::Shape)),
    ("axis behind the rank", |b| b.tensors[X].dims[2] = 1, LoadError::Tensor(0, Fault::Shape)),
    ("elements overflow", |b| b.tensors[X].dims = [1 << 16, 1 << 16, 0, 0, 0, 0], LoadError::Tensor(0, Fault::Shape)),
    ("bytes overflow", |b| b.tensors[X].dims = [1 << 15, 1 << 15, 0, 0, 0, 0], LoadError::Tensor(0, Fault::Shape)),
    ("misaligned", |b| b.tensors[X].offset = 2, LoadError::Tensor(0, Fault::Offset)),
    ("weights outside", |b| b.tensors[W].offset = 1, LoadError::Tensor(2, Fault::Offset)),
    ("offset overflows", |b| b.tensors[SCALES].offset = 0xFFFF_FFFC, LoadError::Tensor(4, Fault::Offset)),
    ("scale of zero", |b| b.tensors[Q].scale = 0.0, LoadError::Tensor(1, Fault::Scale)),
    ("negative scale", |b| b.tensors[Q].scale = -1.0, LoadError::Tensor(1, Fault::Scale)),
    ("infinite scale", |b| b.tensors[Q].scale = f32::INFINITY, LoadError::Tensor(1, Fault::Scale)),
    ("scale not a number", |b| b.tensors[Q].scale = f32::NAN, LoadError::Tensor(1, Fault::Scale)),
    ("zero point outside", |b| b.tensors[Q].zero_point = 128, LoadError::Tensor(1, Fault::Scale)),
    ("zero point of a float", |b| b.tensors[X].zero_point = 1, LoadError::Tensor(0, Fault::Scale)),
    ("shift of 30", |b| b.parameters[2] = 0x4000_0000 | 30, LoadError::Tensor(4, Fault::Scale)),
    ("shift of 63", |b| b.parameters[3] = 0x4000_0000 | 63, LoadError::Tensor(4, Fault::Scale)),
    ("multiplier too small", |b| b.parameters[2] = 0x3FFF_FF00 | 40, LoadError::Tensor(4, Fault::Scale)),
    ("tensor name outside", |b| (b.tensors[X].name_offset, b.tensors[X].name_length) = (99, 1), LoadError::Tensor(0, Fault::Range)),
    ("function name outside", |b| b.functions[0].name_length = 99, LoadError::Function(0, Fault::Range)),
    ("function operands outside", |b| b.functions[0].operands = u32::MAX, LoadError::Function(0, Fault::Range)),
    ("steps outside", |b| b.functions[0].steps = 3, LoadError::Function(0, Fault::Range)),
    ("steps overflow", |b| b.functions[0].first_step = u32::MAX, LoadError::Function(0, Fault::Range)),
    ("arena too short", |b| b.functions[0].arena = 32, LoadError::Function(0, Fault::Arena)),
    ("arena of nothing", |b| b.functions[0].arena = 0, LoadError::Function(0, Fault::Arena)),
    ("no input", |b| { let f = &mut b.functions[0]; f.operands += 1; f.inputs = 0 }, LoadError::Function(0, Fault::Unwritten)),
    ("reads beside what was written", |b| { let x = b.tensors[X]; b.tensors.push(x); b.tensors[6].offset = 4; *operand(b, 0, 0) = 6 }, LoadError::Function(0, Fault::Unwritten)),
    ("output over input", |b| b.tensors[Q].offset = 12, LoadError::Function(0, Fault::Overlap)),
    ("steps of 1.6 M products", |b| {
        b.tensors[X].dims = [400_000, 4, 0, 0, 0, 0];
        b.tensors[Q].dims = [400_000, 4, 0, 0, 0, 0];
        b.tensors[OUT].dims = [400_000, 2, 0, 0, 0, 0];
        (b.tensors[Q].offset, b.tensors[OUT].offset) = (8_000_000, 16_000_000);
        b.functions[0].arena = 32_000_000;
    }, LoadError::Function(0, Fault::Work)),
    ("stride of zero", |b| conv(b, 2, 0), LoadError::Step(2, Fault::Attribute)),
    ("padding of 4096", |b| conv(b, 6, 4096), LoadError::Step(2, Fault::Attribute)),
];

/// Adds a convolution with attribute `index` changed to `value`.
fn conv(b: &mut Builder, index: usize, value: u32) {
    let dims = [1, 1, 4, 1];
    let x = b.view(Q as u32, &dims);
    let w = b.weights(DType::I8, &[1, 1, 1, 1], &[1i8]);
    let (bias, scales) = (b.bias(1, 0), b.scales(1, 0.5));
    let out = b.activation(DType::I8, &dims);
    let mut attributes = [1, 1, 1, 1, 1, 1, 0, 0, 0, 127, 1];
    attributes[index] = value;
    b.step(Opcode::Conv, &[x, w, bias, scales], &[out], &attributes);
    b.function("conv", &[x], &[out]);
    // The view lies where the first function has its value.
    b.functions[1].arena += 64;
}

#[test]
fn every_broken_record_gives_its_error() {
    let mut wrong = Vec::new();
    for (name, change, error) in CASES {
        let mut builder = tiny();
        change(&mut builder);
        let result = load(&builder.finish());
        if result != Err(*error) {
            wrong.push(format!("{name}: {result:?} instead of {error:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_fault_has_a_case() {
    use Fault::*;
    let all = [
        Code,
        Range,
        Arity,
        Operand,
        DType,
        Shape,
        Offset,
        Scale,
        Attribute,
        Accumulator,
        Arena,
        Unwritten,
        Overlap,
        Work,
    ];
    for fault in all {
        // A new variant fails to compile here and is added above.
        match fault {
            Code | Range | Arity | Operand | DType | Shape | Offset => {}
            Scale | Attribute | Accumulator | Arena | Unwritten | Overlap | Work => {}
            // Not in a file: `kernel_sets.rs` has it.
            Kernel => {}
        }
        let matches = |&&(.., error): &&Case| match error {
            LoadError::Function(_, f) | LoadError::Tensor(_, f) | LoadError::Step(_, f) => {
                f == fault
            }
            _ => false,
        };
        assert!(CASES.iter().any(|case| matches(&case)), "{fault:?}");
    }
}

#[test]
fn more_steps_than_the_limit() {
    let mut builder = tiny();
    let step = builder.steps[0];
    builder.steps.resize(4097, step);
    assert_eq!(
        load(&builder.finish()),
        Err(LoadError::Step(4096, Fault::Work))
    );
}

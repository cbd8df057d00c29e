//! A step that writes over its input gives the bits that it gives apart from it.

use qibu::Model;
use qibu::format::DType::{self, F32, I8, I16};
use qibu::format::Opcode;
use qibu::random::Random;
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::{Builder, FREE, I8_RANGE, scale_word};

/// An elementwise step: its operands' types, how often each is repeated, and its words.
struct Case {
    opcode: Opcode,
    /// The last of them is the output's.
    dtypes: Vec<DType>,
    repeats: u32,
    attributes: Vec<u32>,
}

/// Every form of every operator that works in place.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut put = |opcode, dtypes: &[DType], repeats, attributes: &[&[u32]]| {
        cases.push(Case {
            opcode,
            dtypes: dtypes.to_vec(),
            repeats,
            attributes: attributes.concat(),
        });
    };
    for code in 0..4 {
        put(Opcode::Unary, &[F32, F32], 1, &[&[code, 0, 0]]);
    }
    put(Opcode::Unary, &[I8, I8], 1, &[&[0; 3]]);
    let scales = [scale_word(0.4 / 128.0), scale_word(0.3 / 128.0)];
    for repeats in [1, 3] {
        put(Opcode::Add, &[F32, F32, F32], repeats, &[&[0, 0], &FREE]);
        put(Opcode::Mul, &[F32, F32, F32], repeats, &[&[0], &FREE]);
        for a in [I8, I16] {
            for b in [I8, I16] {
                for y in [I8, I16] {
                    put(Opcode::Add, &[a, b, y], repeats, &[&scales, &I8_RANGE]);
                    let scale = [scale_word(0.01)];
                    put(Opcode::Mul, &[a, b, y], repeats, &[&scale, &I8_RANGE]);
                }
            }
        }
    }
    for code in [0, 1, 5, 17] {
        put(Opcode::Binary, &[F32, F32, F32], 1, &[&[code]]);
    }
    put(Opcode::Gate, &[F32, F32, F32, F32], 1, &[&[0, 0]]);
    for types in 0..16u32 {
        let dtypes = [0, 1, 2, 3].map(|bit| if types >> bit & 1 == 0 { I8 } else { I16 });
        put(Opcode::Gate, &dtypes, 1, &[&scales]);
    }
    cases
}

/// The file of `case` on `length` elements. Operands whose bits `chosen` has set are one tensor, over
/// which the output lies if `in_place`. `None` where it may not.
fn file(case: &Case, length: u32, chosen: u32, in_place: bool) -> Option<AlignedBytes> {
    let mut b = Builder::default();
    let (&out_type, in_types) = case.dtypes.split_last()?;
    let (mut arguments, mut operands) = (Vec::new(), Vec::new());
    let mut replaced = None;
    for (position, &dtype) in in_types.iter().enumerate() {
        let repeats = if position == 1 { case.repeats } else { 1 };
        let argument = b.activation(F32, &[length / repeats]);
        arguments.push(argument);
        let mut operand = argument;
        if dtype != F32 {
            let zero_point = if dtype == I8 { 3 } else { 0 };
            operand = b.quantised(dtype, &[length / repeats], 0.02, zero_point);
            b.step(Opcode::Quantise, &[argument], &[operand], &[]);
        }
        if chosen >> position & 1 == 1 {
            if dtype != out_type || repeats > 1 {
                return None;
            }
            operand = *replaced.get_or_insert(operand);
        }
        operands.push(operand);
    }
    match case.opcode {
        Opcode::Gate if out_type != F32 => {
            let table: Vec<i16> = (0..257).map(|i| i * 127).collect();
            operands.push(b.weights(I16, &[257], &table));
        }
        Opcode::Unary if out_type != F32 => {
            let table: Vec<u8> = (0..256).map(|i| (i * 37) as u8).collect();
            operands.push(b.weights(I8, &[256], &table));
        }
        _ => {}
    }
    let zero_point = if out_type == I8 { -5 } else { 0 };
    let y = match replaced.filter(|_| in_place) {
        Some(input) => b.replacing(input, 0.05, zero_point),
        None => b.quantised(out_type, &[length], 0.05, zero_point),
    };
    b.step(case.opcode, &operands, &[y], &case.attributes);
    let mut result = y;
    if out_type != F32 {
        result = b.activation(F32, &[length]);
        b.step(Opcode::Dequantise, &[y], &[result], &[]);
    }
    b.function("main", &arguments, &[result]);
    Some(b.finish())
}

fn run(file: &[u8], seed: u64) -> Vec<u32> {
    let model = Model::load(file).expect("a sound file");
    let function = model.function("main").unwrap();
    let mut arena = AlignedBytes::zeros(function.arena());
    let mut run = function.bind(&mut arena).unwrap();
    let mut random = Random::new(seed);
    for index in 0..function.inputs().len() {
        let length = function.input(index).unwrap().elements().unwrap();
        let values: Vec<f32> = (0..length).map(|_| random.gaussian() * 2.0).collect();
        run.set_f32(index, &values).unwrap();
    }
    run.execute().unwrap();
    let output = run.output_f32(0).unwrap();
    output.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn in_place_gives_the_same_bits() {
    let mut compared = 0;
    for (index, case) in cases().iter().enumerate() {
        let (mut varied, before) = (false, compared);
        for chosen in 1..1 << (case.dtypes.len() - 1) {
            for length in [3, 24, 51] {
                let Some(apart) = file(case, length, chosen, false) else {
                    continue;
                };
                let over = file(case, length, chosen, true).expect("the same case");
                assert_ne!(apart[..], over[..]);
                let seed = index as u64;
                let (apart, over) = (run(&apart, seed), run(&over, seed));
                assert_eq!(
                    apart, over,
                    "{:?} {:?} {chosen:b}",
                    case.opcode, case.dtypes
                );
                varied |= apart.iter().any(|bits| *bits != apart[0]);
                compared += 1;
            }
        }
        // x − x is zero everywhere; but a step that writes nothing would be so in every case.
        assert!(varied || compared == before, "{:?}", case.opcode);
    }
    assert!(compared > 200, "{compared}");
}

//! Outputs over inputs: exactly one over the other where the operator allows it, else refused.

use super::load;
use qibu::format::{DType, Opcode};
use qibu::{Fault, LoadError};
use qibu_tests::builder::{Builder, FREE, I8_RANGE, scale_word, transpose_words};

const OVERLAP: Result<(), LoadError> = Err(LoadError::Function(0, Fault::Overlap));

/// Two inputs of eight floats, and a step that writes over one of them.
fn floats(opcode: Opcode, attributes: &[u32], change: fn(&mut Builder)) -> Builder {
    let mut b = Builder::default();
    let x = b.activation(DType::F32, &[8]);
    let other = b.activation(DType::F32, &[8]);
    let y = b.replacing(x, 1.0, 0);
    let inputs: &[u32] = match opcode {
        Opcode::Gate => &[other, x, other],
        Opcode::Add | Opcode::Mul => &[x, other],
        _ => &[x],
    };
    b.step(opcode, inputs, &[y], attributes);
    b.function("main", &[x, other], &[y]);
    change(&mut b);
    b
}

#[test]
fn elementwise_operators_may_replace_an_operand() {
    let clamp = [&[0][..], &FREE].concat();
    let add = [&[0, 0][..], &FREE].concat();
    for (opcode, attributes) in [
        (Opcode::Unary, &[1, 0, 0][..]),
        (Opcode::Gate, &[0, 0]),
        (Opcode::Mul, &clamp),
        (Opcode::Add, &add),
    ] {
        let file = |change| load(&floats(opcode, attributes, change).finish());
        assert_eq!(file(|_| {}), Ok(()), "{opcode:?}");
        // Not by an element more or less, in the room behind it or before it.
        let shifted = file(|b| b.tensors[2].offset += 4);
        assert_eq!(shifted, OVERLAP, "{opcode:?}");
        let before = file(|b| (b.tensors[0].offset, b.tensors[1].offset) = (4, 64));
        assert_eq!(
            before,
            Err(LoadError::Function(0, Fault::Arena)),
            "{opcode:?}"
        );
        let before = file(|b| {
            (b.tensors[0].offset, b.tensors[1].offset) = (4, 64);
            b.functions[0].arena = 96;
        });
        assert_eq!(before, OVERLAP, "{opcode:?}");
    }
}

#[test]
fn other_operators_may_not() {
    let turn = transpose_words(&[2, 4], &[1, 0]);
    assert_eq!(load(&floats(Opcode::Copy, &turn, |_| {}).finish()), OVERLAP);
    // As many bytes, and read before written: yet not declared.
    let mut b = Builder::default();
    let x = b.activation(DType::I32, &[8]);
    let y = b.replacing(x, 1.0, 0);
    b.tensors[y as usize].dtype = DType::F32;
    b.step(Opcode::Dequantise, &[x], &[y], &[]);
    b.function("main", &[x], &[y]);
    assert_eq!(load(&b.finish()), OVERLAP);
}

/// `b` is repeated: an output over it would be read again after it is written.
#[test]
fn a_repeated_operand_stays() {
    let mut b = Builder::default();
    let y = b.activation(DType::F32, &[8]);
    let x = b.activation(DType::F32, &[8]);
    let shorter = b.view(y, &[4]);
    b.step(
        Opcode::Add,
        &[x, shorter],
        &[y],
        &[&[0, 0][..], &FREE].concat(),
    );
    b.function("main", &[x, shorter], &[y]);
    assert_eq!(load(&b.finish()), OVERLAP);
}

/// Four int16 are as long as eight int8, and are repeated.
#[test]
fn the_element_type_must_be_the_same() {
    let mut b = Builder::default();
    let x = b.activation(DType::I8, &[8]);
    let y = b.activation(DType::I8, &[8]);
    let wide = b.view(y, &[4]);
    b.tensors[wide as usize].dtype = DType::I16;
    let attributes = [&[scale_word(0.5)][..], &I8_RANGE].concat();
    b.step(Opcode::Mul, &[x, wide], &[y], &attributes);
    b.function("main", &[x, wide], &[y]);
    assert_eq!(load(&b.finish()), OVERLAP);
}

/// What was replaced is gone: who reads those bytes reads the new values, whole or not at all.
#[test]
fn half_of_a_replaced_value_is_unwritten() {
    let half = |offset: u32| {
        let mut b = floats(Opcode::Unary, &[1, 0, 0], |_| {});
        let part = b.view(0, &[4]);
        b.tensors[part as usize].offset = offset;
        let out = b.view(1, &[4]);
        b.step(Opcode::Unary, &[part], &[out], &[0, 0, 0]);
        b.functions[0].steps = 2;
        load(&b.finish())
    };
    assert_eq!(half(0), Err(LoadError::Function(0, Fault::Unwritten)));
    assert_eq!(half(16), Err(LoadError::Function(0, Fault::Unwritten)));
}

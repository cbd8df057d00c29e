//! What loading refuses of these operators, each with its fault.

use super::{End, Tensor, fault, run};
use qibu::Fault;
use qibu::format::DType::{self, Bool, F32, I8, I16, I32};
use qibu::format::Opcode;
use qibu_tests::builder::scale_word;

/// Zeros.
fn zeros(dtype: DType, dims: &[u32]) -> Tensor {
    let length = dims.iter().product::<u32>() as usize * dtype.size();
    Tensor::new(dtype, dims, &vec![0u8; length])
}

type Operand = (DType, &'static [u32]);
type Case = (Opcode, &'static [Operand], Operand, Vec<u32>, Fault);

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    use Fault::{Arity, Attribute, DType, Scale, Shape};
    use Opcode::{Binary, Cast, Concat, Gather, Pad, Scatter, Unary, Where};
    let pad = |value: u32, before: [u32; 6], step: [u32; 6]| [&[value][..], &before, &step].concat();
    let [one, inf, nan] = [1.0, f32::INFINITY, f32::NAN].map(f32::to_bits);
    vec![
        (Unary, &[(F32, &[4])], (F32, &[4]), vec![31, 0, 0], Attribute),
        (Unary, &[(F32, &[4])], (F32, &[4]), vec![30, 0, 0], Attribute),
        (Unary, &[(F32, &[4])], (F32, &[4]), vec![20, inf, 0], Attribute),
        (Unary, &[(F32, &[4])], (F32, &[4]), vec![20, 0, nan], Attribute),
        (Unary, &[(F32, &[4])], (F32, &[4]), vec![29, one, 0], Attribute),
        (Unary, &[(F32, &[4])], (F32, &[4]), vec![29, nan, one], Attribute),
        (Unary, &[(I32, &[4])], (I32, &[4]), vec![2, 0, 0], Attribute),
        (Unary, &[(Bool, &[4])], (Bool, &[4]), vec![4, 0, 0], Attribute),
        (Unary, &[(I16, &[4])], (I16, &[4]), vec![3, 0, 0], DType),
        (Unary, &[(F32, &[4])], (I32, &[4]), vec![3, 0, 0], DType),
        (Unary, &[(I8, &[4])], (I8, &[4]), vec![3, 0, 0], Arity),
        (Unary, &[(F32, &[4]), (F32, &[4])], (F32, &[4]), vec![3, 0, 0], Arity),
        (Binary, &[(F32, &[4]), (F32, &[4])], (F32, &[4]), vec![18], Attribute),
        (Binary, &[(F32, &[4]), (F32, &[4])], (Bool, &[4]), vec![14], Attribute),
        (Binary, &[(Bool, &[4]), (Bool, &[4])], (Bool, &[4]), vec![0], Attribute),
        (Binary, &[(Bool, &[4]), (Bool, &[4])], (Bool, &[4]), vec![10], Attribute),
        (Binary, &[(F32, &[4]), (I32, &[4])], (F32, &[4]), vec![0], DType),
        (Binary, &[(F32, &[4]), (F32, &[4])], (F32, &[4]), vec![9], DType),
        (Binary, &[(F32, &[4]), (F32, &[4])], (Bool, &[4]), vec![0], DType),
        (Binary, &[(I8, &[4]), (I8, &[4])], (I8, &[4]), vec![0], DType),
        (Binary, &[(F32, &[4]), (F32, &[3])], (F32, &[4]), vec![0], Shape),
        (Binary, &[(F32, &[2]), (F32, &[4])], (F32, &[4]), vec![0], Shape),
        (Binary, &[(F32, &[1]), (F32, &[1])], (F32, &[4]), vec![0], Shape),
        (Binary, &[(F32, &[4]), (F32, &[2, 4])], (F32, &[4]), vec![0], Shape),
        (Binary, &[(F32, &[2, 1]), (F32, &[4])], (F32, &[8]), vec![0], Shape),
        (Where, &[(I8, &[4]), (F32, &[4]), (F32, &[4])], (F32, &[4]), vec![], DType),
        (Where, &[(Bool, &[4]), (F32, &[4]), (I32, &[4])], (F32, &[4]), vec![], DType),
        (Where, &[(Bool, &[3]), (F32, &[4]), (F32, &[4])], (F32, &[4]), vec![], Shape),
        (Cast, &[(F32, &[4])], (F32, &[4]), vec![], DType),
        (Cast, &[(F32, &[4])], (I8, &[4]), vec![], DType),
        (Cast, &[(I16, &[4])], (I32, &[4]), vec![], DType),
        (Cast, &[(F32, &[4])], (I32, &[3]), vec![], Shape),
        (Pad, &[(F32, &[4])], (I32, &[8]), pad(0, [0; 6], [1, 0, 0, 0, 0, 0]), DType),
        (Pad, &[(F32, &[4])], (F32, &[1, 8]), pad(0, [0; 6], [1, 1, 0, 0, 0, 0]), Shape),
        (Pad, &[(F32, &[4])], (F32, &[8]), pad(0, [0; 6], [0; 6]), Attribute),
        (Pad, &[(F32, &[4])], (F32, &[8]), pad(0, [5, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]), Attribute),
        (Pad, &[(F32, &[4])], (F32, &[8]), pad(0, [0; 6], [3, 0, 0, 0, 0, 0]), Attribute),
        (Pad, &[(F32, &[4])], (F32, &[8]), pad(0, [u32::MAX, 0, 0, 0, 0, 0], [u32::MAX, 0, 0, 0, 0, 0]), Attribute),
        (Pad, &[(F32, &[4])], (F32, &[8]), pad(0, [0; 6], [1, 1, 0, 0, 0, 0]), Attribute),
        (Pad, &[(F32, &[4])], (F32, &[8]), pad(0, [0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]), Attribute),
        (Concat, &[(F32, &[4]), (I32, &[4])], (F32, &[8]), vec![1, 0, 0, 0, 0], DType),
        (Concat, &[(F32, &[4]), (F32, &[4])], (F32, &[9]), vec![1, 0, 0, 0, 0], Shape),
        (Concat, &[(F32, &[4]), (F32, &[3])], (F32, &[7]), vec![2, 0, 0, 0, 0], Shape),
        (Concat, &[(F32, &[4])], (F32, &[4]), vec![0, 0, 0, 0, 0], Shape),
        (Concat, &[(F32, &[4])], (F32, &[4]), vec![1, scale_word(0.5), 0, 0, 0], DType),
        (Concat, &[(I8, &[4])], (I8, &[4]), vec![1, 1, 0, 0, 0], Scale),
        (Concat, &[(I8, &[4])], (I8, &[4]), vec![1, 0, scale_word(0.5), 0, 0], Attribute),
        (Gather, &[(F32, &[6]), (F32, &[2])], (F32, &[4]), vec![3, 2], DType),
        (Gather, &[(F32, &[6]), (I32, &[2])], (I32, &[4]), vec![3, 2], DType),
        (Gather, &[(F32, &[6]), (I32, &[2])], (F32, &[4]), vec![4, 2], Shape),
        (Gather, &[(F32, &[6]), (I32, &[2])], (F32, &[4]), vec![0, 2], Shape),
        (Gather, &[(F32, &[6]), (I32, &[2])], (F32, &[4]), vec![3, 0], Shape),
        (Gather, &[(F32, &[6]), (I32, &[2])], (F32, &[5]), vec![3, 2], Shape),
        (Gather, &[(F32, &[6]), (I32, &[2])], (F32, &[4]), vec![u32::MAX, u32::MAX], Shape),
        (Scatter, &[(I8, &[6]), (I32, &[2]), (I8, &[4])], (I8, &[6]), vec![5, 2], Attribute),
        (Scatter, &[(I8, &[6]), (I32, &[2]), (I8, &[4])], (I8, &[6]), vec![1, 2], DType),
        (Scatter, &[(I8, &[6]), (F32, &[2]), (I8, &[4])], (I8, &[6]), vec![0, 2], DType),
        (Scatter, &[(F32, &[6]), (I32, &[2]), (I32, &[4])], (F32, &[6]), vec![0, 2], DType),
        (Scatter, &[(F32, &[6]), (I32, &[2]), (F32, &[4])], (F32, &[5]), vec![0, 2], Shape),
        (Scatter, &[(F32, &[6]), (I32, &[2]), (F32, &[5])], (F32, &[6]), vec![0, 2], Shape),
        (Scatter, &[(F32, &[6]), (I32, &[2]), (F32, &[8])], (F32, &[6]), vec![0, 4], Shape),
        (Scatter, &[(F32, &[6]), (I32, &[2]), (F32, &[4])], (F32, &[6]), vec![0, 0], Shape),
    ]
}

#[test]
fn every_misfit_gives_its_fault() {
    let mut wrong = Vec::new();
    for (opcode, inputs, out, attributes, expected) in cases() {
        let tensors: Vec<Tensor> = inputs.iter().map(|&(t, dims)| zeros(t, dims)).collect();
        let end = run(opcode, &tensors, &zeros(out.0, out.1), &attributes);
        if end != fault(expected) {
            wrong.push(format!(
                "{opcode:?} {inputs:?} → {out:?} {attributes:?}: {end:?}, not {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn where_takes_one_quantisation() {
    let mut inputs = [zeros(Bool, &[2]), zeros(I8, &[2]), zeros(I8, &[2])];
    let out = zeros(I8, &[2]);
    assert_eq!(run(Opcode::Where, &inputs, &out, &[]), End::Ran(vec![0, 0]));
    inputs[2].zero_point = 1;
    assert_eq!(run(Opcode::Where, &inputs, &out, &[]), fault(Fault::Scale));
}

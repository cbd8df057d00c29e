//! `Binary`, `Where`, `Unary` and `Cast`: broadcasting and the choice of the function.

use super::{End, Tensor, dims, index, positions, run};
use proptest::prelude::*;
use qibu::format::{DType, Opcode};
use qibu::random::Random;
use qibu::{Function1, Function2, math};

/// Shapes that broadcast to `out`: leading axes left out, others of length one where `ones` says so.
fn narrowed(out: &[u32], leave_out: usize, ones: u8) -> Vec<u32> {
    let kept = &out[leave_out.min(out.len())..];
    let narrow = |(axis, &dim): (usize, &u32)| if ones >> axis & 1 == 1 { 1 } else { dim };
    kept.iter().enumerate().map(narrow).collect()
}

/// numpy's rule.
fn broadcast(a: &[u32], b: &[u32]) -> Vec<u32> {
    let rank = a.len().max(b.len());
    let dim = |dims: &[u32], axis: usize| match (axis + dims.len()).checked_sub(rank) {
        Some(index) => dims[index],
        None => 1,
    };
    (0..rank)
        .map(|axis| dim(a, axis).max(dim(b, axis)))
        .collect()
}

/// A function of int32, without its wrapping.
type Twin = fn(i64) -> i64;

/// Numbers that arithmetic treats specially among ordinary ones.
fn operand(dtype: DType, dims: &[u32], random: &mut Random) -> Tensor {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    let count = dims.iter().product::<u32>();
    let mut real = || match random.next_u32() % 16 {
        draw @ 0..8 => special[draw as usize],
        _ => random.gaussian() * 4.0,
    };
    match dtype {
        DType::F32 => {
            let values: Vec<f32> = (0..count).map(|_| real()).collect();
            Tensor::new(dtype, dims, &values)
        }
        DType::I32 => {
            let special = [0, 1, -1, 2, i32::MIN, i32::MAX];
            let mut value = || match random.next_u32() as usize % 12 {
                draw @ 0..6 => special[draw],
                _ => random.next_u32() as i32 >> 24,
            };
            Tensor::new(
                dtype,
                dims,
                &(0..count).map(|_| value()).collect::<Vec<_>>(),
            )
        }
        _ => Tensor::noise(dtype, dims, random),
    }
}

/// The value of one pair, by the operators of the language.
fn twin(function: Function2, dtype: DType, a: &[u8], b: &[u8]) -> Vec<u8> {
    use Function2::*;
    let truth = |x: bool| vec![u8::from(x)];
    match dtype {
        DType::F32 => {
            let [a, b] = [a, b].map(|x| f32::from_le_bytes(x.try_into().unwrap()));
            let value = match function {
                Equal => return truth(a == b),
                Greater => return truth(a > b),
                Less => return truth(a < b),
                GreaterOrEqual => return truth(a >= b),
                LessOrEqual => return truth(a <= b),
                Add => a + b,
                Sub => a - b,
                Mul => a * b,
                Div => a / b,
                Min if a.is_nan() || b.is_nan() => f32::NAN,
                Max if a.is_nan() || b.is_nan() => f32::NAN,
                Min => {
                    if b < a {
                        b
                    } else {
                        a
                    }
                }
                Max => {
                    if b > a {
                        b
                    } else {
                        a
                    }
                }
                Fmod => a % b,
                PRelu => {
                    if a >= 0.0 {
                        a
                    } else {
                        b * a
                    }
                }
                // Not basic arithmetic: the function itself, tested where it is.
                _ => function.apply_f32(a, b),
            };
            math::canonical(value).to_le_bytes().to_vec()
        }
        DType::I32 => {
            let [a, b] = [a, b].map(|x| i64::from(i32::from_le_bytes(x.try_into().unwrap())));
            let value = match function {
                Equal => return truth(a == b),
                Greater => return truth(a > b),
                Less => return truth(a < b),
                GreaterOrEqual => return truth(a >= b),
                LessOrEqual => return truth(a <= b),
                Add => a + b,
                Sub => a - b,
                Mul => a * b,
                Div => {
                    if b == 0 {
                        0
                    } else {
                        a / b
                    }
                }
                Min => a.min(b),
                Max => a.max(b),
                Mod if b == 0 => 0,
                Mod => ((a % b) + b) % b,
                Fmod => {
                    if b == 0 {
                        0
                    } else {
                        a % b
                    }
                }
                PRelu => {
                    if a >= 0 {
                        a
                    } else {
                        a * b
                    }
                }
                _ => i64::from(function.apply_i32(a as i32, b as i32)),
            };
            (value as i32).to_le_bytes().to_vec()
        }
        _ => truth(match function {
            And => a[0] != 0 && b[0] != 0,
            Or => a[0] != 0 || b[0] != 0,
            Xor => a[0] != b[0],
            _ => a[0] == b[0],
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn binary_equals_its_naive_twin(
        shape in dims(0..=6, 4), leave_out in [0usize..7, 0usize..7], ones: [u8; 2],
        code in 0u32..18, dtype in 0usize..3, constant: [bool; 2], seed: u64,
    ) {
        let dtype = [DType::F32, DType::I32, DType::Bool][dtype];
        let function = Function2::from_code(code).unwrap();
        let takes = match dtype {
            DType::Bool => function.takes_bools(),
            _ => function.takes_numbers(),
        };
        prop_assume!(takes);
        let mut random = Random::new(seed);
        let [a, b] = [0, 1].map(|k| {
            let narrow = narrowed(&shape, leave_out[k], ones[k]);
            operand(dtype, &narrow, &mut random).constant(constant[k])
        });
        let dims = broadcast(&a.dims, &b.dims);
        let result = if function.compares() { DType::Bool } else { dtype };
        let out = Tensor::noise(result, &dims, &mut random);
        let expected: Vec<u8> = positions(&dims).iter().flat_map(|at| {
            let [x, y] = [&a, &b].map(|t| t.element(index(&t.dims, at)));
            twin(function, dtype, x, y)
        }).collect();
        let end = run(Opcode::Binary, &[a, b], &out, &[code]);
        prop_assert_eq!(end, End::Ran(expected), "{:?} {:?}", function, dtype);
    }

    #[test]
    fn where_equals_its_naive_twin(
        shape in dims(0..=6, 4), leave_out in [0usize..7, 0usize..7, 0usize..7], ones: [u8; 3],
        dtype in 0usize..5, constant: [bool; 3], zero_point in -128i32..=127, seed: u64,
    ) {
        let dtype = super::TYPES[dtype];
        let mut random = Random::new(seed);
        let types = [DType::Bool, dtype, dtype];
        let zero_point = if dtype == DType::I8 { zero_point } else { 0 };
        let [mut condition, mut a, mut b] = [0, 1, 2].map(|k| {
            let narrow = narrowed(&shape, leave_out[k], ones[k]);
            Tensor::noise(types[k], &narrow, &mut random).constant(constant[k])
        });
        (a.zero_point, b.zero_point) = (zero_point, zero_point);
        if condition.constant {
            // Constants may have any bytes: all but zero are true.
            condition.bytes.iter_mut().for_each(|byte| *byte *= 0x5A);
        }
        let dims = broadcast(&broadcast(&condition.dims, &a.dims), &b.dims);
        let mut out = Tensor::noise(dtype, &dims, &mut random);
        out.zero_point = zero_point;
        let expected: Vec<u8> = positions(&dims).iter().flat_map(|at| {
            let truth = condition.element(index(&condition.dims, at))[0] != 0;
            let chosen = if truth { &a } else { &b };
            chosen.element(index(&chosen.dims, at)).to_vec()
        }).collect();
        prop_assert_eq!(run(Opcode::Where, &[condition, a, b], &out, &[]), End::Ran(expected));
    }

    #[test]
    fn unary_is_its_function_on_every_element(
        shape in dims(0..=6, 4), code in 0u32..30, alpha in -3f32..3.0, width in 0f32..3.0, seed: u64,
    ) {
        let function = Function1::from_code(code).unwrap();
        let beta = alpha + width;
        let x = operand(DType::F32, &shape, &mut Random::new(seed));
        let value = |x: f32| math::canonical(function.apply(x, alpha, beta)).to_le_bytes();
        let expected = x.values::<f32>().into_iter().flat_map(value).collect();
        let attributes = [code, alpha.to_bits(), beta.to_bits()];
        let out = x.clone();
        prop_assert_eq!(run(Opcode::Unary, &[x], &out, &attributes), End::Ran(expected));
    }

    #[test]
    fn unary_of_integers_and_truth_values(shape in dims(0..=6, 4), seed: u64) {
        let mut random = Random::new(seed);
        let x = operand(DType::I32, &shape, &mut random);
        let cases: [(Function1, Twin); 4] = [
            (Function1::Neg, |x| -x),
            (Function1::Abs, |x| x.abs()),
            (Function1::Sign, |x| x.signum()),
            (Function1::Relu, |x| x.max(0)),
        ];
        for (function, twin) in cases {
            let value = |x: i32| (twin(x.into()) as i32).to_le_bytes();
            let expected = x.values::<i32>().into_iter().flat_map(value).collect();
            let end = run(Opcode::Unary, std::slice::from_ref(&x), &x, &[function as u32, 0, 0]);
            prop_assert_eq!(end, End::Ran(expected));
        }
        let x = Tensor::noise(DType::Bool, &shape, &mut random);
        let expected = x.bytes.iter().map(|byte| 1 - byte).collect();
        let out = x.clone();
        let end = run(Opcode::Unary, &[x], &out, &[Function1::Not as u32, 0, 0]);
        prop_assert_eq!(end, End::Ran(expected));
    }

    #[test]
    fn cast_equals_its_naive_twin(shape in dims(0..=6, 4), seed: u64) {
        let mut random = Random::new(seed);
        let real = operand(DType::F32, &shape, &mut random);
        let whole = operand(DType::I32, &shape, &mut random);
        let truth = Tensor::noise(DType::Bool, &shape, &mut random);
        let cast = |x: &Tensor, to: &Tensor| run(Opcode::Cast, std::slice::from_ref(x), to, &[]);
        let truncated = |x: f32| {
            let x = f64::from(x);
            let clamped = if x.is_nan() { 0.0 } else { x.clamp(-2147483648.0, 2147483647.0) };
            (clamped.trunc() as i64 as i32).to_le_bytes()
        };
        let reals: Vec<f32> = real.values();
        let wholes: Vec<i32> = whole.values();
        let expected = reals.iter().flat_map(|&x| truncated(x)).collect();
        prop_assert_eq!(cast(&real, &whole), End::Ran(expected));
        let expected = reals.iter().map(|&x| u8::from(!matches!(x.to_bits(), 0 | 0x8000_0000))).collect();
        prop_assert_eq!(cast(&real, &truth), End::Ran(expected));
        let expected = wholes.iter().flat_map(|&x| (f64::from(x) as f32).to_le_bytes()).collect();
        prop_assert_eq!(cast(&whole, &real), End::Ran(expected));
        let expected = wholes.iter().map(|&x| u8::from(x != 0)).collect();
        prop_assert_eq!(cast(&whole, &truth), End::Ran(expected));
        let expected = truth.bytes.iter().flat_map(|&x| i32::from(x).to_le_bytes()).collect();
        prop_assert_eq!(cast(&truth, &whole), End::Ran(expected));
        let expected = truth.bytes.iter().flat_map(|&x| f32::from(x).to_le_bytes()).collect();
        prop_assert_eq!(cast(&truth, &real), End::Ran(expected));
    }
}

//! `Gather`, `Pad`, `Concat` and `Scatter`: where elements go.

use super::{End, TYPES, Tensor, dims, index, positions, run};
use proptest::prelude::*;
use qibu::InputError;
use qibu::format::{DType, Opcode, nibble};
use qibu::random::Random;
use qibu_tests::builder::scale_word;

/// An id of the caller as a row: from the end where it is negative.
fn row(id: i32, rows: u32) -> usize {
    (if id < 0 { id + rows as i32 } else { id }) as usize
}

/// `count` ids inside a table of `rows`.
fn ids(count: u32, rows: u32, random: &mut Random) -> Tensor {
    let id = |_| (random.next_u32() % (2 * rows)) as i32 - rows as i32;
    Tensor::new(
        DType::I32,
        &[count],
        &(0..count).map(id).collect::<Vec<_>>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn gather_equals_its_naive_twin(
        [outer, rows, width, count] in [1u32..4, 1u32..5, 1u32..4, 1u32..6],
        dtype in 0usize..5, constant: [bool; 2], seed: u64,
    ) {
        let mut random = Random::new(seed);
        let dtype = TYPES[dtype];
        let table = Tensor::noise(dtype, &[outer, rows, width], &mut random).constant(constant[0]);
        let ids = ids(count, rows, &mut random).constant(constant[1]);
        let out = Tensor::noise(dtype, &[outer, count, width], &mut random);
        let mut expected = Vec::new();
        for o in 0..outer as usize {
            for id in ids.values::<i32>() {
                for e in 0..width as usize {
                    let from = (o * rows as usize + row(id, rows)) * width as usize + e;
                    expected.extend(table.element(from));
                }
            }
        }
        let end = run(Opcode::Gather, &[table, ids], &out, &[rows, width]);
        prop_assert_eq!(end, End::Ran(expected));
    }

    #[test]
    fn gather_unpacks_nibbles(
        [rows, width, count] in [1u32..5, 1u32..6, 1u32..6], constant: bool, seed: u64,
    ) {
        let mut random = Random::new(seed);
        let values: Vec<i8> = (0..rows * width).map(|_| (random.next_u32() as i8) >> 4).collect();
        let packed: Vec<u8> = values
            .chunks(width as usize)
            .flat_map(nibble::pack_row)
            .collect();
        let mut table = Tensor::new(DType::I4, &[rows, width], &packed).constant(true);
        // What fills a row's last byte does not matter.
        if width % 2 == 1 {
            let last = table.bytes.len() - 1;
            table.bytes[last] ^= 0xF0;
        }
        let ids = ids(count, rows, &mut random).constant(constant);
        let out = Tensor::noise(DType::I8, &[count, width], &mut random);
        let mut expected = Vec::new();
        for id in ids.values::<i32>() {
            for e in 0..width as usize {
                let q = values[row(id, rows) * width as usize + e];
                expected.push((i32::from(q) * 16) as u8);
            }
        }
        let end = run(Opcode::Gather, &[table, ids], &out, &[rows, width]);
        prop_assert_eq!(end, End::Ran(expected));
    }

    #[test]
    fn gather_widens_halves(
        [outer, rows, width, count] in [1u32..4, 1u32..5, 1u32..4, 1u32..6], seed: u64,
    ) {
        let mut random = Random::new(seed);
        let halves = outer * rows * width;
        let halves: Vec<u16> = (0..halves).map(|_| (random.next_u32() as u16) & 0xBFFF).collect();
        let table = Tensor::new(DType::F16, &[outer * rows, width], &halves).constant(true);
        let ids = ids(count, rows, &mut random);
        let out = Tensor::noise(DType::F32, &[outer, count, width], &mut random);
        let mut expected = Vec::new();
        for o in 0..outer as usize {
            for id in ids.values::<i32>() {
                for e in 0..width as usize {
                    let from = (o * rows as usize + row(id, rows)) * width as usize + e;
                    expected.extend(half::f16::from_bits(halves[from]).to_f32().to_le_bytes());
                }
            }
        }
        let end = run(Opcode::Gather, &[table, ids], &out, &[rows, width]);
        prop_assert_eq!(end, End::Ran(expected));
    }

    #[test]
    fn pad_equals_its_naive_twin(
        shape in dims(0..=6, 4), room in prop::array::uniform6((0u32..3, 1u32..4, 0u32..3)),
        value: u32, dtype in 0usize..5, constant: bool, seed: u64,
    ) {
        let mut random = Random::new(seed);
        let dtype = TYPES[dtype];
        let x = Tensor::noise(dtype, &shape, &mut random).constant(constant);
        let (mut before, mut steps, mut dims) = ([0; 6], [0; 6], Vec::new());
        for (axis, &dim) in shape.iter().enumerate() {
            let (front, step, back) = room[axis];
            (before[axis], steps[axis]) = (front, step);
            dims.push(front + (dim - 1) * step + 1 + back);
        }
        let out = Tensor::noise(dtype, &dims, &mut random);
        let expected: Vec<u8> = positions(&dims).iter().flat_map(|at| {
            let source: Option<Vec<u32>> = at.iter().enumerate().map(|(axis, &to)| {
                let from = to.checked_sub(before[axis])?;
                let from = (from % steps[axis] == 0).then_some(from / steps[axis])?;
                (from < shape[axis]).then_some(from)
            }).collect();
            match source {
                Some(source) => x.element(index(&shape, &source)).to_vec(),
                None => value.to_le_bytes()[..dtype.size()].to_vec(),
            }
        }).collect();
        let attributes = [&[value][..], &before, &steps].concat();
        prop_assert_eq!(run(Opcode::Pad, &[x], &out, &attributes), End::Ran(expected));
    }

    #[test]
    fn concat_equals_its_naive_twin(
        outer in 1u32..4, widths in prop::collection::vec(1u32..5, 1..=4),
        dtype in 0usize..5, constant: [bool; 4], factors: [bool; 4], zero_points: [i8; 5], seed: u64,
    ) {
        let mut random = Random::new(seed);
        let dtype = TYPES[dtype];
        let integer = matches!(dtype, DType::I8 | DType::I16);
        let zero_point = |k: usize| if dtype == DType::I8 { zero_points[k].into() } else { 0 };
        let mut inputs: Vec<Tensor> = Vec::new();
        let mut attributes = vec![outer, 0, 0, 0, 0];
        for (k, &width) in widths.iter().enumerate() {
            let mut x = Tensor::noise(dtype, &[outer, width], &mut random).constant(constant[k]);
            x.zero_point = zero_point(k);
            inputs.push(x);
            if integer && factors[k] {
                attributes[1 + k] = scale_word(0.5);
            }
        }
        let mut out = Tensor::noise(dtype, &[outer, widths.iter().sum()], &mut random);
        out.zero_point = zero_point(4);
        let mut expected = Vec::new();
        for o in 0..outer as usize {
            for (k, x) in inputs.iter().enumerate() {
                for e in 0..x.elements() / outer as usize {
                    let bytes = x.element(o * widths[k] as usize + e);
                    if attributes[1 + k] == 0 {
                        expected.extend(bytes);
                        continue;
                    }
                    // Half of it, half up: an arithmetic shift.
                    let halved = |q: i32| ((q - x.zero_point + 1) >> 1) + out.zero_point;
                    if dtype == DType::I8 {
                        expected.push(halved((bytes[0] as i8).into()).clamp(-128, 127) as i8 as u8);
                    } else {
                        let q = i16::from_le_bytes(bytes.try_into().unwrap());
                        expected.extend((halved(q.into()) as i16).to_le_bytes());
                    }
                }
            }
        }
        prop_assert_eq!(run(Opcode::Concat, &inputs, &out, &attributes), End::Ran(expected));
    }

    #[test]
    fn scatter_equals_its_naive_twin(
        [rows, width, count] in [1u32..5, 1u32..4, 1u32..7], kind in 0u32..5,
        dtype in 0usize..5, constant: [bool; 3], seed: u64,
    ) {
        let mut random = Random::new(seed);
        let dtype = if kind == 0 { TYPES[dtype] } else { TYPES[dtype % 2] };
        let fill = |dims: &[u32], random: &mut Random| match dtype {
            DType::F32 => {
                let count = dims.iter().product::<u32>();
                let values: Vec<f32> = (0..count).map(|_| random.gaussian()).collect();
                Tensor::new(dtype, dims, &values)
            }
            _ => Tensor::noise(dtype, dims, random),
        };
        let data = fill(&[rows, width], &mut random).constant(constant[0]);
        let ids = ids(count, rows, &mut random).constant(constant[1]);
        let updates = fill(&[count, width], &mut random).constant(constant[2]);
        let mut table: Vec<Vec<u8>> = (0..data.elements()).map(|i| data.element(i).to_vec()).collect();
        for (i, id) in ids.values::<i32>().into_iter().enumerate() {
            for e in 0..width as usize {
                let slot = &mut table[row(id, rows) * width as usize + e];
                let update = updates.element(i * width as usize + e);
                *slot = match (kind, dtype) {
                    (0, _) => update.to_vec(),
                    (_, DType::F32) => {
                        let [a, b] = [&slot[..], update].map(|x| f32::from_le_bytes(x.try_into().unwrap()));
                        [a + b, a * b, a.max(b), a.min(b)][kind as usize - 1].to_le_bytes().to_vec()
                    }
                    _ => {
                        let [a, b] = [&slot[..], update].map(|x| i32::from_le_bytes(x.try_into().unwrap()));
                        let all = [a.wrapping_add(b), a.wrapping_mul(b), a.max(b), a.min(b)];
                        all[kind as usize - 1].to_le_bytes().to_vec()
                    }
                };
            }
        }
        let out = data.clone().constant(false);
        let end = run(Opcode::Scatter, &[data, ids, updates], &out, &[kind, width]);
        prop_assert_eq!(end, End::Ran(table.concat()));
    }
}

#[test]
fn ids_of_the_caller_are_refused_outside_and_constant_ones_clamp() {
    let table = Tensor::new(DType::I8, &[3, 1], &[10i8, 20, 30]);
    let updates = Tensor::new(DType::I8, &[2, 1], &[1i8, 2]);
    let out = Tensor::new(DType::I8, &[2, 1], &[0i8; 2]);
    for (id, gathered, scattered) in [
        (3, 30, [10i8, 1, 2]),
        (i32::MAX, 30, [10, 1, 2]),
        (-4, 10, [2, 1, 30]),
        (i32::MIN, 10, [2, 1, 30]),
    ] {
        let ids = Tensor::new(DType::I32, &[2], &[1, id]);
        let outside = End::Input(InputError::Id { position: 1 });
        let gather = |ids| run(Opcode::Gather, &[table.clone(), ids], &out, &[3, 1]);
        let scatter = |ids| {
            let inputs = [table.clone(), ids, updates.clone()];
            run(Opcode::Scatter, &inputs, &table, &[0, 1])
        };
        assert_eq!(gather(ids.clone()), outside);
        assert_eq!(scatter(ids.clone()), outside);
        assert_eq!(
            gather(ids.clone().constant(true)),
            End::Ran(vec![20, gathered])
        );
        let bytes = scattered.map(|q| q as u8).to_vec();
        assert_eq!(scatter(ids.constant(true)), End::Ran(bytes));
    }
}

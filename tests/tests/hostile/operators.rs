//! Operators whose attributes, shapes and types do not fit each other, one case each.

use super::load;
use qibu::format::DType::{F32, I8, I16, I32};
use qibu::format::{DType, Opcode, Place};
use qibu::{Fault, LoadError};
use qibu_tests::builder::{Builder, FREE, I8_RANGE, scale_word};

/// Loads one step of `opcode` from activations of these types and shapes to others.
fn step(
    opcode: Opcode,
    inputs: &[(DType, &[u32])],
    outputs: &[(DType, &[u32])],
    attributes: &[u32],
) -> Result<(), Fault> {
    let mut b = Builder::default();
    let [inputs, outputs] = [inputs, outputs].map(|tensors| {
        let add = |&(dtype, dims): &(DType, &[u32])| b.activation(dtype, dims);
        tensors.iter().map(add).collect::<Vec<_>>()
    });
    b.step(opcode, &inputs, &outputs, attributes);
    b.function("main", &inputs, &outputs);
    fault(&b)
}

/// The fault of step 0.
fn fault(b: &Builder) -> Result<(), Fault> {
    match load(&b.finish()) {
        Err(LoadError::Step(0, fault)) => Err(fault),
        other => {
            assert_eq!(other, Ok(()));
            Ok(())
        }
    }
}

const X: &[(DType, &[u32])] = &[(F32, &[2, 3, 4])];
const SMALL: &[(DType, &[u32])] = &[(I8, &[2, 3, 4])];
const OUT: &[(DType, &[u32])] = &[(F32, &[2, 4])];
const IDS: &[(DType, &[u32])] = &[(I32, &[2, 4])];

#[test]
fn lanes_divide_their_tensor() {
    for (opcode, out) in [
        (Opcode::ArgMax, IDS),
        (Opcode::CumSum, X),
        (Opcode::Softmax, X),
    ] {
        let with = |n, inner| step(opcode, X, out, &[n, inner, 0]);
        assert_eq!(with(3, 4), Ok(()), "{opcode:?}");
        assert_eq!(with(0, 4), Err(Fault::Attribute));
        assert_eq!(with(3, 0), Err(Fault::Attribute));
        assert_eq!(with(5, 1), Err(Fault::Shape));
        assert_eq!(with(24, 2), Err(Fault::Shape));
        // The product is zero in 32 bits.
        assert_eq!(with(1 << 16, 1 << 16), Err(Fault::Shape));
    }
    assert_eq!(step(Opcode::Reduce, X, OUT, &[0, 3, 4]), Ok(()));
    assert_eq!(step(Opcode::Reduce, X, OUT, &[0, 4, 4]), Err(Fault::Shape));
    assert_eq!(step(Opcode::Reduce, X, OUT, &[0, 4, 1]), Err(Fault::Shape));
    assert_eq!(
        step(Opcode::Reduce, X, OUT, &[0, 0, 4]),
        Err(Fault::Attribute)
    );
}

#[test]
fn unknown_flags_and_kinds_are_refused() {
    let unknown = Err(Fault::Attribute);
    assert_eq!(step(Opcode::Reduce, X, OUT, &[4, 3, 4]), unknown);
    assert_eq!(step(Opcode::ArgMax, X, IDS, &[3, 4, 4]), unknown);
    assert_eq!(step(Opcode::CumSum, X, X, &[3, 4, 4]), unknown);
    assert_eq!(step(Opcode::Softmax, X, X, &[3, 4, 2]), unknown);
    let best = [OUT[0], IDS[0]];
    assert_eq!(step(Opcode::TopK, X, &best, &[3, 4, 2]), unknown);
    for flags in [4, 5, 6, 8] {
        assert_eq!(step(Opcode::Normalise, X, X, &[4, 0, flags]), unknown);
    }
    for epsilon in [-1.0, f32::NAN, f32::INFINITY] {
        let attributes = [4, epsilon.to_bits(), 0];
        assert_eq!(step(Opcode::Normalise, X, X, &attributes), unknown);
    }
    assert_eq!(step(Opcode::Normalise, X, X, &[0, 0, 0]), unknown);
    assert_eq!(step(Opcode::Normalise, X, X, &[5, 0, 0]), Err(Fault::Shape));
}

#[test]
fn types_fit_the_operator() {
    let refused = Err(Fault::DType);
    assert_eq!(
        step(Opcode::Reduce, SMALL, &[(I8, &[2, 4])], &[2, 3, 4]),
        Ok(())
    );
    assert_eq!(
        step(Opcode::Reduce, SMALL, &[(I8, &[2, 4])], &[0, 3, 4]),
        refused
    );
    assert_eq!(
        step(Opcode::Reduce, SMALL, &[(I16, &[2, 4])], &[2, 3, 4]),
        refused
    );
    assert_eq!(step(Opcode::Reduce, X, IDS, &[0, 3, 4]), refused);
    assert_eq!(step(Opcode::ArgMax, X, OUT, &[3, 4, 0]), refused);
    assert_eq!(step(Opcode::Softmax, SMALL, SMALL, &[3, 4, 0]), refused);
    assert_eq!(step(Opcode::Normalise, SMALL, SMALL, &[4, 0, 0]), refused);
    assert_eq!(step(Opcode::CumSum, SMALL, SMALL, &[3, 4, 0]), refused);
    let matrices = [(I8, &[3, 4][..]), (I16, &[3, 4])];
    let word = [scale_word(0.5)];
    assert_eq!(
        step(Opcode::MatMul, &matrices, &[(I8, &[3, 3])], &word),
        refused
    );
    assert_eq!(
        step(
            Opcode::Pool,
            &[(I32, &[1, 2, 2, 1])],
            &[(I32, &[1, 2, 2, 1])],
            &POOL
        ),
        refused
    );
}

#[test]
fn the_best_are_at_most_all() {
    let top = |k: u32, ids: u32| {
        let outputs = [(F32, &[2, k, 4][..]), (I32, &[2, ids, 4])];
        step(Opcode::TopK, X, &outputs, &[3, 4, 0])
    };
    assert_eq!(top(3, 3), Ok(()));
    assert_eq!(top(4, 4), Err(Fault::Shape));
    assert_eq!(top(2, 3), Err(Fault::Shape));
    let odd = [(F32, &[9][..]), (I32, &[9])];
    assert_eq!(step(Opcode::TopK, X, &odd, &[3, 4, 0]), Err(Fault::Shape));
}

const POOL: [u32; 9] = [0, 1, 1, 1, 1, 1, 1, 0, 0];

#[test]
fn pools_keep_type_scale_and_zero_point() {
    let dims = [2, 3, 3, 2];
    let pool = |change: fn(&mut Builder)| {
        let mut b = Builder::default();
        let (x, y) = (b.activation(I8, &dims), b.activation(I8, &dims));
        b.step(Opcode::Pool, &[x], &[y], &POOL);
        b.function("main", &[x], &[y]);
        change(&mut b);
        fault(&b)
    };
    assert_eq!(pool(|_| {}), Ok(()));
    assert_eq!(pool(|b| b.tensors[1].zero_point = 1), Err(Fault::Scale));
    assert_eq!(pool(|b| b.tensors[1].scale = 0.5), Err(Fault::Scale));
    assert_eq!(pool(|b| b.tensors[1].dtype = I16), Err(Fault::DType));
    assert_eq!(pool(|b| b.tensors[1].dims[0] = 1), Err(Fault::Shape));
    assert_eq!(pool(|b| b.tensors[1].dims[3] = 1), Err(Fault::Shape));
    for (index, value) in [(0, 3), (1, 0), (2, 4096), (3, 0), (6, 0), (7, 4096)] {
        let mut attributes = POOL;
        attributes[index] = value;
        let result = step(Opcode::Pool, &[(I8, &dims)], &[(I8, &dims)], &attributes);
        assert_eq!(result, Err(Fault::Attribute), "attribute {index}");
    }
}

#[test]
fn matrices_broadcast_as_numpy_says() {
    let product = |a: &[u32], b: &[u32], y: &[u32]| {
        step(Opcode::MatMul, &[(F32, a), (F32, b)], &[(F32, y)], &[0])
    };
    assert_eq!(product(&[3, 4], &[5, 4], &[3, 5]), Ok(()));
    assert_eq!(product(&[2, 1, 3, 4], &[7, 5, 4], &[2, 7, 3, 5]), Ok(()));
    for (a, b, y) in [
        (&[4][..], &[5, 4][..], &[5][..]),
        (&[3, 4], &[5, 3], &[3, 5]),
        (&[3, 4], &[5, 4], &[5, 3]),
        (&[3, 4], &[5, 4], &[1, 3, 5]),
        (&[2, 3, 4], &[3, 5, 4], &[3, 3, 5]),
        (&[2, 3, 4], &[1, 5, 4], &[1, 3, 5]),
        (&[2, 3, 4], &[5, 4], &[4, 3, 5]),
    ] {
        assert_eq!(product(a, b, y), Err(Fault::Shape), "{a:?} {b:?} {y:?}");
    }
    let small = [(I8, &[3, 4][..]), (I8, &[3, 4])];
    assert_eq!(
        step(Opcode::MatMul, &small, &[(I8, &[3, 3])], &[0]),
        Err(Fault::Scale)
    );
}

#[test]
fn groups_divide_the_channels() {
    let conv = |groups: u32, part: u32| {
        let mut b = Builder::default();
        let (x, y) = (
            b.activation(F32, &[1, 1, 3, 4]),
            b.activation(F32, &[1, 1, 3, 6]),
        );
        let w = b.weights(F32, &[6, 1, 1, part], &vec![0.0f32; 6 * part as usize]);
        let bias = b.weights(F32, &[6], &[0.0f32; 6]);
        let attributes = [&[1, 1, 1, 1, 1, 1, 0, 0][..], &FREE, &[groups]].concat();
        b.step(Opcode::Conv, &[x, w, bias], &[y], &attributes);
        b.function("main", &[x], &[y]);
        fault(&b)
    };
    assert_eq!(conv(1, 4), Ok(()));
    assert_eq!(conv(2, 2), Ok(()));
    assert_eq!(conv(2, 4), Err(Fault::Shape));
    for groups in [0, 3, 4, u32::MAX] {
        assert_eq!(conv(groups, 1), Err(Fault::Attribute), "{groups} groups");
    }
}

/// Four-bit rows start at bytes along the first axis only, and are weights.
#[test]
fn nibbles_come_in_rows_of_the_first_axis() {
    let dense = |dims: &[u32], change: fn(&mut Builder)| {
        let mut b = Builder::default();
        let (x, y) = (b.activation(I8, &[1, 3]), b.activation(I8, &[1, 4]));
        let w = b.nibbles(dims, &[1; 12]);
        let (bias, scales) = (b.bias(4, 0), b.scales(4, 0.5));
        b.step(Opcode::Dense, &[x, w, bias, scales], &[y], &I8_RANGE);
        b.function("main", &[x], &[y]);
        change(&mut b);
        load(&b.finish())
    };
    let shape = Err(LoadError::Step(0, Fault::Shape));
    assert_eq!(dense(&[4, 3], |_| {}), Ok(()));
    assert_eq!(dense(&[4, 1, 3], |_| {}), Ok(()));
    assert_eq!(dense(&[2, 6], |_| {}), shape);
    assert_eq!(dense(&[12], |_| {}), shape);
    let short = |b: &mut Builder| b.weights.truncate(7);
    assert_eq!(
        dense(&[4, 3], short),
        Err(LoadError::Tensor(2, Fault::Offset))
    );
    let refused = Err(LoadError::Tensor(2, Fault::DType));
    assert_eq!(
        dense(&[4, 3], |b| b.tensors[2].place = Place::Arena),
        refused
    );
    assert_eq!(
        dense(&[4, 3], |b| b.tensors[2].place = Place::Parameters),
        refused
    );
    let zero = |b: &mut Builder| b.tensors[2].zero_point = 1;
    assert_eq!(
        dense(&[4, 3], zero),
        Err(LoadError::Tensor(2, Fault::Scale))
    );
}

/// Tables of nibbles are looked up along their first axis, whose rows start at bytes.
#[test]
fn packed_tables_have_one_row_for_each_id() {
    let gather = |dims: &[u32], out: DType, attributes: [u32; 2], change: fn(&mut Builder)| {
        let mut b = Builder::default();
        let ids = b.activation(I32, &[2]);
        let y = b.activation(out, &[2, attributes[1]]);
        let table = b.nibbles(dims, &[1; 12]);
        b.step(Opcode::Gather, &[table, ids], &[y], &attributes);
        b.function("main", &[ids], &[y]);
        change(&mut b);
        load(&b.finish())
    };
    let none = |_: &mut Builder| {};
    let refused = |fault| Err(LoadError::Step(0, fault));
    assert_eq!(gather(&[4, 3], I8, [4, 3], none), Ok(()));
    assert_eq!(gather(&[4, 1, 3], I8, [4, 3], none), Ok(()));
    assert_eq!(gather(&[4, 3], I16, [4, 3], none), refused(Fault::DType));
    assert_eq!(gather(&[4, 3], F32, [4, 3], none), refused(Fault::DType));
    // As many elements, in rows of another length: they would start inside bytes.
    assert_eq!(gather(&[2, 6], I8, [4, 3], none), refused(Fault::Shape));
    assert_eq!(gather(&[12], I8, [4, 3], none), refused(Fault::Shape));
    assert_eq!(gather(&[2, 2, 3], I8, [2, 3], none), refused(Fault::Shape));
    // Several tables side by side: rows of the second would start inside bytes.
    let four = |b: &mut Builder| b.tensors[1].dims[0] = 4;
    assert_eq!(gather(&[2, 2, 3], I8, [2, 3], four), refused(Fault::Shape));
    assert_eq!(gather(&[4, 3], I8, [3, 4], none), refused(Fault::Shape));
    assert_eq!(gather(&[4, 3], I8, [0, 3], none), refused(Fault::Shape));
    let short = gather(&[4, 3], I8, [4, 3], |b| b.weights.truncate(7));
    assert_eq!(short, Err(LoadError::Tensor(2, Fault::Offset)));
    let arena = gather(&[4, 3], I8, [4, 3], |b| b.tensors[2].place = Place::Arena);
    assert_eq!(arena, Err(LoadError::Tensor(2, Fault::DType)));
}

#[test]
fn a_grid_has_a_scale_and_bounds_around_its_zero_point() {
    let to = |dtype, scale: f32, [zero, low, high]: [i32; 3]| {
        let words = [scale.to_bits(), zero as u32, low as u32, high as u32];
        step(Opcode::ToGrid, X, &[(dtype, &[2, 3, 4])], &words)
    };
    let byte = [3, -128, 127];
    assert_eq!(to(I8, 0.5, byte), Ok(()));
    assert_eq!(to(I32, 0.5, [255, 0, 255]), Ok(()));
    assert_eq!(to(I32, 0.5, [0, i32::MIN, i32::MAX]), Ok(()));
    for scale in [0.0, -0.0, -1.0, f32::INFINITY, f32::NAN] {
        assert_eq!(to(I8, scale, byte), Err(Fault::Attribute), "{scale}");
    }
    for bounds in [
        [0, 0, 255],
        [0, -129, 127],
        [-1, 0, 127],
        [1, -128, 0],
        [0, 1, -1],
    ] {
        assert_eq!(to(I8, 0.5, bounds), Err(Fault::Attribute), "{bounds:?}");
    }
    assert_eq!(to(I16, 0.5, byte), Err(Fault::DType));
    let words = [0.5f32.to_bits(), 3, -128i32 as u32, 127];
    assert_eq!(
        step(Opcode::ToGrid, SMALL, SMALL, &words),
        Err(Fault::DType)
    );
    assert_eq!(
        step(Opcode::ToGrid, X, &[(I8, &[2, 3])], &words),
        Err(Fault::Shape)
    );
}

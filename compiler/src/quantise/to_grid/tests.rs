//! Integers that leave: their type, the steps that make them, and that they are ONNX Runtime's.

use crate::calibrate::{Input, function, outputs};
use crate::engine::{self, Options, Session};
use crate::onnx::{DataType, TensorProto, node, tensor, value_info};
use crate::testing::{F32, INT8, INT16, Model, build, deviations, skip};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use qibu::format::{DType, Opcode};

/// What a file's output is stored as, and its steps.
fn last(model: Model, scheme: crate::quantise::Scheme) -> (DType, f32, i32, Vec<Opcode>) {
    let built = build(model, scheme).unwrap();
    let file = qibu::Model::load(&built.file).unwrap();
    let function = file.functions().next().unwrap();
    let output = function.output(0).unwrap();
    let steps = function.steps().map(|step| step.opcode()).collect();
    (output.dtype(), output.scale(), output.zero_point(), steps)
}

fn byte(name: &str, kind: DataType, value: i32) -> TensorProto {
    TensorProto {
        name: name.into(),
        data_type: kind as i32,
        int32_data: vec![value],
        ..TensorProto::default()
    }
}

/// `x` to a product, then through `ops`, and to integers of a grid.
fn graph(ops: &[&str], kind: DataType) -> Model {
    let model = Model::default()
        .input("x", DataType::Float, &[2, 8])
        .weights("w", &[8, 6])
        .tensor(tensor::f32("s", &[], &[0.015625]))
        .tensor(byte("z", kind, 3))
        .op("MatMul", &["x", "w"], "v0");
    let name = |index: usize| format!("v{index}");
    let model = (ops.iter().enumerate()).fold(model, |model, (index, op)| {
        model.op(op, &[&name(index)], &name(index + 1))
    });
    model
        .op("QuantizeLinear", &[&name(ops.len()), "s", "z"], "y")
        .output("y")
}

#[test]
fn bytes_of_real_numbers_leave_by_one_step() {
    let (i8, i32) = ((DType::I8, 0.015625, 3), (DType::I32, 1.0, 0));
    for (kind, (dtype, scale, zero)) in [(DataType::Int8, i8), (DataType::Uint8, i32)] {
        for scheme in [INT8, INT16, F32] {
            let found = last(graph(&["Softmax"], kind), scheme);
            assert_eq!((found.0, found.1, found.2), (dtype, scale, zero));
            let end = [Opcode::Softmax, Opcode::ToGrid];
            assert!(found.3.ends_with(&end), "{:?}", found.3);
        }
    }
}

#[test]
fn bytes_of_a_product_are_the_products_own() {
    for scheme in [INT8, INT16] {
        let (dtype, scale, zero, steps) = last(graph(&[], DataType::Int8), scheme);
        assert_eq!((dtype, scale, zero), (DType::I8, 0.015625, 3));
        assert_eq!(steps, [Opcode::Quantise, Opcode::Dense]);
    }
    let (dtype, _, _, steps) = last(graph(&[], DataType::Int8), F32);
    assert_eq!(dtype, DType::I8);
    assert_eq!(steps, [Opcode::Dense, Opcode::ToGrid]);
}

#[test]
fn bytes_that_are_calculated_with_are_wide() {
    let model = graph(&["Softmax"], DataType::Int8)
        .op("ArgMax", &["y"], "best")
        .output("best");
    let built = build(model, F32).unwrap();
    for (name, deviation) in deviations(&built) {
        assert_eq!(deviation.unequal, 0, "{name}");
    }
    let file = qibu::Model::load(&built.file).unwrap();
    let function = file.functions().next().unwrap();
    assert_eq!(function.output(0).unwrap().dtype(), DType::I32);
}

#[test]
fn bytes_may_be_turned_on_their_way_out() {
    for (kind, attributes) in [("Transpose", vec![]), ("Flatten", vec![])] {
        let model = graph(&["Softmax"], DataType::Int8);
        let model = model.node(node(kind, &["y"], &["t"], attributes));
        let mut model = model.output("t");
        model.graph.output.remove(0);
        let built = build(model, F32).unwrap();
        assert_eq!(deviations(&built)["t"].unequal, 0);
        let file = qibu::Model::load(&built.file).unwrap();
        let function = file.functions().next().unwrap();
        assert_eq!(function.output(0).unwrap().dtype(), DType::I8);
    }
}

/// Numbers of one grid: `x` to integers and nothing else.
fn alone(scale: f32, zero_point: i32, kind: DataType, length: usize) -> Model {
    let mut model = Model::default()
        .input("x", DataType::Float, &[length])
        .tensor(tensor::f32("s", &[], &[scale]))
        .tensor(byte("z", kind, zero_point))
        .op("QuantizeLinear", &["x", "s", "z"], "y");
    model.graph.output.push(value_info("y", kind, &[length]));
    model
}

/// Scale, zero point, whether int8, whether the scale is a power of two; bits and halves of numbers.
type Drawn = ((f32, i32, bool, bool), Vec<(u32, i32)>);

#[test]
fn integers_are_those_of_onnx_runtime() {
    if let Err(error) = engine::available() {
        return skip(error.to_string().lines().next().unwrap_or_default());
    }
    let cases = (1e-3f32..2.0, 0i32..256, any::<bool>(), any::<bool>());
    let numbers = proptest::collection::vec((any::<u32>(), -140i32..140), 1..40);
    let mut runner = TestRunner::deterministic();
    let compare = |((scale, zero, signed, power), numbers): Drawn| {
        // By a power of two, halves stay halves.
        let scale = match power {
            true => f32::from_bits(scale.to_bits() & 0x7F80_0000),
            false => scale,
        };
        let (kind, zero) = match signed {
            true => (DataType::Int8, zero - 128),
            false => (DataType::Uint8, zero),
        };
        let special = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            -0.0,
            0.0,
            3e9,
            -3e9,
            1e-42,
        ];
        let drawn = numbers.iter().flat_map(|&(bits, halves)| {
            let half = halves as f32 * 0.5 * scale;
            let near = [half, half.next_up(), half.next_down()];
            near.into_iter().chain([f32::from_bits(bits)])
        });
        let x: Vec<f32> = drawn.chain(special).collect();
        let model = alone(scale, zero, kind, x.len());
        let bytes = alone(scale, zero, kind, x.len()).bytes();
        let mut session = Session::load(&bytes, &Options::default()).unwrap();
        let given = engine::Tensor::f32(&[x.len()], x.clone());
        let answer = session.values(&[("x", given)]).unwrap().remove(0);
        let expected = answer.as_i64("integers").unwrap();
        let built = build(model, F32).unwrap();
        let file = qibu::Model::load(&built.file).unwrap();
        let found = outputs(function(&file, "main").unwrap(), &[Input::F32(x.clone())]).unwrap();
        let [Input::I32(found)] = &found[..] else {
            panic!("no integers");
        };
        let found: Vec<i64> = found.iter().map(|&q| q.into()).collect();
        prop_assert_eq!(expected, &found, "{} + {} of {:?}", scale, zero, x);
        Ok(())
    };
    runner.run(&(cases, numbers), compare).unwrap();
}

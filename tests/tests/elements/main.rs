//! Elementwise operators, and those that move elements, against naive twins on random shapes.
//!
//! A case is one step: its operands, some of them constants, are bytes; so is what it writes.

mod binary;
mod moves;
mod refused;

use proptest::prelude::*;
use qibu::format::{DType, Opcode};
use qibu::random::Random;
use qibu::{Fault, InputError, LoadError, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::builder::Builder;

/// A tensor with its bytes.
#[derive(Clone, Debug)]
struct Tensor {
    dtype: DType,
    dims: Vec<u32>,
    zero_point: i32,
    bytes: Vec<u8>,
    constant: bool,
}

impl Tensor {
    fn new<T: bytemuck::NoUninit>(dtype: DType, dims: &[u32], values: &[T]) -> Self {
        Self {
            dtype,
            dims: dims.to_vec(),
            zero_point: 0,
            bytes: bytemuck::cast_slice(values).to_vec(),
            constant: false,
        }
    }

    /// Random bytes; truth values of callers are 0 and 1.
    fn noise(dtype: DType, dims: &[u32], random: &mut Random) -> Self {
        let length = dims.iter().product::<u32>() as usize * dtype.size();
        let byte = |_| match dtype {
            DType::Bool => (random.next_u32() & 1) as u8,
            _ => random.next_u32() as u8,
        };
        Self::new(dtype, dims, &(0..length).map(byte).collect::<Vec<u8>>())
    }

    fn values<T: bytemuck::AnyBitPattern + bytemuck::NoUninit>(&self) -> Vec<T> {
        bytemuck::allocation::pod_collect_to_vec(&self.bytes)
    }

    /// Element `index`, as its bytes.
    fn element(&self, index: usize) -> &[u8] {
        &self.bytes[index * self.dtype.size()..][..self.dtype.size()]
    }

    fn elements(&self) -> usize {
        self.dims.iter().product::<u32>() as usize
    }

    fn constant(mut self, constant: bool) -> Self {
        self.constant = constant;
        self
    }
}

/// What became of a step.
#[derive(Debug, PartialEq)]
enum End {
    Refused(LoadError),
    Input(InputError),
    Ran(Vec<u8>),
}

/// Runs one step from `inputs` to a tensor like `out`, whose bytes do not matter.
fn run(opcode: Opcode, inputs: &[Tensor], out: &Tensor, attributes: &[u32]) -> End {
    let mut b = Builder::default();
    let mut set = Vec::new();
    let place = |b: &mut Builder, tensor: &Tensor| {
        let index = if tensor.constant {
            b.weights(tensor.dtype, &tensor.dims, &tensor.bytes)
        } else {
            b.activation(tensor.dtype, &tensor.dims)
        };
        b.tensors[index as usize].zero_point = tensor.zero_point;
        index
    };
    let mut operands = Vec::new();
    for tensor in inputs {
        let index = place(&mut b, tensor);
        operands.push(index);
        if !tensor.constant {
            set.push((index, tensor));
        }
    }
    let output = place(&mut b, out);
    b.step(opcode, &operands, &[output], attributes);
    let ends: Vec<u32> = set.iter().map(|&(index, _)| index).collect();
    b.function("main", &ends, &[output]);
    let file = b.finish();
    let model = match Model::load(&file) {
        Ok(model) => model,
        Err(error) => return End::Refused(error),
    };
    let function = model.function("main").unwrap();
    let mut arena = AlignedBytes::zeros(function.arena());
    arena.fill(0xA5);
    let mut run = function.bind(&mut arena).unwrap();
    for (index, (_, tensor)) in set.into_iter().enumerate() {
        match tensor.dtype {
            DType::F32 => run.set_f32(index, &tensor.values::<f32>()),
            DType::I32 => run.set_i32(index, &tensor.values::<i32>()),
            DType::I16 => run.set_i16(index, &tensor.values::<i16>()),
            DType::I8 => run.set_i8(index, &tensor.values::<i8>()),
            DType::Bool => {
                let truths: Vec<bool> = tensor.bytes.iter().map(|&byte| byte != 0).collect();
                run.set_bool(index, &truths)
            }
            dtype => panic!("no input is {dtype:?}"),
        }
        .unwrap();
    }
    if let Err(error) = run.execute() {
        return End::Input(error);
    }
    End::Ran(
        run.tensor_bytes(function.output(0).unwrap())
            .unwrap()
            .to_vec(),
    )
}

/// The fault of the only step.
fn fault(fault: Fault) -> End {
    End::Refused(LoadError::Step(0, fault))
}

/// Dimensions of rank `ranks`, below `limit`.
fn dims(ranks: std::ops::RangeInclusive<usize>, limit: u32) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(1..limit, ranks)
}

/// Positions of a box, last axis fastest.
fn positions(dims: &[u32]) -> Vec<Vec<u32>> {
    let mut all = vec![vec![]];
    for &dim in dims {
        let grown = |at: Vec<u32>| (0..dim).map(move |i| [&at[..], &[i]].concat());
        all = all.into_iter().flat_map(grown).collect();
    }
    all
}

/// Row-major index of `position` in `dims`, which it may be broadcast to.
fn index(dims: &[u32], position: &[u32]) -> usize {
    let position = &position[position.len() - dims.len()..];
    dims.iter().zip(position).fold(0, |index, (&dim, &at)| {
        index * dim as usize + if dim == 1 { 0 } else { at as usize }
    })
}

const TYPES: [DType; 5] = [DType::F32, DType::I32, DType::I16, DType::I8, DType::Bool];

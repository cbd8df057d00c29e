//! Compiled files in the runtime, on samples in and out.

use qibu::format::{DType, TensorRecord};
use qibu::{Limits, Model};
use qibu_compiler::aligned::AlignedBytes;

/// Elements of one input or output.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Real numbers.
    F32(Vec<f32>),
    /// Integers of a grid.
    I8(Vec<i8>),
    /// Integers.
    I32(Vec<i32>),
}

impl Numbers {
    /// Real numbers, whatever they are stored as.
    pub fn reals(self) -> Vec<f32> {
        match self {
            Self::F32(values) => values,
            Self::I8(values) => values.into_iter().map(f32::from).collect(),
            Self::I32(values) => values.into_iter().map(|value| value as f32).collect(),
        }
    }
}

/// A file held where the runtime may read it.
pub struct File(AlignedBytes);

impl File {
    /// Of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(AlignedBytes::from(bytes))
    }

    /// The outputs of the first function for each of `samples`, which are cast to its input's type.
    pub fn run(&self, samples: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let model = self.model();
        let function = model.functions().next().expect("a function");
        let input = function.input(0).expect("an input");
        let of = |sample: &Vec<f32>| {
            let outputs = self.outputs(&[cast(&input, sample)]);
            outputs.into_iter().next().expect("an output").reals()
        };
        samples.iter().map(of).collect()
    }

    fn model(&self) -> Model<'_> {
        Model::load_within(&self.0, Limits { macs: 1 << 40 }).expect("our own file")
    }

    /// The outputs of the first function for `inputs`, in order.
    fn outputs(&self, inputs: &[Numbers]) -> Vec<Numbers> {
        let model = self.model();
        let function = model.functions().next().expect("a function");
        let mut arena = AlignedBytes::zeros(function.arena());
        let mut run = function.bind(&mut arena).expect("the arena fits");
        for (index, input) in inputs.iter().enumerate() {
            match input {
                Numbers::F32(values) => run.set_f32(index, values),
                Numbers::I8(values) => run.set_i8(index, values),
                Numbers::I32(values) => run.set_i32(index, values),
            }
            .expect("the input fits");
        }
        run.execute().expect("it runs");
        (0..function.outputs().len())
            .map(
                |index| match function.output(index).expect("an output").dtype {
                    DType::I8 => Numbers::I8(run.output_i8(index).expect("int8").to_vec()),
                    DType::I32 => Numbers::I32(run.output_i32(index).expect("int32").to_vec()),
                    _ => Numbers::F32(run.output_f32(index).expect("floats").to_vec()),
                },
            )
            .collect()
    }
}

fn cast(input: &TensorRecord, sample: &[f32]) -> Numbers {
    match input.dtype {
        DType::I8 => Numbers::I8(sample.iter().map(|&x| x as i8).collect()),
        DType::I32 => Numbers::I32(sample.iter().map(|&x| x as i32).collect()),
        _ => Numbers::F32(sample.to_vec()),
    }
}

/// The outputs of a file's first function for `inputs`.
pub fn outputs(file: &[u8], inputs: &[Numbers]) -> Vec<Numbers> {
    File::new(file).outputs(inputs)
}

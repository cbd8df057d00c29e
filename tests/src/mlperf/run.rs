//! Compiled files in the runtime, on samples in and out.

use qibu::format::DType;
use qibu::{Limits, Model};
use qibu_compiler::aligned::AlignedBytes;

/// A file held where the runtime may read it.
pub struct File(AlignedBytes);

impl File {
    /// Of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(AlignedBytes::from(bytes))
    }

    /// The first output of the first function for each of `samples`.
    pub fn run(&self, samples: &[Vec<f32>]) -> Vec<Vec<f32>> {
        samples
            .iter()
            .map(|sample| self.output(&[sample]))
            .collect()
    }

    /// The first output of the first function; numbers are cast from and to the file's types, so
    /// that a quantised model's integers stay what they are.
    pub fn output(&self, inputs: &[&[f32]]) -> Vec<f32> {
        let limits = Limits { macs: 1 << 40 };
        let model = Model::load_within(&self.0, limits).expect("our own file");
        let function = model.functions().next().expect("a function");
        let mut arena = AlignedBytes::zeros(function.arena());
        let mut run = function.bind(&mut arena).expect("the arena fits");
        for (index, values) in inputs.iter().enumerate() {
            match function.input(index).expect("an input").dtype() {
                DType::I8 => run.set_i8(index, &cast(values, |x| x as i8)),
                DType::I32 => run.set_i32(index, &cast(values, |x| x as i32)),
                _ => run.set_f32(index, values),
            }
            .expect("the input fits");
        }
        run.execute().expect("it runs");
        match function.output(0).expect("an output").dtype() {
            DType::I8 => cast(run.output_i8(0).expect("int8"), f32::from),
            DType::I32 => cast(run.output_i32(0).expect("int32"), |x| x as f32),
            _ => run.output_f32(0).expect("floats").to_vec(),
        }
    }
}

fn cast<T: Copy, U>(values: &[T], to: impl Fn(T) -> U) -> Vec<U> {
    values.iter().map(|&value| to(value)).collect()
}

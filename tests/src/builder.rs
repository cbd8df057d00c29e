//! Writes `.qibu` files by hand: records and words as the caller says, right or wrong.
//!
//! Nothing is checked here, so that tests can write files that `Model::load` must refuse. All bytes
//! go through `qibu::format`. Activations of a function are placed one behind the other.

use crate::exercise::seal;
use qibu::format::{
    ALIGNMENT, DType, FunctionRecord, Header, Layout, MAX_RANK, Opcode, Place, StepRecord,
    TensorRecord, VERSION, nibble,
};
use qibu::rounding::Scale;
use qibu_compiler::aligned::AlignedBytes;

/// Clamp words of an int8 output.
pub const I8_RANGE: [u32; 2] = [-128i32 as u32, 127];
/// Clamp words of a float output without limits.
pub const FREE: [u32; 2] = [f32::NEG_INFINITY.to_bits(), f32::INFINITY.to_bits()];

/// A file under construction; every field is open to tests that break it.
#[derive(Clone, Default)]
pub struct Builder {
    /// Function records.
    pub functions: Vec<FunctionRecord>,
    /// Tensor records.
    pub tensors: Vec<TensorRecord>,
    /// Step records.
    pub steps: Vec<StepRecord>,
    /// Parameter words.
    pub parameters: Vec<u32>,
    /// Metadata lines, then names.
    pub text: String,
    /// Weights.
    pub weights: Vec<u8>,
    first_step: u32,
    arena: u32,
}

impl Builder {
    /// A file with these metadata lines.
    #[must_use]
    pub fn new(metadata: &[(&str, &str)]) -> Self {
        let mut builder = Self::default();
        for (key, value) in metadata {
            builder.text += &format!("{key}\t{value}\n");
        }
        builder
    }

    /// Adds a tensor record; its index.
    pub fn tensor(&mut self, dtype: DType, place: Place, dims: &[u32], offset: u32) -> u32 {
        let mut all = [0; MAX_RANK];
        all[..dims.len()].copy_from_slice(dims);
        self.tensors.push(TensorRecord {
            dtype,
            layout: Layout::Plain,
            place,
            rank: dims.len() as u8,
            offset,
            scale: 1.0,
            zero_point: 0,
            dims: all,
            name_offset: 0,
            name_length: 0,
        });
        self.tensors.len() as u32 - 1
    }

    /// Adds a constant to the weights section; its index.
    pub fn weights<T: bytemuck::NoUninit>(
        &mut self,
        dtype: DType,
        dims: &[u32],
        values: &[T],
    ) -> u32 {
        let padded = self.weights.len().next_multiple_of(ALIGNMENT);
        self.weights.resize(padded, 0);
        self.weights.extend(bytemuck::cast_slice::<T, u8>(values));
        self.tensor(dtype, Place::Weights, dims, padded as u32)
    }

    /// Adds a constant that no step reads, under a name; its index.
    pub fn table<T: bytemuck::NoUninit>(
        &mut self,
        name: &str,
        dtype: DType,
        dims: &[u32],
        values: &[T],
    ) -> u32 {
        let index = self.weights(dtype, dims, values);
        let record = &mut self.tensors[index as usize];
        (record.name_offset, record.name_length) = (self.text.len() as u32, name.len() as u32);
        self.text += name;
        index
    }

    /// Adds a constant of four-bit elements to the weights section; its index.
    pub fn nibbles(&mut self, dims: &[u32], values: &[i8]) -> u32 {
        let row = dims.iter().skip(1).product::<u32>() as usize;
        let bytes: Vec<u8> = values.chunks(row).flat_map(nibble::pack_row).collect();
        self.weights(DType::I4, dims, &bytes)
    }

    /// Adds a vector of words to the parameters section; its index.
    pub fn words(&mut self, dtype: DType, words: &[u32]) -> u32 {
        let offset = 4 * self.parameters.len() as u32;
        self.parameters.extend(words);
        self.tensor(dtype, Place::Parameters, &[words.len() as u32], offset)
    }

    /// `count` biases of `value`.
    pub fn bias(&mut self, count: usize, value: i32) -> u32 {
        self.words(DType::I32, &vec![value as u32; count])
    }

    /// `count` scale words nearest to `factor`.
    pub fn scales(&mut self, count: usize, factor: f64) -> u32 {
        self.words(DType::Scale, &vec![scale_word(factor); count])
    }

    /// Adds an activation behind all others of the function; its index.
    pub fn activation(&mut self, dtype: DType, dims: &[u32]) -> u32 {
        let index = self.tensor(dtype, Place::Arena, dims, self.arena);
        let bytes = dims.iter().product::<u32>() * dtype.size() as u32;
        self.arena += bytes.next_multiple_of(ALIGNMENT as u32);
        index
    }

    /// Adds an int8 or int16 activation with its quantisation; its index.
    pub fn quantised(&mut self, dtype: DType, dims: &[u32], scale: f32, zero_point: i32) -> u32 {
        let index = self.activation(dtype, dims);
        let record = &mut self.tensors[index as usize];
        (record.scale, record.zero_point) = (scale, zero_point);
        index
    }

    /// Adds another shape of activation `index`, at the same bytes; its index.
    pub fn view(&mut self, index: u32, dims: &[u32]) -> u32 {
        let old = self.tensors[index as usize];
        let view = self.tensor(old.dtype, old.place, dims, old.offset);
        let record = &mut self.tensors[view as usize];
        (record.scale, record.zero_point) = (old.scale, old.zero_point);
        view
    }

    /// Adds the output of a step in place: the bytes of input `index`, with a quantisation of its
    /// own; its index.
    pub fn replacing(&mut self, index: u32, scale: f32, zero_point: i32) -> u32 {
        let old = self.tensors[index as usize];
        let dims = &old.dims[..usize::from(old.rank)];
        let new = self.tensor(old.dtype, old.place, dims, old.offset);
        let record = &mut self.tensors[new as usize];
        (record.scale, record.zero_point) = (scale, zero_point);
        new
    }

    /// Adds a step.
    pub fn step(&mut self, opcode: Opcode, inputs: &[u32], outputs: &[u32], attributes: &[u32]) {
        self.steps.push(StepRecord {
            opcode: opcode as u8,
            inputs: inputs.len() as u8,
            outputs: outputs.len() as u8,
            attributes: attributes.len() as u8,
            operands: self.parameters.len() as u32,
        });
        for words in [inputs, outputs, attributes] {
            self.parameters.extend(words);
        }
    }

    /// Ends the function that all steps since the one before belong to.
    pub fn function(&mut self, name: &str, inputs: &[u32], outputs: &[u32]) {
        self.functions.push(FunctionRecord {
            name_offset: self.text.len() as u32,
            name_length: name.len() as u32,
            first_step: self.first_step,
            steps: self.steps.len() as u32 - self.first_step,
            operands: self.parameters.len() as u32,
            inputs: inputs.len() as u32,
            outputs: outputs.len() as u32,
            arena: self.arena,
        });
        self.text += name;
        for words in [inputs, outputs] {
            self.parameters.extend(words);
        }
        self.first_step = self.steps.len() as u32;
        self.arena = 0;
    }

    /// The file, with both checksums.
    #[must_use]
    pub fn finish(&self) -> AlignedBytes {
        let counts = [
            self.functions.len(),
            self.tensors.len(),
            self.steps.len(),
            self.parameters.len(),
            self.text.len(),
            self.weights.len(),
        ]
        .map(|count| count as u32);
        let mut bytes = vec![0; Header::LENGTH];
        let mut section = |content: &[u8]| {
            bytes.extend(content);
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        };
        section(
            &self
                .functions
                .iter()
                .flat_map(FunctionRecord::emit)
                .collect::<Vec<_>>(),
        );
        section(
            &self
                .tensors
                .iter()
                .flat_map(TensorRecord::emit)
                .collect::<Vec<_>>(),
        );
        section(
            &self
                .steps
                .iter()
                .flat_map(StepRecord::emit)
                .collect::<Vec<_>>(),
        );
        section(
            &self
                .parameters
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect::<Vec<_>>(),
        );
        section(self.text.as_bytes());
        section(&self.weights);
        let header = Header {
            version: VERSION,
            file_length: bytes.len() as u32,
            counts,
            ..Header::default()
        };
        bytes[..Header::LENGTH].copy_from_slice(&header.emit());
        let mut file = AlignedBytes::from(&bytes[..]);
        seal(&mut file);
        file
    }
}

/// The scale word nearest to `factor`.
#[must_use]
pub fn scale_word(factor: f64) -> u32 {
    Scale::nearest(factor).expect("a factor in range").word()
}

/// Attribute words of a `Copy` that permutes the axes of `shape`.
#[must_use]
pub fn transpose_words(shape: &[u32], permutation: &[usize]) -> Vec<u32> {
    let missing = 6 - shape.len();
    let stride = |axis: usize| shape[axis + 1..].iter().product::<u32>();
    let mut words = vec![0];
    words.extend(vec![1; missing]);
    words.extend(permutation.iter().map(|&axis| shape[axis]));
    words.extend(vec![0; missing]);
    words.extend(permutation.iter().map(|&axis| stride(axis)));
    words
}

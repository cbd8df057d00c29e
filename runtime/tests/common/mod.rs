//! Writes `.qibu` files record by record, right or wrong: nothing is checked here.

#![allow(dead_code, reason = "each test file uses its part")]

use qibu::format::{
    ALIGNMENT, DType, FunctionRecord, Header, Layout, MAX_RANK, Opcode, Place, StepRecord,
    TensorRecord, VERSION, crc,
};
use qibu::rounding::Scale;

/// A file under construction.
#[derive(Default)]
pub struct Builder {
    pub functions: Vec<FunctionRecord>,
    pub tensors: Vec<TensorRecord>,
    pub steps: Vec<StepRecord>,
    pub parameters: Vec<u32>,
    pub text: String,
    pub weights: Vec<u8>,
    pub arena: u32,
}

/// A file's bytes on a 16-byte boundary.
pub struct File {
    blocks: Vec<u128>,
    length: usize,
}

impl File {
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.blocks)[..self.length]
    }
}

/// Zeros on a 16-byte boundary, `length` rounded up.
pub fn arena(length: usize) -> Vec<u128> {
    vec![0; length.div_ceil(ALIGNMENT)]
}

/// The scale word nearest to `factor`.
pub fn scale(factor: f64) -> u32 {
    Scale::nearest(factor).unwrap().word()
}

pub const I8_RANGE: [u32; 2] = [-128i32 as u32, 127];
pub const FREE: [u32; 2] = [f32::NEG_INFINITY.to_bits(), f32::INFINITY.to_bits()];

impl Builder {
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

    /// An activation behind all others of the function.
    pub fn activation(&mut self, dtype: DType, dims: &[u32]) -> u32 {
        let index = self.tensor(dtype, Place::Arena, dims, self.arena);
        let bytes = dims.iter().product::<u32>() * dtype.size() as u32;
        self.arena += bytes.next_multiple_of(ALIGNMENT as u32);
        index
    }

    pub fn weights<T: bytemuck::NoUninit>(
        &mut self,
        dtype: DType,
        dims: &[u32],
        values: &[T],
    ) -> u32 {
        let start = self.weights.len().next_multiple_of(ALIGNMENT);
        self.weights.resize(start, 0);
        self.weights.extend(bytemuck::cast_slice::<T, u8>(values));
        self.tensor(dtype, Place::Weights, dims, start as u32)
    }

    pub fn words(&mut self, dtype: DType, words: &[u32]) -> u32 {
        let offset = 4 * self.parameters.len() as u32;
        self.parameters.extend(words);
        self.tensor(dtype, Place::Parameters, &[words.len() as u32], offset)
    }

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
        let first_step = self.functions.iter().map(|function| function.steps).sum();
        self.functions.push(FunctionRecord {
            name_offset: self.text.len() as u32,
            name_length: name.len() as u32,
            first_step,
            steps: self.steps.len() as u32 - first_step,
            operands: self.parameters.len() as u32,
            inputs: inputs.len() as u32,
            outputs: outputs.len() as u32,
            arena: self.arena,
        });
        self.text += name;
        self.parameters.extend(inputs.iter().chain(outputs));
        self.arena = 0;
    }

    /// The file, with both checksums.
    pub fn finish(&self) -> File {
        let mut bytes = vec![0; Header::LENGTH];
        let mut counts = [0; 6];
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let sections: [(usize, Vec<u8>); 6] = [
            (
                self.functions.len(),
                self.functions
                    .iter()
                    .flat_map(FunctionRecord::emit)
                    .collect(),
            ),
            (
                self.tensors.len(),
                self.tensors.iter().flat_map(TensorRecord::emit).collect(),
            ),
            (
                self.steps.len(),
                self.steps.iter().flat_map(StepRecord::emit).collect(),
            ),
            (self.parameters.len(), words(&self.parameters)),
            (self.text.len(), self.text.clone().into_bytes()),
            (self.weights.len(), self.weights.clone()),
        ];
        let mut weights_start = 0;
        for (count, (number, content)) in counts.iter_mut().zip(&sections) {
            *count = *number as u32;
            weights_start = bytes.len();
            bytes.extend(content);
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        }
        let mut header = Header {
            version: VERSION,
            file_length: bytes.len() as u32,
            weights_crc: crc::crc32(&self.weights),
            counts,
            ..Header::default()
        };
        bytes[..Header::LENGTH].copy_from_slice(&header.emit());
        header.structure_crc = crc::crc32(&bytes[Header::CHECKED_FROM..weights_start]);
        bytes[..Header::LENGTH].copy_from_slice(&header.emit());
        let mut blocks = arena(bytes.len());
        bytemuck::cast_slice_mut(&mut blocks)[..bytes.len()].copy_from_slice(&bytes);
        File {
            blocks,
            length: bytes.len(),
        }
    }
}

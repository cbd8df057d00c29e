//! A model of one step, from what its operands are.

use crate::builder::Builder;
use qibu::Model;
use qibu::format::{DType, Layout, Opcode, nibble};
use qibu::random::Random;
use qibu::rounding::Scale;
use qibu_compiler::aligned::AlignedBytes;

/// Where an operand's bytes come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The caller, or the step itself.
    Arena,
    /// The file, in its weights.
    Weights(Vec<u8>),
    /// The file, in its parameters.
    Words(Vec<u32>),
}

/// A tensor of the step.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub dtype: DType,
    pub dims: Vec<u32>,
    pub scale: f32,
    pub zero_point: i32,
    pub layout: Layout,
    pub source: Source,
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub inputs: Vec<Operand>,
    pub outputs: Vec<Operand>,
    pub attributes: Vec<u32>,
}

impl Case {
    /// Its file, with so many bytes of scratch; `None` where the loader refuses it.
    pub fn with_scratch(&self, opcode: Opcode, bytes: usize) -> Option<AlignedBytes> {
        let mut b = Builder::default();
        let add = |operand: &Operand, b: &mut Builder| operand.add(b);
        let inputs: Vec<u32> = self.inputs.iter().map(|x| add(x, &mut b)).collect();
        let outputs: Vec<u32> = self.outputs.iter().map(|x| add(x, &mut b)).collect();
        let scratch = b.activation(DType::I8, &[u32::try_from(bytes).ok()?]);
        let written = [&outputs[..], &[scratch]].concat();
        b.step(opcode, &inputs, &written, &self.attributes);
        b.function("main", &inputs[..1], &outputs);
        let file = b.finish();
        Model::load(&file).is_ok().then_some(file)
    }

    /// Its file, with output 0 over input `over`; `None` where the loader refuses it.
    pub fn file(&self, opcode: Opcode, over: Option<usize>) -> Option<AlignedBytes> {
        let mut b = Builder::default();
        let mut given = Vec::new();
        let inputs: Vec<u32> = self
            .inputs
            .iter()
            .map(|operand| {
                let index = operand.add(&mut b);
                if matches!(operand.source, Source::Arena) {
                    given.push(index);
                }
                index
            })
            .collect();
        let mut outputs = Vec::new();
        for (position, operand) in self.outputs.iter().enumerate() {
            let index = match over.filter(|_| position == 0) {
                Some(input) => {
                    let old = b.tensors[inputs[input] as usize];
                    let same = old.dtype == operand.dtype && old.shape() == operand.dims;
                    if !same || !given.contains(&inputs[input]) {
                        return None;
                    }
                    b.replacing(inputs[input], operand.scale, operand.zero_point)
                }
                None => operand.add(&mut b),
            };
            outputs.push(index);
        }
        b.step(opcode, &inputs, &outputs, &self.attributes);
        // Scratch is nobody's to read.
        let results = usize::from(opcode.arity().outputs).min(outputs.len());
        b.function("main", &given, &outputs[..results]);
        let file = b.finish();
        Model::load(&file).is_ok().then_some(file)
    }
}

impl Operand {
    fn add(&self, b: &mut Builder) -> u32 {
        let index = match &self.source {
            Source::Arena => b.activation(self.dtype, &self.dims),
            Source::Weights(bytes) => b.weights(self.dtype, &self.dims, bytes),
            Source::Words(words) => b.words(self.dtype, words),
        };
        let record = &mut b.tensors[index as usize];
        (record.scale, record.zero_point) = (self.scale, self.zero_point);
        record.layout = self.layout;
        index
    }

    /// The same tensor at another shape.
    pub fn shaped(&self, dims: &[u32]) -> Self {
        Self {
            dims: dims.to_vec(),
            ..self.clone()
        }
    }
}

/// Whether integers of a type stand for reals by a scale.
pub(super) fn is_quantised(dtype: DType) -> bool {
    matches!(dtype, DType::I8 | DType::I16)
}

/// Half of what a type's integers span, as far as noise reaches; 1 for others.
pub(super) fn span(dtype: DType) -> f64 {
    match dtype {
        DType::I8 => 100.0,
        DType::I16 => 25_000.0,
        DType::I32 => 1e6,
        DType::I4 => 6.0,
        _ => 1.0,
    }
}

/// Random shapes, numbers and operands.
pub(super) struct Draw(pub Random);

impl Draw {
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.0.next_u32() % (high - low + 1)
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.between(0, 99) < percent
    }

    pub fn real(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.0.uniform()
    }

    /// A shape of so many axes, each `1..=longest`.
    pub fn dims(&mut self, axes: u32, longest: u32) -> Vec<u32> {
        (0..axes).map(|_| self.between(1, longest)).collect()
    }

    /// An activation, with a zero point where its type has one.
    pub fn arena(&mut self, dtype: DType, dims: &[u32]) -> Operand {
        let zero_point = match dtype {
            DType::I8 if self.chance(20) => [-128, 127, 0][self.between(0, 2) as usize],
            DType::I8 => self.between(0, 255) as i32 - 128,
            _ => 0,
        };
        let scale = match dtype {
            DType::I8 => self.real(0.01, 0.1),
            DType::I16 => self.real(0.0001, 0.001),
            _ => 1.0,
        };
        Operand {
            dtype,
            dims: dims.to_vec(),
            scale,
            zero_point,
            layout: Layout::Plain,
            source: Source::Arena,
        }
    }

    /// A constant: normals, bits of truth, or any integers.
    pub fn constant(&mut self, dtype: DType, dims: &[u32]) -> Operand {
        let count = dims.iter().product::<u32>();
        let bytes = match dtype {
            DType::F32 => (0..count)
                .flat_map(|_| self.0.gaussian().to_le_bytes())
                .collect(),
            DType::F16 => (0..count)
                .flat_map(|_| half::f16::from_f32(self.0.gaussian()).to_le_bytes())
                .collect(),
            DType::I4 => {
                let rows = dims.first().copied().unwrap_or(1);
                let row = nibble::row_bytes((count / rows) as usize);
                (0..rows as usize * row)
                    .map(|_| self.0.next_u32() as u8)
                    .collect()
            }
            _ => (0..count as usize * dtype.size())
                .map(|_| self.0.next_u32() as u8)
                .collect(),
        };
        Operand {
            source: Source::Weights(bytes),
            ..self.arena(dtype, dims)
        }
    }

    /// A constant where the type is only that, or by chance.
    pub fn either(&mut self, dtype: DType, dims: &[u32], percent: u32) -> Operand {
        match matches!(dtype, DType::F16 | DType::I4) || self.chance(percent) {
            true => self.constant(dtype, dims),
            false => self.arena(dtype, dims),
        }
    }

    /// Words of the parameters.
    pub fn words(&mut self, dtype: DType, words: Vec<u32>) -> Operand {
        Operand {
            source: Source::Words(words),
            ..self.arena(dtype, &[])
        }
    }

    /// A scale word of about `factor`, from half to twice, as far as words reach. Every third is a
    /// power of two, where halves are to be rounded.
    pub fn scale(&mut self, factor: f64) -> Option<u32> {
        let mut factor = (factor * f64::from(self.real(0.5, 2.0))).min(0.98);
        if self.chance(33) {
            // The mantissa is dropped.
            factor = f64::from_bits(factor.to_bits() >> 52 << 52);
        }
        Scale::nearest(factor).map(Scale::word)
    }

    /// Clamp words of an output: all of its type, or a part.
    pub fn clamp(&mut self, dtype: DType) -> [u32; 2] {
        let narrow = self.chance(30);
        let whole = |low: i32, high: i32| [low as u32, high as u32];
        match dtype {
            DType::I8 if narrow => whole(-60, 45),
            DType::I8 => whole(-128, 127),
            DType::I16 if narrow => whole(0, 20_000),
            DType::I16 => whole(-32_768, 32_767),
            DType::I32 => whole(i32::MIN, i32::MAX),
            _ if narrow => [0.0f32, 6.0].map(f32::to_bits),
            _ => [f32::NEG_INFINITY, f32::INFINITY].map(f32::to_bits),
        }
    }
}

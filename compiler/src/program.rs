//! What `quantise` produces and the later paces carry on: the file's tensors and steps, not yet
//! placed in memory.

use crate::graph::{Metadata, ValueId};
use qibu::format::{DType, Layout, Opcode, nibble};

/// Index of a tensor in [`Program::tensors`] and, later, in the file.
pub type TensorId = usize;

/// Where a tensor's bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Written at run time; `plan` finds its place.
    Arena,
    /// The same bytes as another arena tensor, under another shape.
    View(TensorId),
    /// A constant on whose values no safety property depends.
    Weights(Vec<u8>),
    /// A constant that `load` checks: biases and scale words.
    Parameters(Vec<u32>),
}

/// One tensor of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The value's or the weight's name, for reports; inputs, outputs and tables keep it in the
    /// file.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Order of a constant's elements.
    pub layout: Layout,
    /// Shape, at most six dimensions.
    pub shape: Vec<usize>,
    /// Real value of one quantisation step.
    pub scale: f32,
    /// Quantised value of real zero.
    pub zero_point: i32,
    /// Where the bytes come from.
    pub content: Content,
    /// The graph's value that the tensor stands for, where it is one.
    pub value: Option<ValueId>,
}

impl Tensor {
    /// Length in bytes.
    pub fn bytes(&self) -> usize {
        let elements = self.shape.iter().product::<usize>();
        match (self.dtype, self.shape.first()) {
            (_, Some(&rows)) if self.layout != Layout::Plain => {
                let k = (elements / rows.max(1)) as u32;
                let bytes = self.layout.bytes(rows as u32, k, self.dtype);
                bytes.unwrap_or(usize::MAX)
            }
            (DType::I4, Some(&rows)) => rows * nibble::row_bytes(elements / rows.max(1)),
            _ => elements * self.dtype.size(),
        }
    }

    /// Whether it is weights in tiles, two bytes for each.
    pub fn is_wide(&self) -> bool {
        self.layout != Layout::Plain && self.dtype == DType::I16
    }
}

/// One step of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The graph node's name, for reports.
    pub name: String,
    /// Operator.
    pub opcode: Opcode,
    /// Operands.
    pub inputs: Vec<TensorId>,
    /// Results.
    pub outputs: Vec<TensorId>,
    /// Attribute words.
    pub attributes: Vec<u32>,
}

impl Step {
    /// What the operator writes, its scratch left out.
    pub fn results(&self) -> &[TensorId] {
        let results = usize::from(self.opcode.arity().outputs);
        self.outputs.get(..results).unwrap_or(&self.outputs)
    }
}

/// One function of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Name that the runtime calls it by.
    pub name: String,
    /// Arguments.
    pub inputs: Vec<TensorId>,
    /// Results.
    pub outputs: Vec<TensorId>,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// A whole file before placement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// All tensors.
    pub tensors: Vec<Tensor>,
    /// All functions.
    pub functions: Vec<Function>,
    /// Constants that are found by their names, whether steps read them or not.
    pub tables: Vec<TensorId>,
    /// What the model says about itself.
    pub metadata: Metadata,
    /// Whether the activation ranges come from noise.
    pub noise_calibrated: bool,
}

impl Program {
    /// The arena tensor behind a view, or the tensor itself.
    pub fn root(&self, id: TensorId) -> TensorId {
        match self.tensors[id].content {
            Content::View(of) => self.root(of),
            _ => id,
        }
    }

    /// Whether the tensor is in the arena.
    pub fn in_arena(&self, id: TensorId) -> bool {
        matches!(self.tensors[id].content, Content::Arena | Content::View(_))
    }

    /// Bytes that wide weights take more than int8 ones.
    pub fn wide_bytes(&self) -> usize {
        let wide = self.tensors.iter().filter(|tensor| tensor.is_wide());
        wide.map(|tensor| tensor.bytes() / 2).sum()
    }
}

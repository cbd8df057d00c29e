//! What can go wrong on the device: small `Copy` enums without strings.

use crate::format::Section;
use core::fmt;

/// Why [`crate::Model::load`] refuses a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The bytes do not start on a 16-byte boundary; use [`crate::include_model!`].
    Alignment,
    /// The bytes are fewer or more than the header says.
    Length,
    /// The file does not start with a Qibu header.
    Header,
    /// The file has another format version.
    Version(u16),
    /// An unknown flag is set.
    Flags,
    /// The structure checksum does not match: the file is damaged.
    Checksum,
    /// The padding behind this section is not zero.
    Padding(Section),
    /// The text section is not UTF-8.
    Text,
    /// A function record is wrong.
    Function(u32, Fault),
    /// A tensor record is wrong.
    Tensor(u32, Fault),
    /// A step is wrong.
    Step(u32, Fault),
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An unknown code of operator, element type, layout or place.
    Code,
    /// A name, operand list or step range leaves its section.
    Range,
    /// A count of operands or attributes that the operator does not have.
    Arity,
    /// An index of a tensor that does not exist, or of one in the wrong place.
    Operand,
    /// An element type that the operator or place does not take.
    DType,
    /// A shape that is empty, too large, or does not fit the other operands.
    Shape,
    /// An offset that is misaligned or leaves its place.
    Offset,
    /// A scale that is not finite and positive, a zero point outside its type, a shift out of range.
    Scale,
    /// An attribute outside its range.
    Attribute,
    /// The accumulator could overflow 32 bits.
    Accumulator,
    /// The function's arena is shorter than a tensor in it needs.
    Arena,
    /// A step or the caller reads bytes that no step before wrote.
    Unwritten,
    /// An output overlaps an input or another output of the same step.
    Overlap,
    /// More multiply-accumulates than the caller's limit.
    Work,
    /// No kernel for the operator and its element types is linked: the program was built for
    /// another model.
    Kernel,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alignment => f.write_str("the model's bytes are not aligned to 16"),
            Self::Length => f.write_str("the file is truncated or has bytes behind its end"),
            Self::Header => f.write_str("not a Qibu model (no QIBU header)"),
            Self::Version(version) => write!(
                f,
                "format version {version}, this runtime reads {}",
                crate::format::VERSION
            ),
            Self::Flags => f.write_str("unknown flags in the header"),
            Self::Checksum => f.write_str("structure checksum mismatch: the file is damaged"),
            Self::Padding(section) => write!(f, "padding behind section {section:?} is not zero"),
            Self::Text => f.write_str("the text section is not UTF-8"),
            Self::Function(index, fault) => write!(f, "function {index}: {fault}"),
            Self::Tensor(index, fault) => write!(f, "tensor {index}: {fault}"),
            Self::Step(index, fault) => write!(f, "step {index}: {fault}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code => "unknown code of operator, element type, layout or place",
            Self::Range => "a reference leaves its section",
            Self::Arity => "wrong number of operands or attributes",
            Self::Operand => "an operand does not exist or is in the wrong place",
            Self::DType => "unsuitable element type",
            Self::Shape => "empty, too large or unsuitable shape",
            Self::Offset => "misaligned or out-of-range offset",
            Self::Scale => "scale, zero point or shift out of range",
            Self::Attribute => "attribute out of range",
            Self::Accumulator => "the 32-bit accumulator could overflow",
            Self::Arena => "the arena is too short for its tensors",
            Self::Unwritten => "reads what nothing wrote",
            Self::Overlap => "outputs overlap inputs or each other",
            Self::Work => "more multiply-accumulates than the limit",
            Self::Kernel => "no kernel linked for this operator and its element types",
        })
    }
}

impl core::error::Error for LoadError {}

/// Why a run refuses its input. A loaded model gives no other error while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputError {
    /// The arena has fewer bytes than the function needs.
    ArenaLength {
        /// Bytes needed.
        needed: usize,
    },
    /// The arena does not start on a 16-byte boundary; use [`crate::Arena`].
    ArenaAlignment,
    /// There is no input or output with this index and element type.
    Index,
    /// The slice has another length than the tensor.
    Length {
        /// Elements needed.
        needed: usize,
    },
    /// An index given by the caller is outside its table.
    Id {
        /// Position in the input tensor.
        position: usize,
    },
    /// An operand does not fit its kernel; loading rules this out.
    Kernel,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ArenaLength { needed } => {
                write!(f, "the arena is too short: {needed} bytes needed")
            }
            Self::ArenaAlignment => f.write_str("the arena is not aligned to 16 bytes"),
            Self::Index => f.write_str("no such input or output, or another element type"),
            Self::Length { needed } => write!(f, "wrong length: {needed} elements needed"),
            Self::Id { position } => {
                write!(f, "the id at position {position} is outside its table")
            }
            Self::Kernel => f.write_str("an operand does not fit its kernel"),
        }
    }
}

impl core::error::Error for InputError {}

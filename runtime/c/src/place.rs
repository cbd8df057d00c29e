//! Where a file is wrong, and what is wrong there: stable numbers, and their texts.

use core::ffi::{CStr, c_char};
use qibu::format::Section;
use qibu::{Fault, LoadError};

/// What is wrong with a record of a file. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum qibu_fault {
    /// Nothing, or no record.
    None = 0,
    /// An unknown code of operator, element type, layout or place.
    Code = 1,
    /// A reference leaves its section.
    Range = 2,
    /// A count of operands or attributes that the operator does not have.
    Arity = 3,
    /// An operand does not exist or is in the wrong place.
    Operand = 4,
    /// An element type that the operator or place does not take.
    Dtype = 5,
    /// A shape that is empty, too large, or does not fit the other operands.
    Shape = 6,
    /// A misaligned or out-of-range offset.
    Offset = 7,
    /// A scale, zero point or shift out of range.
    Scale = 8,
    /// An attribute out of range.
    Attribute = 9,
    /// The 32-bit accumulator could overflow.
    Accumulator = 10,
    /// The function's arena is too short for its tensors.
    Arena = 11,
    /// Something is read that nothing wrote.
    Unwritten = 12,
    /// Outputs overlap inputs or each other.
    Overlap = 13,
    /// More multiply-accumulates than the limit.
    Work = 14,
    /// No kernel is linked for the operator and its element types.
    Kernel = 15,
}

/// A section of a file. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum qibu_section {
    /// None in particular.
    None = 0,
    /// Functions.
    Functions = 1,
    /// Tensors.
    Tensors = 2,
    /// Steps.
    Steps = 3,
    /// Parameters.
    Parameters = 4,
    /// Text.
    Text = 5,
    /// Weights.
    Weights = 6,
}

/// Where a file is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct qibu_place {
    /// Section of the file.
    pub section: qibu_section,
    /// Record in the section, from 0; for `QIBU_STATUS_FILE_VERSION` the file's version.
    pub index: u32,
    /// What is wrong with the record.
    pub fault: qibu_fault,
}

impl qibu_place {
    /// No place.
    pub(crate) const NONE: Self = Self {
        section: qibu_section::None,
        index: 0,
        fault: qibu_fault::None,
    };

    /// Where `error` is.
    pub(crate) fn of(error: LoadError) -> Self {
        let record = |section, index, fault| Self {
            section,
            index,
            fault: qibu_fault::from(fault),
        };
        match error {
            LoadError::Function(index, fault) => record(qibu_section::Functions, index, fault),
            LoadError::Tensor(index, fault) => record(qibu_section::Tensors, index, fault),
            LoadError::Step(index, fault) => record(qibu_section::Steps, index, fault),
            LoadError::Version(version) => Self {
                index: version.into(),
                ..Self::NONE
            },
            LoadError::Padding(section) => Self {
                section: section.into(),
                ..Self::NONE
            },
            LoadError::Text => Self {
                section: qibu_section::Text,
                ..Self::NONE
            },
            _ => Self::NONE,
        }
    }
}

impl From<Section> for qibu_section {
    fn from(section: Section) -> Self {
        match section {
            Section::Functions => Self::Functions,
            Section::Tensors => Self::Tensors,
            Section::Steps => Self::Steps,
            Section::Parameters => Self::Parameters,
            Section::Text => Self::Text,
            Section::Weights => Self::Weights,
        }
    }
}

impl From<Fault> for qibu_fault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Code => Self::Code,
            Fault::Range => Self::Range,
            Fault::Arity => Self::Arity,
            Fault::Operand => Self::Operand,
            Fault::DType => Self::Dtype,
            Fault::Shape => Self::Shape,
            Fault::Offset => Self::Offset,
            Fault::Scale => Self::Scale,
            Fault::Attribute => Self::Attribute,
            Fault::Accumulator => Self::Accumulator,
            Fault::Arena => Self::Arena,
            Fault::Unwritten => Self::Unwritten,
            Fault::Overlap => Self::Overlap,
            Fault::Work => Self::Work,
            Fault::Kernel => Self::Kernel,
        }
    }
}

/// What `fault` says, in English: a static string that ends with a NUL, never null.
#[unsafe(no_mangle)]
pub extern "C" fn qibu_fault_string(fault: i32) -> *const c_char {
    let text: &CStr = match fault {
        0 => c"no fault",
        1 => c"unknown code of operator, element type, layout or place",
        2 => c"a reference leaves its section",
        3 => c"wrong number of operands or attributes",
        4 => c"an operand does not exist or is in the wrong place",
        5 => c"unsuitable element type",
        6 => c"empty, too large or unsuitable shape",
        7 => c"misaligned or out-of-range offset",
        8 => c"scale, zero point or shift out of range",
        9 => c"attribute out of range",
        10 => c"the 32-bit accumulator could overflow",
        11 => c"the arena is too short for its tensors",
        12 => c"reads what nothing wrote",
        13 => c"outputs overlap inputs or each other",
        14 => c"more multiply-accumulates than the limit",
        15 => c"no kernel linked for this operator and its element types",
        _ => c"unknown fault",
    };
    text.as_ptr()
}

//! The flat file: every byte range is named, parsed and emitted here and nowhere else.
//!
//! The specification in prose and tables is [`FORMAT.md`](spec). A file is a 48-byte header and
//! six sections in fixed order, each starting on a 16-byte boundary directly behind the one before.

pub mod crc;
pub mod function;
pub mod header;
pub mod layout;
pub mod nibble;
pub mod opcode;
pub mod step;
pub mod tensor;
pub mod text;

pub use function::FunctionRecord;
pub use header::{Header, MAGIC, VERSION};
pub use layout::Layout;
pub use opcode::Opcode;
pub use step::StepRecord;
pub use tensor::{DType, MAX_RANK, Place, Tensor, TensorRecord};
pub use text::Metadata;

#[doc = include_str!("../FORMAT.md")]
pub mod spec {}

/// Sections start on multiples of this many bytes; the compiler places weights and arena tensors so,
/// too, but a reader relies on the element size only.
pub const ALIGNMENT: usize = 16;

/// The sections in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Section {
    /// One record for each named function.
    Functions,
    /// One record for each tensor, constant or activation.
    Tensors,
    /// One record for each step.
    Steps,
    /// 32-bit words: operand lists, attributes, biases, scale words, tables.
    Parameters,
    /// Metadata lines and names, UTF-8.
    Text,
    /// Weights: the only section that the structure checksum leaves out.
    Weights,
}

/// `length` rounded up to [`ALIGNMENT`]; `None` where that overflows.
#[must_use]
pub const fn aligned(length: usize) -> Option<usize> {
    match length.checked_add(ALIGNMENT - 1) {
        Some(sum) => Some(sum & !(ALIGNMENT - 1)),
        None => None,
    }
}

/// Reads the little-endian `u32` at `offset`; zero past the end, which record sizes rule out.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    match bytes.get(offset..).and_then(|tail| tail.first_chunk()) {
        Some(four) => u32::from_le_bytes(*four),
        None => 0,
    }
}

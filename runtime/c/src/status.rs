//! What functions answer: stable numbers, and their texts.

use core::ffi::{CStr, c_char};
use qibu::tag::TaggerError;
use qibu::{InputError, LoadError};

/// What every function answers. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum qibu_status {
    /// Done.
    Ok = 0,

    /// A pointer is null that must not be.
    Null = 1,
    /// A pointer is not aligned: a model's bytes and an arena to 16 bytes, all else as its type.
    Misaligned = 2,
    /// The handle was not initialised, its initialisation failed, or it is one of another kind.
    Uninitialised = 3,
    /// The stream is in use: its own sink calls it.
    Busy = 4,
    /// Two pieces of memory share bytes that must not.
    Overlap = 5,
    /// A length is not what is needed, or more than memory can be.
    Length = 6,
    /// There is no function, input or output with this index.
    Index = 7,
    /// The input or output has another element type.
    Dtype = 8,
    /// There is nothing of this name.
    NotFound = 9,
    /// The caller's buffer is too small; the needed length was written.
    Buffer = 10,
    /// The arena is shorter than the function needs.
    Arena = 11,
    /// Outputs are asked for and the function has not been executed since its inputs were set.
    NotExecuted = 12,
    /// An index among the inputs is outside its table.
    Id = 13,
    /// A value that its type does not have: a truth value other than 0 and 1, an unknown reading, no
    /// Unicode character.
    Value = 14,
    /// The weights do not match their checksum.
    Weights = 15,
    /// An operand does not fit its kernel; loading rules this out.
    Kernel = 16,

    /// The file is truncated, or has bytes behind its end.
    FileLength = 32,
    /// The bytes are no Qibu model.
    FileHeader = 33,
    /// The file has a format version that this library does not read.
    FileVersion = 34,
    /// An unknown flag is set in the file.
    FileFlags = 35,
    /// The structure checksum does not match: the file is damaged.
    FileChecksum = 36,
    /// The padding behind a section is not zero.
    FilePadding = 37,
    /// The text section is not UTF-8.
    FileText = 38,
    /// A function record is wrong.
    FileFunction = 39,
    /// A tensor record is wrong.
    FileTensor = 40,
    /// A step is wrong.
    FileStep = 41,

    /// The model is no poem model.
    NoPoet = 64,
    /// No tag model: it has no function `emit`.
    TaggerFunction = 65,
    /// `emit` takes other inputs than ids and pairs of a window.
    TaggerInputs = 66,
    /// `emit` gives other outputs than scores of a window.
    TaggerOutputs = 67,
    /// The labels are not those of the network's tags.
    TaggerLabels = 68,
    /// The tagger's vocabulary is missing, unsorted or too long.
    TaggerVocabulary = 69,
    /// The tagger has no transitions (table `crf`).
    TaggerTransitions = 70,
    /// The table `crf` does not fit the tags.
    TaggerCrf = 71,
    /// The tables of character pairs are missing or do not fit.
    TaggerPairs = 72,
    /// The stream has too few ids or tags for this tagger: use a wider one.
    StreamCapacity = 73,
    /// The model has no function `compose`, or not what belongs to it.
    NoComposer = 74,
    /// A rule leaves a position of the poem without a character: `qibu_verse` says which.
    Unsatisfiable = 75,
}

impl From<LoadError> for qibu_status {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Alignment => Self::Misaligned,
            LoadError::Length => Self::FileLength,
            LoadError::Header => Self::FileHeader,
            LoadError::Version(_) => Self::FileVersion,
            LoadError::Flags => Self::FileFlags,
            LoadError::Checksum => Self::FileChecksum,
            LoadError::Padding(_) => Self::FilePadding,
            LoadError::Text => Self::FileText,
            LoadError::Function(..) => Self::FileFunction,
            LoadError::Tensor(..) => Self::FileTensor,
            LoadError::Step(..) => Self::FileStep,
        }
    }
}

impl From<InputError> for qibu_status {
    fn from(error: InputError) -> Self {
        match error {
            InputError::ArenaLength { .. } => Self::Arena,
            InputError::ArenaAlignment => Self::Misaligned,
            InputError::Index => Self::Index,
            InputError::Length { .. } => Self::Length,
            InputError::Id { .. } => Self::Id,
            InputError::Kernel => Self::Kernel,
        }
    }
}

impl From<TaggerError> for qibu_status {
    fn from(error: TaggerError) -> Self {
        match error {
            TaggerError::Function => Self::TaggerFunction,
            TaggerError::Inputs => Self::TaggerInputs,
            TaggerError::Outputs => Self::TaggerOutputs,
            TaggerError::Labels => Self::TaggerLabels,
            TaggerError::Vocabulary => Self::TaggerVocabulary,
            TaggerError::Transitions => Self::TaggerTransitions,
            TaggerError::Crf => Self::TaggerCrf,
            TaggerError::Pairs => Self::TaggerPairs,
            TaggerError::Slots { .. } | TaggerError::Decoder => Self::StreamCapacity,
            TaggerError::Arena(error) => error.into(),
        }
    }
}

/// What `status` says, in English: a static string that ends with a NUL, never null.
#[unsafe(no_mangle)]
pub extern "C" fn qibu_status_string(status: i32) -> *const c_char {
    let text: &CStr = match status {
        0 => c"done",
        1 => c"a pointer is null",
        2 => c"a pointer is not aligned",
        3 => c"the handle is not initialised",
        4 => c"the stream is in use",
        5 => c"memory overlaps",
        6 => c"wrong length",
        7 => c"no function, input or output with this index",
        8 => c"another element type",
        9 => c"nothing of this name",
        10 => c"the buffer is too small",
        11 => c"the arena is too short",
        12 => c"the function has not been executed",
        13 => c"an id is outside its table",
        14 => c"a value that its type does not have",
        15 => c"the weights do not match their checksum",
        16 => c"an operand does not fit its kernel",
        32 => c"the file is truncated or has bytes behind its end",
        33 => c"not a Qibu model",
        34 => c"another format version",
        35 => c"unknown flags in the file",
        36 => c"structure checksum mismatch: the file is damaged",
        37 => c"padding in the file is not zero",
        38 => c"the text section is not UTF-8",
        39 => c"a function record is wrong",
        40 => c"a tensor record is wrong",
        41 => c"a step is wrong",
        64 => c"not a poem model",
        65 => c"not a tag model",
        66 => c"the tagger has unsuitable inputs",
        67 => c"the tagger has unsuitable outputs",
        68 => c"the labels are not those of the tags",
        69 => c"the vocabulary is missing, unsorted or too long",
        70 => c"the tagger has no transitions",
        71 => c"the transitions do not fit the tags",
        72 => c"the tables of character pairs do not fit",
        73 => c"the stream has too few ids or tags",
        74 => c"the model composes no poems by rules",
        75 => c"a rule leaves a position of the poem without a character",
        _ => c"unknown status",
    };
    text.as_ptr()
}

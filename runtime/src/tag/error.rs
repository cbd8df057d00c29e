//! What can go wrong: a small `Copy` enum without strings.

use crate::error::InputError;
use core::fmt;

/// Why [`super::Tagger::new`] refuses a model, or [`super::Tagger::emitter`] its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaggerError {
    /// There is no function `emit`.
    Function,
    /// `emit` has other inputs than ids and, optionally, pairs, int32 of the right lengths.
    Inputs,
    /// `emit` has another output than f32 emissions of W positions.
    Outputs,
    /// The labels are missing, or not as many as the network's tags.
    Labels,
    /// The vocabulary is missing, unsorted or too long.
    Vocabulary,
    /// The table `crf` is missing: the model has no transitions.
    Transitions,
    /// The table `crf` has another shape or type than int32 `[T + 2, T]`.
    Crf,
    /// `emit` reads pairs and the tables `pair_first` and `pair_second` do not fit.
    Pairs,
    /// The emitter has fewer slots than the network has ids.
    Slots {
        /// Slots needed.
        needed: usize,
    },
    /// The decoder has room for fewer tags, or its buffer is empty.
    Decoder,
    /// The arena does not fit.
    Arena(InputError),
}

impl fmt::Display for TaggerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Function => "no tag model: it has no function `emit`",
            Self::Inputs => "`emit` takes other inputs than ids and pairs of a window",
            Self::Outputs => "`emit` gives other outputs than scores of a window",
            Self::Labels => "the labels are not those of the network's tags",
            Self::Vocabulary => "the vocabulary is missing, unsorted or too long",
            Self::Transitions => "the model has no transitions (table `crf`)",
            Self::Crf => "the table `crf` does not fit the tags",
            Self::Pairs => "the tables of character pairs are missing or do not fit",
            Self::Slots { needed } => {
                return write!(f, "the emitter has too few slots: {needed} needed");
            }
            Self::Decoder => "the decoder has too few tags or no buffer",
            Self::Arena(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for TaggerError {}

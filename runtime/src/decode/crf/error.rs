//! What can go wrong: a small `Copy` enum without strings.

use core::fmt;

/// Why there are no tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrfError {
    /// A slice has another length than the number of tags and positions asks for.
    Length {
        /// Elements needed.
        needed: usize,
    },
    /// The scratch memory has fewer elements than needed, or the decoder fewer positions.
    Scratch {
        /// Elements needed.
        needed: usize,
    },
    /// Constraints leave no tag at this position, counted from 0. The position behind the last
    /// one stands for the end of the text.
    NoPath {
        /// The first position without a tag.
        position: usize,
    },
    /// The tag at this position is none of the field's.
    Tag {
        /// Its position.
        position: usize,
    },
    /// More than 65,536 candidates at a position: tags times paths.
    Candidates,
}

impl fmt::Display for CrfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { needed } => write!(f, "wrong length: {needed} elements needed"),
            Self::Scratch { needed } => {
                write!(
                    f,
                    "the scratch memory is too short: {needed} elements needed"
                )
            }
            Self::NoPath { position } => {
                write!(f, "the constraints leave no tag at position {position}")
            }
            Self::Tag { position } => write!(f, "the tag at position {position} does not exist"),
            Self::Candidates => f.write_str("tags times paths are more than 65536"),
        }
    }
}

impl core::error::Error for CrfError {}

//! Why a program stops, and how it says so.

use crate::{Board, Text};
use core::fmt::{self, Write};
use qibu::tag::TaggerError;
use qibu::{InputError, LoadError};

/// Why a program cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The model is refused.
    Load(LoadError),
    /// The weights do not match their checksum: the flash is damaged.
    Weights,
    /// The model has no couplets.
    Poem,
    /// The model has no tags.
    Tag(TaggerError),
    /// The network refuses its input or the arena.
    Input(InputError),
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

impl From<InputError> for Error {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<TaggerError> for Error {
    fn from(error: TaggerError) -> Self {
        Self::Tag(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(error) => error.fmt(f),
            Self::Weights => f.write_str("the weights are damaged"),
            Self::Poem => f.write_str("not a poem model"),
            Self::Tag(error) => error.fmt(f),
            Self::Input(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

/// Says what went wrong, on a line that starts with `error: `, and idles.
pub fn halt(board: &mut impl Board, error: Error) -> ! {
    let _ = writeln!(Text(board), "\nerror: {error}");
    idle(board)
}

/// Says that the program panicked, which `qibu` never does, and idles.
pub fn panicked(board: &mut impl Board) -> ! {
    board.put("\nerror: panic\n");
    idle(board)
}

fn idle(board: &mut impl Board) -> ! {
    loop {
        board.wait_millisecond();
    }
}

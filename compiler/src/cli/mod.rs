//! Command line: one file per command, arguments and wording only.

pub mod bench;
pub mod compile;
pub mod eval;
pub mod inspect;
pub mod poem;
pub mod progress;
pub mod stdout;
pub mod tag;
pub mod train;
pub mod verify;

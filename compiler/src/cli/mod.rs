//! Command line: one file per command, arguments and wording only.

pub mod eval;
pub mod poem;
pub mod stdout;
pub mod train;

//! Command line: one file per command, arguments and wording only.

pub mod compile;
pub mod inspect;
pub mod train;

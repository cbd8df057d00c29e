//! Command line: one file per command, arguments and wording only.

pub mod train;

//! The `qibu` program as its users meet it: what it prints, and what it says of bad input.

mod bad_input;
mod cases;
mod disk;
mod inputs;
mod prints;
mod tag;
mod tagger;
mod train;
mod tune;
mod verify;

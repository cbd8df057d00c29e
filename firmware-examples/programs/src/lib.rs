//! The programs that every board runs, written once against a small [`Board`].
//!
//! In reader order: [`Board`] is what they ask of a board; [`ModelFile`] the model they run;
//! [`poem`], [`tag`] and [`bench`] the programs. They return only where they cannot go on, and
//! [`halt`] says why on the serial line. [`Register`], [`Ticks`], [`systick`] and [`Stack`] are what
//! several boards build theirs from. [`bits`] and [`count`] are no programs of theirs: the tests and
//! the benchmarks run them on emulated machines.
#![no_std]

mod bench;
mod bits;
mod board;
mod error;
mod model_file;
mod poem;
mod register;
mod stack;
pub mod systick;
mod tag;
mod text;
mod ticks;

pub use bench::bench;
pub use bits::{Clock, SEEDS, bits, count};
pub use board::Board;
pub use error::{Error, halt, panicked};
pub use model_file::ModelFile;
pub use poem::poem;
pub use register::Register;
pub use stack::Stack;
pub use tag::tag;
pub use text::Text;
pub use ticks::Ticks;

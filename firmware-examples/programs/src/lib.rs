//! The programs that every board runs, written once against a small [`Board`].
#![no_std]

mod bits;
mod board;

pub use bits::{SEEDS, bits};
pub use board::Board;

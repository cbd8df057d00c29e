//! The programs that every board runs, written once against a small [`Board`].
#![no_std]

mod board;

pub use board::Board;

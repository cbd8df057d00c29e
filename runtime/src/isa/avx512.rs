//! Tiles of sixteen rows on AVX-512 with VNNI: a quad of a tile is one register, a lane a row.
//!
//! ```text
//! convolution   whole steps of int8: the image with its padding, many pixels against two tiles at once
//! image         what they read: a copy with flipped sign bits, or columns of it
//! grid          where positions are in it
//! sums          some pixels against one or two tiles: sums stay in registers up to the results
//! finish        their results
//! stream        dense layers of one row or two: weights in one stream, each used once
//! prepare       columns for blocks
//! block         columns of int16, and of int8 where the rows come piece by piece
//! requantise    sums to results, sixteen at a time
//! store         results to memory
//! ```
#![allow(unsafe_code)]

mod block;
mod convolution;
mod finish;
mod grid;
mod image;
mod prepare;
mod requantise;
mod store;
mod stream;
mod sums;

pub(super) use block::{multiply_i8, multiply_i16};
pub(super) use convolution::convolve;
pub(super) use prepare::{prepare_i8, prepare_i16};
pub(super) use requantise::{Clamp, Scale, Sixteen};
pub(super) use store::{FOUR, store_four};

//! Tag models on the host: everything behind `qibu tag`, and what `qibu eval tag` measures with.
//!
//! 1. [`file`](mod@file) opens a `.qibu` file; [`labels`] tells what its labels mean.
//! 2. [`source`] and [`text`] bring texts of any size, piece by piece.
//! 3. [`stream`] sends the pieces through network and decoder, character by character;
//!    [`line`](mod@line) decodes lines as a whole where that is asked for.
//! 4. [`dictionary`] reads words to prefer; [`output`] writes what was found, [`explain`] draws it.
//! 5. [`session`] joins all of it.
//! 6. [`spans`] are the words or entities that labels mean, [`score`] says how many are right:
//!    training stops by the same figures that `qibu eval tag` reports.

pub mod dictionary;
pub mod explain;
pub mod file;
pub mod labels;
pub mod line;
pub mod output;
pub mod score;
pub mod session;
pub mod source;
pub mod spans;
pub mod stream;
pub mod text;

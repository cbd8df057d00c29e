//! Taggers: a label for each character of a text, by convolutions and a linear-chain CRF.

pub mod export;
pub mod model;
pub mod recipe;
pub mod vocabulary;

pub use export::tiny;

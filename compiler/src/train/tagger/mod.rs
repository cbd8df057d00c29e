//! Taggers: a label for each character of a text, by convolutions and a linear-chain CRF.

pub mod corpus;
pub mod crf;
pub mod export;
pub mod lower;
pub mod model;
pub mod recipe;
pub mod rows;
pub mod vocabulary;

pub use export::tiny;

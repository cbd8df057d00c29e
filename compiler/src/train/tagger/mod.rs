//! Taggers: a label for each character of a text, by convolutions and a linear-chain CRF.

pub mod augment;
pub mod batch;
pub mod corpus;
pub mod crf;
mod curve;
pub mod export;
pub mod lower;
pub mod model;
mod output;
pub mod prune;
pub mod recipe;
pub mod rows;
pub mod run;
pub mod samples;
pub mod score;
pub mod task;
pub mod validate;
pub mod vocabulary;

pub use export::tiny;

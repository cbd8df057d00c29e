//! From candidates to text, from scores to tags.

pub mod crf;
pub mod dictionary;
mod distinct;
pub mod lattice;
pub mod pairs;
pub mod prosody;
mod sorted;
mod vocabulary;

pub use distinct::{Candidates, choose_distinct, choose_first};
pub use sorted::SortedVocabulary;
pub use vocabulary::Vocabulary;

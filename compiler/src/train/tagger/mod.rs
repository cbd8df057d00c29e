//! Taggers: a label for each character of a text, by convolutions and a linear-chain CRF.
//!
//! In reader order: a [`recipe`] and a [`corpus`] say what is learnt, [`vocabulary`] what is told
//! apart; [`model`] is the network as ordinary ONNX, [`lower`] the same in the form that trains
//! fast, on [`rows`] of texts; [`crf`] is the loss. [`batch`], [`augment`] and [`masks`] draw what a
//! step reads, [`prune`] leaves pairs out; [`task`] tells the training loop about all this.
//! [`validate`] and [`score`] measure, [`export`] writes the model with its [`transitions`];
//! [`run`] is the whole command, with [`samples`].

pub mod augment;
pub mod batch;
pub mod corpus;
pub mod crf;
mod curve;
pub mod export;
pub mod lower;
pub mod masks;
pub mod model;
mod output;
pub mod prune;
pub mod recipe;
pub mod rows;
pub mod run;
pub mod samples;
pub mod score;
pub mod task;
mod tiny;
pub mod transitions;
pub mod validate;
pub mod vocabulary;

pub use tiny::tiny;

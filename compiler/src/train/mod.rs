//! Training through ONNX Runtime.
//!
//! In reader order: a [`recipe`] and a [`corpus`] say what is learnt; [`poem`] builds the model as
//! ordinary ONNX, at batch 1 it is `model.onnx`; [`lower`] builds the same model in the form that
//! trains fast; [`loss`], [`autodiff`] and [`adam`] append the objective, its gradient and the
//! update, and [`step`] makes one graph of them, so that one `session.run` is one training step;
//! [`run`] is the loop around it, with [`checkpoint`], [`validate`], [`progress`], [`plot`] and
//! [`samples`]. Graphs are built with [`graph`], files with [`tensors`], chance is [`random`].

pub mod adam;
pub mod autodiff;
pub mod checkpoint;
pub mod corpus;
pub mod graph;
pub mod loss;
pub mod lower;
mod output;
pub mod plot;
pub mod poem;
pub mod progress;
pub mod random;
pub mod recipe;
pub mod run;
pub mod samples;
pub mod step;
pub mod tagger;
pub mod tensors;
#[cfg(test)]
mod testing;
pub mod validate;
pub mod weights;

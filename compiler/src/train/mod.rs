//! Training through ONNX Runtime.
//!
//! In reader order: [`poem`] and [`tagger`] are what can be trained; each says what is learnt
//! (recipe, corpus), builds its model as ordinary ONNX, at batch 1 `model.onnx`, and the same model
//! in a form that trains fast ([`lower`]). A [`task`] is what they tell the loop; [`autodiff`] and
//! [`adam`] append the gradient of its objective and the update, and [`step`] makes one graph of
//! them, so that one `session.run` is one training step; [`course`] is the loop around it, with
//! [`checkpoint`], [`progress`] and [`plot`], in a [`folder`] of its own. Graphs are built with
//! [`graph`] and [`weights`], files with [`tensors`] and [`json`], chance is [`random`].

pub mod adam;
pub mod autodiff;
pub mod checkpoint;
pub mod course;
pub mod folder;
pub mod graph;
pub mod json;
pub mod lower;
pub mod plot;
pub mod poem;
pub mod progress;
pub mod random;
pub mod step;
pub mod tagger;
pub mod task;
pub mod tensors;
#[cfg(test)]
mod testing;
pub mod weights;

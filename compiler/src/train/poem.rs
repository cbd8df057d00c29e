//! Poems from a seed: a variational autoencoder.
//!
//! In reader order: a [`recipe`] and a [`corpus`] say what is learnt; [`model`] is the network as
//! ordinary ONNX, [`lower`] the same in the form that trains fast, [`loss`] its objective; [`task`]
//! tells the training loop about them; [`run`] is the whole command, with [`validate`] and
//! [`samples`]. [`pairs`] and [`themes`] are [`tables`] that the model carries beside its network.

pub mod corpus;
mod curve;
pub mod loss;
pub mod lower;
pub mod model;
mod novelty;
mod output;
pub mod pairs;
pub mod recipe;
pub mod run;
pub mod samples;
pub mod tables;
pub mod task;
pub mod themes;
pub mod validate;

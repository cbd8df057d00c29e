//! What several test modules share: models built by hand, and a naive interpreter.

mod composite;
pub(crate) mod interpreter;
pub(crate) mod models;
mod proof;
mod random;
mod schemes;
mod skip;
mod windows;

pub(crate) use interpreter::run;
pub(crate) use models::{Model, noise, poem};
pub(crate) use proof::{after, assert_same_outputs, assert_same_outputs_on, import};
pub(crate) use random::random;
pub(crate) use schemes::{F16, F32, INT8, INT16, build, deviations};
pub(crate) use skip::skip;

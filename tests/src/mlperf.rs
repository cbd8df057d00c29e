//! Networks of the four geometries of MLPerf Tiny, for tests and benchmarks.
//!
//! [`geometries`] describes them layer by layer, [`network`] gives them weights by what flows through
//! them, [`fields`] draws what flows, [`grids`] quantises one as quantised models come; [`models`]
//! writes them to files and finds the published ones; [`run`] runs a compiled file.

pub mod fields;
pub mod geometries;
pub mod grids;
pub mod models;
pub mod network;
pub mod run;

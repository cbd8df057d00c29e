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

/// A graph whose weights suit inputs of a range.
pub type Make = fn((f32, f32)) -> Vec<u8>;

/// The project's own graphs, with the range of their inputs; keyword spotting as it is published,
/// quantised.
pub const NETWORKS: [(&str, Make, (f32, f32)); 4] = [
    ("kws", grids::kws, (-30.0, 30.0)),
    ("resnet", geometries::resnet, (0.0, 255.0)),
    ("vww", geometries::vww, (-2.0, 2.0)),
    ("ad", geometries::ad, (-60.0, 20.0)),
];

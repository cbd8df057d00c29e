//! Helpers that the tests share.
//!
//! 1. [`builder`]: `.qibu` files written by hand, through `qibu::format` alone.
//! 2. [`sample`]: a tiny poem model with every operator, for tests that need some model.
//! 3. [`exercise`]: new checksums for a changed file, and a run of everything in it.
//! 4. [`mutate`]: seeded damage, aimed at the file's structure.
//! 5. [`need`]: what a test needs from the machine, and how it says that it is skipped.
//! 6. [`firmware`]: packages outside the workspace, built for bare metal and run under QEMU.
//! 7. [`command`]: the `qibu` program as a process.
//! 8. [`random_graph`]: random ONNX models of the supported operators.
//! 9. [`tagger`]: small taggers.
//! 10. [`vectors`]: models of one step, of every form of every kernel.
//! 11. [`machines`]: what runs where in the test of the same bits; [`emulator`] runs it.
//! 12. [`cortex_m`]: what a model costs on emulated Cortex-M, in instructions.
//! 13. [`layers`]: single layers as models, of the shapes that peers publish figures for.
//! 14. [`quick`]: ONNX to `.qibu` without all that judges it.
//! 15. [`mlperf`]: networks of the geometries of MLPerf Tiny, the project's own and the published ones.
//! 16. [`composer`]: small models that compose poems by rules.

pub mod builder;
pub mod command;
pub mod composer;
pub mod cortex_m;
pub mod emulator;
pub mod exercise;
pub mod firmware;
pub mod layers;
pub mod machines;
pub mod mlperf;
pub mod mutate;
pub mod need;
pub mod quick;
pub mod random_graph;
pub mod sample;
pub mod tagger;
pub mod vectors;

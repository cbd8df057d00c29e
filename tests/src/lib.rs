//! Helpers that the tests share.
//!
//! 1. [`aligned`]: bytes on a 16-byte boundary, as `Model::load` wants them.
//! 2. [`builder`]: `.qibu` files written by hand, through `qibu::format` alone.
//! 3. [`sample`]: a tiny poem model with every operator, for tests that need some model.
//! 4. [`exercise`]: new checksums for a changed file, and a run of everything in it.
//! 5. [`mutate`]: seeded damage, aimed at the file's structure.
//! 6. [`need`]: what a test needs from the machine, and how it says that it is skipped.
//! 7. [`firmware`]: packages outside the workspace, built for bare metal and run under QEMU.

pub mod aligned;
pub mod builder;
pub mod exercise;
pub mod firmware;
pub mod mutate;
pub mod need;
pub mod sample;

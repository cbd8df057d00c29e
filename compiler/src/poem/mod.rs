//! Poem models on the host: everything behind `qibu poem`, and what `qibu eval poem` measures with.
//!
//! 1. [`file`] opens a `.qibu` file: checksums verified, foreign and damaged files explained.
//! 2. [`model`] runs its functions: `generate` (latent → candidates), `encode` (text → latent),
//!    `score` (latent → logits), behind the small trait [`coder::Coder`].
//! 3. [`text`] turns what a user typed into ids; [`parallel`] spreads many runs over threads
//!    without changing a result.
//! 4. [`reconstruct`] and [`walk`] are the two looks into the latent space; [`picture`] draws the
//!    second as SVG.

pub mod coder;
pub mod file;
pub mod model;
pub mod parallel;
pub mod picture;
pub mod reconstruct;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod walk;

//! Poem models on the host: everything behind `qibu poem`, and what `qibu eval poem` measures with.
//!
//! 1. [`file`] opens a `.qibu` file: checksums verified, foreign and damaged files explained.
//! 2. [`model`] runs its functions: `generate` (latent → candidates), `encode` (text → latent),
//!    `score` (latent → logits), behind the small trait [`coder::Coder`].
//! 3. [`text`] turns what a user typed into ids; [`parallel`] spreads many runs over threads
//!    without changing a result.
//! 4. [`wishes`] are the rules that a user wants kept, [`latent`] where poems start, with [`themes`];
//!    [`composed`] runs the lattice of the runtime and [`explain`] lays a poem open.
//! 5. [`reconstruct`], [`walk`] and [`map`] are looks into the latent space; [`picture`] and
//!    [`map_picture`] draw the last two as SVG. [`forms`] names the forms.

pub mod coder;
pub mod composed;
pub mod explain;
pub mod file;
pub mod forms;
pub mod latent;
pub mod map;
pub mod map_picture;
pub mod model;
pub mod parallel;
pub mod picture;
mod plane;
pub mod reconstruct;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod themes;
pub mod walk;
pub mod wishes;

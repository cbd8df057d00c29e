//! Runs small int8 networks from one flat file: no heap, no panic, the same bits on every target.
//!
//! In reader order:
//!
//! 1. [`mod@format`] names every byte of a `.qibu` file; [`format::spec`] is the specification.
//! 2. [`Model::load`] checks a file once, with overflow-checked arithmetic, and copies nothing.
//!    After it, running cannot panic, read out of bounds, overflow or loop without bound.
//!    [`Model::load_with`] does the same with a set of [`kernels`], so that a firmware links only
//!    what its model uses.
//! 3. [`Function::bind`] joins a function of the file to an [`Arena`] that the caller owns;
//!    [`Run::execute`] walks its steps, each a file under `kernels/`; the matrix kernels multiply
//!    through `isa/`, a file for each instruction set. With the feature `std`, for hosts, the
//!    second run keeps on the heap where operands are; else nothing is ever allocated.
//! 4. [`rounding`] is the one definition of every rounding; [`math`] the one place of float
//!    functions; [`random`] the one generator. The compiler uses the same three.
//! 5. [`decode`] turns candidates into text and emissions into tags; [`poem`] and [`tag`] join all
//!    of it: a seed in, a poem out; text in, tags out. [`poem::Composer`] keeps the rules of regulated
//!    verse: [`decode::prosody`] knows tones, rhymes and patterns, [`decode::pairs`] which neighbours
//!    people have written, and [`decode::lattice`] finds the best way through the candidates.
//! 6. [`Table`] is a constant that no step reads, found by name.
//!
//! ```
//! use qibu::{Arena, Model};
//! # fn demo(bytes: &[u8]) -> Result<(), Box<dyn core::error::Error>> {
//! let model = Model::load(bytes)?;
//! let mut arena = Arena::<8192>::new();
//! let function = model.function("generate").ok_or("no such function")?;
//! let mut run = function.bind(arena.bytes())?;
//! run.set_f32(0, &[0.0; 64])?;
//! run.execute()?;
//! let ids: &[i32] = run.output_i32(0)?;
//! # Ok(()) }
//! ```
#![no_std]
#![deny(unsafe_code)]

#[cfg(target_endian = "big")]
compile_error!("model files are read in place and are little-endian");

#[cfg(any(test, feature = "std"))]
extern crate std;

mod arena;
pub mod decode;
mod error;
mod execute;
pub mod format;
mod isa;
pub mod kernels;
mod load;
pub mod math;
mod model;
pub mod poem;
pub mod random;
pub mod rounding;
mod step;
mod table;
pub mod tag;

pub use arena::{Aligned, Arena};
pub use error::{Fault, InputError, LoadError};
pub use execute::Run;
pub use kernels::binary::Function as Function2;
pub use kernels::unary::Function as Function1;
pub use load::{Limits, MAX_STEPS};
pub use model::{Function, Model};
pub use step::Step;
pub use table::Table;

/// The bytes of a model file, aligned for [`Model::load`], which plain `include_bytes!` is not.
///
/// ```ignore
/// static MODEL: &[u8] = qibu::include_model!("poem5.qibu");
/// ```
#[macro_export]
macro_rules! include_model {
    ($path:expr) => {{
        static ALIGNED: &$crate::Aligned<[u8]> = &$crate::Aligned(*include_bytes!($path));
        &ALIGNED.0
    }};
}

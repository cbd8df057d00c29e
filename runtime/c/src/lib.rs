//! The C interface: every function of `qibu.h`.
//!
//! In reader order:
//!
//! 1. `status`, `place`: what functions answer, and where a file is wrong, as stable numbers.
//! 2. `memory`: pointers from C become slices and references here, after the checks that a
//!    pointer allows: null, alignment, length, overlap.
//! 3. `handle`: Rust values in the caller's storage, behind a mark that tells what they are.
//! 4. `model`, `kernels`, `function`, `run`: load a file, for some kernels or all, ask what is in
//!    it, run it.
//! 5. `poet`, `composer`, `tagger`, `stream` (its inside in `session`): seeds to poems, rules to poems
//!    that keep them, text to tags.
//!
//! cbindgen writes `include/qibu.h` from these files, documentation included; a test compares.
//!
//! `unsafe` is what an interface to C is made of. Functions do not repeat what every one of them
//! relies on; `memory` and `handle` name the promise behind each block, and `qibu.h` opens with
//! them.
#![no_std]
#![allow(unsafe_code)]
// C's names, as they stand in the header.
#![allow(non_camel_case_types)]
// The promises are stated once, at the top of the header.
#![allow(clippy::missing_safety_doc)]

#[cfg(feature = "std")]
extern crate std;

// In the order of the header, which is that of a reader.
mod status;

mod place;

mod model;

mod kernels;

mod function;

mod run;

mod poet;

mod composer;

mod tagger;

mod stream;

mod handle;
mod memory;
mod rules;
mod session;
mod utf8;
mod words;

pub use composer::*;
pub use function::*;
pub use kernels::*;
pub use model::*;
pub use place::*;
pub use poet::*;
pub use run::*;
pub use status::*;
pub use stream::*;
pub use tagger::*;

/// Firmware without another Rust library in it: nothing in here panics, so the linker drops this.
#[cfg(all(feature = "panic-handler", not(feature = "std")))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

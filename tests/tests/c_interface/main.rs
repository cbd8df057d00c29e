//! The C interface, used as its callers use it: from C and C++, through compilers and packages.
//!
//! - `header`: `qibu.h` is what cbindgen writes, and compiles alone.
//! - `examples`: the programs in `runtime/c/examples`, and the one in its README.
//! - `attack`: what callers get wrong, under AddressSanitizer and UndefinedBehaviorSanitizer.
//! - `packages`: `find_package(qibu)`, pkg-config, and the shared library's symbols.
//! - `firmware`: C firmware on an emulated board prints the couplets of the Rust one.

mod attack;
mod c;
mod examples;
mod firmware;
mod header;
mod packages;
